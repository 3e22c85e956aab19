import { checkKey } from 'heddle/internal';
import { refuseAsyncFunction } from '../pipeline/loop-helpers.js';
import { SeededRandom } from '../pipeline/sampling.js';
import { valueResult } from './result-bytes.js';
import { functionOf, type PushSink, type SinkOf, type SinkTask } from './task-sink.js';

/**
 * `{ count, sample }`: all pairs counted, and a reservoir of their keys in which each is as likely
 * as any other (algorithm R, as Spark's `SamplingUtils.reservoirSampleAndCount`).
 */
export function openSampleKeys(task: SinkTask, sink: SinkOf<'sampleKeys'>): PushSink {
  const keyFunction =
    sink.keyFunction === undefined ? undefined : functionOf(task, sink.keyFunction);
  refuseAsyncFunction(keyFunction, task.label);
  const random = new SeededRandom(sink.seed, task.env.task.split.index);
  const sample: unknown[] = [];
  let count = 0;
  const consider = (key: unknown): void => {
    count++;
    if (sample.length < sink.size) {
      sample.push(key);
    } else {
      const place = random.below(count);
      if (place < sink.size) sample[place] = key;
    }
  };
  return {
    kind: 'push',
    loop: { form: 'pairs', label: task.label, target: { add: consider } },
    finish: () => {
      // Only what stays in the sample is worth a call of the user's function.
      const keys = keyFunction === undefined ? sample : sample.map((key) => keyFunction(key));
      // Here, where the user's call is known, rather than when the sample is encoded.
      for (const key of keys) checkKey(key);
      return valueResult(task, { count, sample: keys });
    },
    abort: () => undefined,
  };
}
