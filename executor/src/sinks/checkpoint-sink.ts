import { InternalError } from '@heddle/common';
import type { CommittedFile } from 'heddle/internal';
import type { CheckpointOutput } from '../storage/checkpoint/checkpoint-output.js';
import { valueResult } from './result-bytes.js';
import type { PushSink, SinkOf, SinkTask } from './task-sink.js';

/** A partition of a checkpoint → `CommittedFile`, with the driver's leave to commit, asked last. */
export function openCheckpointOutput(
  task: SinkTask,
  sink: SinkOf<'checkpoint'>,
  output: CheckpointOutput,
): PushSink {
  let committed: CommittedFile | undefined;
  return {
    kind: 'push',
    loop: {
      form: 'batches',
      label: task.label,
      target: output,
      complete: ({ out, n }) => {
        out.length = n;
        if (n > 0) output.addBatch(out);
        committed = output.finish();
        task.services.requestCommit(sink.output.saveId);
      },
    },
    finish: () => {
      if (committed === undefined)
        throw new InternalError('the checkpoint of a partition did not end');
      return valueResult(task, committed);
    },
    abort: () => output.abort(),
  };
}
