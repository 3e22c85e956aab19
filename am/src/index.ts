export type { AllocationSettings } from './allocation/allocation-settings.js';
export type {
  AllocatorEvent,
  AllocatorInstruction,
  ClusterNode,
} from './allocation/allocator-messages.js';
export { Allocator, type AllocationSummary } from './allocation/allocator.js';
export { explainContainerEnd, type ContainerEnd } from './allocation/container-end.js';
export { ResourceManager, type ResourceManagerOptions } from './cluster/resource-manager.js';
export type { WeightedHost } from './allocation/spread-over-hosts.js';
export { containerLinks, nodeCommand, type NodeCommand } from './launch/node-command.js';
export {
  environmentOf,
  executorEnvironmentPrefix,
  masterEnvironmentPrefix,
} from './launch/environment-settings.js';
export {
  LaunchTextError,
  commandArgument,
  environmentName,
  environmentValue,
} from './launch/shell-text.js';
export {
  ProgramChangedError,
  attemptKeyAlias,
  descriptionFile,
  installProgram,
  masterKeyAlias,
  readDescription,
  authoritiesFile,
  siteFilesFolder,
  type ApplicationDescription,
} from './launch/application-description.js';
export {
  decodeResources,
  encodeResources,
  escapedUri,
  resourcesVariable,
  toLocalResource,
  type StagedResource,
} from './launch/local-resources.js';
export { clientConfiguration, clientTrust } from './launch/client-configuration.js';
export { executorInstances, executorSize, type ExecutorSize } from './executor/executor-launch.js';
export { masterExitCodes } from './master/master-exit-codes.js';
export type { DriverInput } from './master/driver-child.js';
export { MasterUnreachableError } from './relay/relay-client.js';
export type { ProgramOutcome } from './relay/relay-message.js';
export {
  ApplicationGivenUpError,
  RelayedLinks,
  type RelayedLinksOptions,
  type MasterPlace,
} from './relay/relayed-links.js';
