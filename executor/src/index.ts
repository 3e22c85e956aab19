export { LocalBackend } from './backend/local-backend.js';
export { Executor, type ExecutorEvents } from './host/executor.js';
export type { ExecutorMemory, ExecutorOptions, ProgramFile } from './host/executor-options.js';
export { PrestartedThreads, type PrestartOptions } from './host/prestarted-threads.js';
export { createLocalDirectories, type LocalDirectories } from './storage/local-directories.js';
export * from './transport/index.js';
export * from './control/index.js';
// For the relay of a driver outside of the cluster, which speaks the same frames.
export {
  ControlChannel,
  type ChannelConnection,
  type ControlChannelOptions,
} from './control/control-channel.js';
export { binaryOf, sendFrame, webSocketOptions } from './control/control-socket.js';
export { FrameType, decodeFrame, encodeFrame } from './control/frame.js';
export { decodeHello, decodeWelcome, encodeHandshake } from './control/handshake.js';
export type * from './backend/executor-links.js';
export { ClusterBackend } from './backend/cluster-backend.js';
export { ExecutorStartTimeoutError, TooManyExecutorFailuresError } from './backend/errors.js';
export { FailureCount } from './backend/failure-count.js';
export { LocalClusterLinks, type LocalClusterOptions } from './backend/local-cluster-links.js';
export { hasLivingProcess } from './process/process-directories.js';
export { nodeFlags, type ExecutorSpawnOptions } from './process/executor-spawn.js';
export { PrestartedExecutors } from './process/prestarted-executors.js';
export {
  checkExecutorMemory,
  containerBytes,
  planExecutorMemory,
  planMemory,
  type ExecutorProcessMemory,
} from './process/memory-plan.js';
export { runExecutorProcess, type RunExecutorOptions } from './process/run-executor-process.js';
export { controlTimes, maxMessageBytes } from './process/control-settings.js';
export { ExecutorProcess, type ExecutorProcessOptions } from './process/executor-process.js';
export {
  describeExecutorExit,
  executorExitCodes,
  type ExecutorExitCode,
} from './process/exit-codes.js';
export {
  LaunchSpecError,
  parseLaunchSpec,
  type ExecutorLaunchSpec,
} from './process/launch-spec.js';
export { ResultGoneError, readResultRange } from './results/fetch-result.js';
export { BroadcastHub, type BroadcastHubOptions } from './broadcast/broadcast-hub.js';
export {
  makeShuffleNetwork,
  stockShuffleSecret,
  type ShuffleNetworkParts,
} from './shuffle/remote/make-shuffle-network.js';
export type { FetchLimits, ShuffleNetwork, ShufflePeer } from './shuffle/remote/shuffle-network.js';
export {
  ShuffleServiceRefusedError,
  StockShuffleClient,
  type StockShuffleClientOptions,
} from './shuffle/remote/stock-client.js';
export { jobIdOf, STOCK_DEFAULT_PORT } from './shuffle/remote/stock-protocol.js';
export {
  ShuffleServiceStartError,
  startShuffleService,
  type ShuffleServiceHandle,
  type ShuffleServiceOptions,
} from './shuffle-service/start-shuffle-service.js';
