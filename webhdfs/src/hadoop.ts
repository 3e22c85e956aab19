/** What speaks to Hadoop clusters; apart from the package's index, since it takes a while to load. */
export * from './hdfs/errors.js';
export {
  hadoopClientOf,
  trustedCertificatesOf,
  type HadoopClientSources,
} from './hdfs/hadoop-client.js';
export type { HdfsFileStatus } from './hdfs/json-answers.js';
export { openClusterFileSystems, type ClusterFileSystems } from './hdfs/cluster-file-systems.js';
export {
  defaultFileSystemOf,
  webHdfsOptions,
  type HadoopClient,
} from './hdfs/options-from-conf.js';
export { WebHdfsFileSystem } from './hdfs/web-hdfs-file-system.js';
export { certificateProblem } from './hdfs/network-failure.js';
export type { NameNodeEndpoint, WebHdfsOptions } from './hdfs/web-hdfs-options.js';
export { defaultRetryLimits, type RetryLimits } from './hdfs/retry-policy.js';
