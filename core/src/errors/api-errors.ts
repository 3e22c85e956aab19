import { HeddleError } from '@heddle/common';

/** Whose fault ended a job, and where: the error of the task is the `cause`. */
export class JobFailedError extends HeddleError {
  readonly code = 'JOB_FAILED';

  /**
   * @param stageId stage whose task failed; `undefined` when the job failed before or beside tasks
   * @param partition logical partition of that task
   * @param attempts attempts that the task had
   */
  constructor(
    message: string,
    readonly jobId: number,
    readonly stageId: number | undefined,
    readonly partition: number | undefined,
    readonly attempts: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The job was cancelled: by an `AbortSignal`, a job group, a tag, or the end of the context. */
export class JobCancelledError extends HeddleError {
  readonly code = 'JOB_CANCELLED';

  constructor(
    message: string,
    readonly jobId: number | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An action that needs an element was called on an RDD without one (`first`, `reduce`, `min`, …). */
export class EmptyRddError extends HeddleError {
  readonly code = 'EMPTY_RDD';

  constructor(readonly operator: string) {
    super(`${operator} needs at least one element, and the RDD is empty`);
  }
}

/** The context was stopped; start a new one with `HeddleContext.getOrCreate()`. */
export class ContextStoppedError extends HeddleError {
  readonly code = 'CONTEXT_STOPPED';

  constructor(
    readonly applicationId: string,
    options?: ErrorOptions,
  ) {
    super(
      `the context of ${applicationId} was stopped, so nothing can run on it any more; ` +
        'a new one comes from HeddleContext.getOrCreate()',
      options,
    );
  }
}

/** A process has a context already, and another one was asked for that it cannot be. */
export class ContextExistsError extends HeddleError {
  readonly code = 'CONTEXT_EXISTS';

  constructor(
    message: string,
    readonly applicationId: string,
  ) {
    super(message);
  }
}

/** A record has not the type that the operator needs (a pair, a number); shows it, cut. */
export class RecordTypeError extends HeddleError {
  readonly code = 'RECORD_TYPE';
}

/** The encoded results of an action are larger than `heddle.driver.maxResultSize`. */
export class ResultTooLargeError extends HeddleError {
  readonly code = 'RESULT_TOO_LARGE';

  constructor(
    readonly sizeBytes: number,
    readonly limitBytes: number,
  ) {
    super(
      `the results of the action have ${sizeBytes} bytes or more, and heddle.driver.maxResultSize ` +
        `allows ${limitBytes}. Save them with saveAsTextFile, take fewer, or raise the setting (0: no limit)`,
    );
  }
}

/** User code threw something that is not an Error; `value` is what it threw. */
export class ThrownValueError extends HeddleError {
  readonly code = 'THROWN_VALUE';

  constructor(
    message: string,
    readonly value: unknown,
  ) {
    super(message);
  }
}

/** A `Partitioner` returned an index outside `0 … n-1`. */
export class PartitionOutOfRangeError extends HeddleError {
  readonly code = 'PARTITION_OUT_OF_RANGE';

  constructor(
    readonly partition: unknown,
    readonly numPartitions: number,
  ) {
    super(
      `the partitioner returned ${String(partition)}; with ${numPartitions} partitions it must return ` +
        `a whole number from 0 to ${numPartitions - 1}`,
    );
  }
}

/** The values of one key do not fit the task's memory; `flatMapGroups` streams them instead. */
export class GroupTooLargeError extends HeddleError {
  readonly code = 'GROUP_TOO_LARGE';

  /** @param key text of the key, cut */
  constructor(
    readonly key: string,
    readonly sizeBytes: number,
    readonly limitBytes: number,
  ) {
    super(
      `the values of key ${key} take ${sizeBytes} bytes or more, and the task may use ${limitBytes}. ` +
        'Groups are arrays: for groups of any size use flatMapGroups, which streams them, or reduceByKey ' +
        'and aggregateByKey, which combine them; or raise heddle.executor.memory',
    );
  }
}

/** Something that only the driver may do was tried in a task, or the other way round. */
export class WrongSideError extends HeddleError {
  readonly code = 'WRONG_SIDE';
}

/** A broadcast variable was used after `destroy()`. */
export class BroadcastDestroyedError extends HeddleError {
  readonly code = 'BROADCAST_DESTROYED';

  constructor(readonly broadcastId: number) {
    super(
      `broadcast ${broadcastId} was destroyed, so its value is gone everywhere; make a new one`,
    );
  }
}

/** `persist` with another level than the RDD has. */
export class StorageLevelError extends HeddleError {
  readonly code = 'STORAGE_LEVEL';
}
