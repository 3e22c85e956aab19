export * from './config-entry.js';
export * from './config-registry.js';
export * from './nearest-name.js';
export * from './settings.js';
export * from './units.js';
