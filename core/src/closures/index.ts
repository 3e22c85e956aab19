export { captureCallSite } from './call-site.js';
export { captureClosure } from './capture.js';
export { driverCodeTable } from './driver-data-code.js';
export {
  activateProgram,
  closeProgram,
  currentProgram,
  openProgram,
  openProgramKey,
} from './driver-program.js';
export { engineFunction, plainEngineFunction } from './engine-function.js';
export { ClosureError, PackageLoadError, ProgramMismatchError } from './errors.js';
export { installStackTranslation, translateErrorStacks } from './error-stacks.js';
export { executorLocal } from './executor-local.js';
export {
  PROGRAM_FORMAT,
  taskScriptName,
  type CellMetadata,
  type ClassMetadata,
  type ConstantMetadata,
  type ImportMetadata,
  type ProgramMetadata,
  type ScopeMetadata,
  type TaskFile,
  type UnitMetadata,
  type WriteMetadata,
} from './program-metadata.js';
export { translatePosition, translateStack, type SourcesFile } from './source-maps.js';
export type { TaskBindings } from './task-code.js';
export { TaskProgram, type ClosureInstance } from './task-program.js';
export { flushClosureWarnings, onClosureWarning, type ClosureWarning } from './closure-warnings.js';
