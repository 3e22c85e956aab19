import { HeddleError } from '@heddle/common';

/** Unwinds a task that the driver wants ended; user code that catches it meets it again. */
export class TaskKilledError extends HeddleError {
  readonly code = 'TASK_KILLED';

  constructor() {
    super('the task attempt was killed on the wish of the driver');
  }
}

/** Another attempt of the partition has the right to commit. */
export class CommitDeniedError extends HeddleError {
  readonly code = 'COMMIT_DENIED';

  constructor(partition: number) {
    super(`another attempt commits partition ${partition}; this attempt's output is dropped`);
  }
}

/** The task bundle is not the one that the driver's functions were taken from. */
export class CodeMismatchError extends HeddleError {
  readonly code = 'CODE_MISMATCH';

  constructor(
    readonly taskFile: string,
    readonly expectedHash: string,
    readonly actualHash: string,
  ) {
    super(
      `${taskFile} holds other code (${actualHash}) than the driver runs (${expectedHash}), so functions could ` +
        'not be told apart. Submit the program again; do not change bundles under a running application',
    );
  }
}

/** A task tried to end or signal the process that it shares with others. */
export class ProcessControlError extends HeddleError {
  readonly code = 'PROCESS_CONTROL';

  constructor(call: string) {
    super(
      `${call} in a task would end the executor with all its tasks, so it is refused; ` +
        'throw an error to fail the task',
    );
  }
}

/** A task holds more memory than its thread may; reported like the loss of the thread. */
export class TaskMemoryError extends HeddleError {
  readonly code = 'TASK_MEMORY';

  constructor(
    readonly heapBytes: number,
    readonly bufferBytes: number,
  ) {
    super(
      `the task holds ${mebibytes(heapBytes)} MiB of objects and ${mebibytes(bufferBytes)} MiB of buffers, more ` +
        'than its thread may; use more partitions, operators that spill (reduceByKey, aggregateByKey, ' +
        'flatMapGroups), or raise heddle.executor.memory',
    );
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
