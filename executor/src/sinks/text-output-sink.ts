import { InternalError } from '@heddle/common';
import type { CommittedFile } from 'heddle/internal';
import type { TextOutput } from '../output/buffered-text-output.js';
import { valueResult } from './result-bytes.js';
import type { PushSink, SinkOf, SinkTask } from './task-sink.js';

/**
 * A partition of a text save → `CommittedFile`. The file is written under a name of this attempt
 * alone; it counts only when the driver let this attempt commit, which is asked last.
 */
export function openTextOutput(
  task: SinkTask,
  sink: SinkOf<'saveAsTextFile'>,
  output: TextOutput,
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
      if (committed === undefined) throw new InternalError('the text output did not end');
      return valueResult(task, committed);
    },
    abort: () => output.abort(),
  };
}
