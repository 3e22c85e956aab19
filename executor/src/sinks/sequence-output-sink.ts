import { InternalError } from '@heddle/common';
import type { CommittedFile } from 'heddle/internal';
import type { SequenceFileOutput } from '../sequence-file/sequence-file-output.js';
import { valueResult } from './result-bytes.js';
import type { PushSink, SinkOf, SinkTask } from './task-sink.js';

/** A partition of a SequenceFile save → `CommittedFile`, with the driver's leave to commit, asked last. */
export function openSequenceOutput(
  task: SinkTask,
  sink: SinkOf<'saveAsSequenceFile'>,
  output: SequenceFileOutput,
): PushSink {
  let committed: CommittedFile | undefined;
  return {
    kind: 'push',
    loop: {
      form: 'records',
      label: task.label,
      target: output,
      complete: () => {
        committed = output.finish();
        task.services.requestCommit(sink.output.saveId);
      },
    },
    finish: () => {
      if (committed === undefined) throw new InternalError('the SequenceFile did not end');
      return valueResult(task, committed);
    },
    abort: () => output.abort(),
  };
}
