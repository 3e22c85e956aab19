import { fileErrorClasses } from '@heddle/webhdfs';
import { registerErrorClasses } from '../codec/value/engine-types.js';
import * as apiErrors from './api-errors.js';
import * as operatorErrors from './operator-errors.js';
import * as storageErrors from './storage-errors.js';
import * as taskErrors from './task-errors.js';

// So that a task's error arrives on the driver as an instance of its class.
registerErrorClasses(
  ...Object.values(apiErrors),
  ...Object.values(operatorErrors),
  ...Object.values(storageErrors),
  ...Object.values(taskErrors),
  ...fileErrorClasses,
);

export * from './api-errors.js';
export * from './operator-errors.js';
export * from './storage-errors.js';
export * from './task-errors.js';
