export * from './leveled-logger.js';
export * from './log-entry.js';
export * from './winston-sink.js';
