import { TaskProgram } from 'heddle/internal';
import { startTaskThread } from './task-thread.js';

// The entry of every task thread.
startTaskThread((taskFile) => TaskProgram.load(taskFile));
