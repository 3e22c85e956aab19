export { ProgramBuildError, type BuildProblem } from './build-error.js';
export {
  bundleProgram,
  removeBuiltProgram,
  type BuiltProgram,
  type BundleOptions,
} from './bundle-program.js';
