export { hostConfDirectory, hostDirectory } from './cluster-plan.js';
export type {
  ClusterHost,
  ClusterPlan,
  Daemon,
  DaemonKind,
  NameMode,
  WayName,
} from './cluster-plan.js';
export { makeCertificates, type CertificateSet } from './certificates.js';
export { HttpFsGateway } from './http-fs.js';
export { MiniCluster, type MiniClusterOptions } from './mini-cluster.js';
export { type ProfileName, clusterProfiles } from './profiles.js';
export { type ClusterHealth, isHealthy } from './readiness.js';
export type { ProcessResult } from './run-process.js';
export { mochaHooks, sharedCluster, stopSharedCluster } from './shared-cluster.js';
export {
  applicationReport,
  killApplication,
  submitShell,
  waitForEnd,
  waitForReport,
  type ApplicationReport,
  type ShellApplication,
} from './shell-application.js';
