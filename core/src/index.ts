/** What programs import from `heddle`. */
export type { Accumulator } from './accumulator/accumulator.js';
export type { AccumulatorParam } from './accumulator/accumulator-param.js';
export { ClosureError } from './closures/errors.js';
export { executorLocal } from './closures/executor-local.js';
export type { Broadcast } from './broadcast/broadcast.js';
export { HeddleConf, type ContextOptions } from './conf/heddle-conf.js';
export { FileNotGivenError, HeddleFiles } from './context/heddle-files.js';
export { HeddleContext, type AddFileOptions } from './context/heddle-context.js';
export { ArchiveError } from './files/unpack/errors.js';
export type { ExecutorStatus, JobInfo, StageInfo } from './context/job-runner.js';
export type { JobGroupOptions } from './context/job-control.js';
export { LauncherMissingError } from './context/launcher.js';
export { StatusTracker } from './context/status-tracker.js';
export { TaskContext, TaskListenerError } from './context/task-context.js';
export * from './errors/index.js';
export { UnsupportedValueError } from './codec/errors.js';
export { KeyNotHashableError } from './keys/index.js';
export { HashPartitioner } from './partitioner/hash-partitioner.js';
export { Partitioner } from './partitioner/partitioner.js';
export { RangePartitioner } from './partitioner/range-partitioner.js';
export { RDD } from './rdd/rdd.js';
export type { ActionOptions } from './rdd/arguments.js';
export type { LocalIteratorOptions } from './rdd/actions/collecting.js';
export type { BoundedValue, PartialResult } from './rdd/actions/approximate.js';
export type { PipeOptions } from './rdd/operators/pipe.js';
export type { Fractions } from './rdd/operators/sample-by-key.js';
export type { SaveSequenceOptions, SaveTextOptions } from './rdd/actions/save.js';
export type { SequenceFileOptions } from './rdd/operators/sources.js';
export type {
  LongsAs,
  SequenceCodec,
  SequenceCompression,
  WritableName,
} from './plan/sequence-file.js';
export type { Dependency, It, MapOptions, Partition } from './rdd/types.js';
export { StatCounter } from './stats/stat-counter.js';
export { StorageLevel } from './storage/storage-level.js';
export { version } from './version.js';
export { ArgumentError, ConfigError, HeddleError, type ConfValue } from '@heddle/common';
export {
  AccessDeniedError,
  FileExistsError,
  FileNotFoundError,
  FileSystemError,
  InputFormatError,
  InputNotFoundError,
  InputTooLargeError,
  OutputExistsError,
  StorageFullError,
  UnknownSchemeError,
} from '@heddle/webhdfs';
