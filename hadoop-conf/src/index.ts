export { defaultValues, type DefaultedKey, type DefaultValue } from './default-values.js';
export { deprecatedKeys } from './deprecated-keys.js';
export {
  ConfDirectoryError,
  HadoopSettingError,
  SiteFileError,
  describeOrigin,
  type SettingOrigin,
} from './errors.js';
export {
  HadoopConfiguration,
  type ConfigurationSources,
  type HadoopKey,
  type SiteFile,
} from './hadoop-configuration.js';
export {
  confDirectoriesOf,
  javaSystemProperties,
  loadHadoopConfiguration,
  readSiteFile,
  siteFileNames,
  type LoadOptions,
} from './load-configuration.js';
export {
  httpPolicyOf,
  nameNodePorts,
  nameServiceOf,
  type HttpPolicy,
  type NameNode,
  type NameService,
} from './name-nodes.js';
export { resourceManagersOf, type ResourceManager } from './resource-managers.js';
export {
  maxSubstitutions,
  substituteVariables,
  type VariableSources,
} from './substitute-variables.js';
export {
  parseBinarySize,
  parseHadoopBoolean,
  parseHadoopDuration,
  parseHadoopInteger,
  parseHadoopList,
  type HadoopTimeUnit,
} from './values/parse-values.js';
export {
  formatSocketAddress,
  parseSocketAddress,
  type SocketAddress,
} from './values/socket-address.js';
export { decodeSiteText, maxSiteFileBytes } from './xml/decode-site-text.js';
export { parseSiteFile, type SiteProperty } from './xml/parse-site-file.js';
