/**
 * What the engine's other packages use of `core` and programs do not: plans, codecs, keys, closures
 * and the seams that a launcher fills.
 */
export type * from './plan/index.js';
export { sequenceCodecs, sequenceCompressions, writableNames } from './plan/sequence-file.js';
export { shuffleWriterOf, type ShuffleWriterChoice } from './plan/shuffle-writer-choice.js';
export {
  compactPartSizes,
  isPartLength,
  mostPartBytes,
  partCount,
  type PartSizes,
} from './plan/part-sizes.js';
export type * from './context/job-runner.js';
export type { CodeTable } from './codec/code-table.js';
export * from './errors/index.js';
export * from './output/index.js';
export * from './accumulator/task-accumulator.js';
export * from './accumulator/accumulator-param.js';
export { filesRootDirectory, setFilesRootDirectory } from './context/heddle-files.js';
export * from './context/launcher.js';
export { copyTree } from './files/copy-tree.js';
export { unpackArchive } from './files/unpack/unpack-archive.js';
export { ArchiveError } from './files/unpack/errors.js';
export * from './context/reference.js';
export * from './context/task-context.js';
export * from './partitioner/index.js';
export * from './stats/stat-counter.js';
export * from './storage/storage-level.js';
export { ByteReader } from './codec/byte-reader.js';
export { ByteWriter } from './codec/byte-writer.js';
export { CorruptDataError, UnsupportedValueError } from './codec/errors.js';
export {
  decodeValue,
  encodeValue,
  plainCodeTable,
  readValue,
  registerErrorClasses,
  registerValueType,
  writeValue,
  type ValueType,
} from './codec/value/index.js';
export { decodeError, encodeError } from './codec/value/error-codec.js';
export * from './keys/index.js';
export * from './codec/batch/index.js';
export * from './closures/index.js';
// Registers the engine's own functions, which arrive in task threads by name.
import './rdd/task-functions/index.js';
