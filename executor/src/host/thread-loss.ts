import { describeThrown } from '@heddle/common';
import type { TaskFailure } from 'heddle/internal';
import type { SlotTask } from './slot-task.js';
import type { WorkerEnd } from './task-worker.js';

/** Why a thread ended, for people. */
export function reasonOf(end: WorkerEnd): string {
  return end.error === undefined ? `exit code ${end.exitCode}` : describeThrown(end.error);
}

/** Why a task failed whose thread ended under it. */
export function lostFailure(running: SlotTask, end: WorkerEnd): TaskFailure {
  if (running.overMemory !== undefined) {
    return { kind: 'threadLost', reason: 'heapLimit', summary: running.overMemory };
  }
  if (running.killReason !== undefined) return { kind: 'killed', reason: running.killReason };
  if (running.exitCode !== undefined) {
    const summary =
      `the task called process.exit(${running.exitCode}), which ended its thread; ` +
      'throw an error to fail a task, return to end it';
    return { kind: 'threadLost', reason: 'exit', summary };
  }
  const code = (end.error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const summary =
      'the task needed more memory than its thread may use; use more partitions, or operators that ' +
      'spill (reduceByKey, aggregateByKey, flatMapGroups), or raise heddle.executor.memory';
    return { kind: 'threadLost', reason: 'heapLimit', summary };
  }
  return {
    kind: 'threadLost',
    reason: 'crash',
    summary: `the thread of the task ended unexpectedly: ${reasonOf(end)}`,
  };
}
