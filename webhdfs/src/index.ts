export * from './errors.js';
export type * from './file-system.js';
export * from './file-system-registry.js';
export { LocalFileSystem, defaultLocalBlockSizeBytes } from './local/local-file-system.js';
export { errnoOf, localError } from './local/local-errors.js';
export { createAtomically } from './create-atomically.js';
export { listRecursively } from './list-recursively.js';
export {
  clusterSchemes,
  hadoopUserOf,
  openFileSystems,
  type ClusterScheme,
  type FileSystemsOptions,
} from './open-file-systems.js';
export * from './hdfs/errors.js';
export { mapConcurrently } from './map-concurrently.js';
export { readWholeFile } from './read-whole-file.js';
export { expandInput, isHiddenName, type InputFile } from './input/expand-input.js';
export { codecEnding, codecOfPath, type CompressionCodec } from './input/codec.js';
export {
  combineFiles,
  splitFiles,
  type InputPiece,
  type InputPlan,
  type SplitOptions,
} from './input/split-files.js';
