export { LocalBackend } from './backend/local-backend.js';
export { Executor, type ExecutorEvents } from './host/executor.js';
export type { ExecutorMemory, ExecutorOptions, ProgramFile } from './host/executor-options.js';
export { PrestartedThreads, type PrestartOptions } from './host/prestarted-threads.js';
export { createLocalDirectories, type LocalDirectories } from './storage/local-directories.js';
