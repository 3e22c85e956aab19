import { HeddleError } from '@heddle/common';

/** `checkpoint()` was called before `setCheckpointDir`. */
export class CheckpointDirectoryError extends HeddleError {
  readonly code = 'CHECKPOINT_DIRECTORY';

  constructor() {
    super(
      'checkpoint() needs a place that all executors reach and that outlives them: call ' +
        "await sc.setCheckpointDir('hdfs:///…') before it, or use localCheckpoint()",
    );
  }
}

/** A file of a checkpoint cannot be read; the lineage before it is gone, so nothing can replace it. */
export class CheckpointFileError extends HeddleError {
  readonly code = 'CHECKPOINT_FILE';

  constructor(
    readonly path: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `the checkpoint file ${path} cannot be read: ${reason}. Checkpoint directories must stay as they ` +
        'are while the application runs; run the program again',
      options,
    );
  }
}

/** A block of a local checkpoint is gone with its executor; the lineage before it was cut. */
export class CheckpointBlockLostError extends HeddleError {
  readonly code = 'CHECKPOINT_BLOCK_LOST';

  constructor(
    readonly rddId: number,
    readonly partition: number,
  ) {
    super(
      `partition ${partition} of the local checkpoint of RDD ${rddId} is gone: the executor that kept it ` +
        'has ended, or the RDD was unpersisted. Its lineage was cut, so it cannot be computed again; use ' +
        'checkpoint() for data that must outlive executors',
    );
  }
}

/** An executor could not get a broadcast variable; another attempt may. */
export class BroadcastFetchError extends HeddleError {
  readonly code = 'BROADCAST_FETCH';

  constructor(
    readonly broadcastId: number,
    readonly executorId: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `executor ${executorId} could not fetch broadcast ${broadcastId}: ${reason}. The task is tried ` +
        'again; when this repeats, look at the network between the executors and the driver',
      options,
    );
  }
}

/** A file of the application is not what it was when it was added. */
export class FileChangedError extends HeddleError {
  readonly code = 'FILE_CHANGED';

  constructor(
    /** Its name for `HeddleFiles.get`. */
    readonly file: string,
    readonly path: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `${path} cannot be the application's file '${file}': ${reason}. A file that was added must stay as ` +
        'it is; add other content under another name',
      options,
    );
  }
}

/** An executor could not get a file of the application; another attempt may. */
export class FileFetchError extends HeddleError {
  readonly code = 'FILE_FETCH';

  constructor(
    /** Its name for `HeddleFiles.get`. */
    readonly file: string,
    readonly path: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`the application's file '${file}' could not be fetched from ${path}: ${reason}`, options);
  }
}
