/** What tests and other ways in use of the command: the bundler and the launcher of local modes. */
export { bundleProgram, type BuiltProgram, type BundleOptions } from './bundler/index.js';
export {
  LocalLauncher,
  type ApplicationSummary,
  type LocalLauncherOptions,
  type TaskCode,
} from './launch/local-launcher.js';
