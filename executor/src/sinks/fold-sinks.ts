import { refuseAsyncFunction, refusePromise } from '../pipeline/loop-helpers.js';
import type { LoopState } from '../pipeline/loop-state.js';
import { valueResult } from './result-bytes.js';
import { functionOf, type PushSink, type SinkOf, type SinkTask } from './task-sink.js';

/** `count`. */
export function openCount(task: SinkTask): PushSink {
  return stateSink(task, 'count', undefined, undefined, (state) => state.n);
}

/** `reduce` of one partition: `[]` when it is empty, else `[value]`. */
export function openReduce(task: SinkTask, sink: SinkOf<'reduce'>): PushSink {
  const merge = functionOf(task, sink.function);
  refuseAsyncFunction(merge, task.label);
  return stateSink(task, 'reduce', merge, undefined, (state) => {
    if (!state.has) return [];
    refusePromise(state.acc, task.label);
    return [state.acc];
  });
}

/** `aggregate` and `fold` of one partition, from a zero of its own. */
export function openAggregate(task: SinkTask, sink: SinkOf<'aggregate'>): PushSink {
  const seqOp = functionOf(task, sink.seqOp);
  refuseAsyncFunction(seqOp, task.label);
  const start = (state: LoopState): void => {
    state.acc = task.env.freshRoot(sink.zero);
  };
  return stateSink(task, 'aggregate', seqOp, start, (state) => {
    refusePromise(state.acc, task.label);
    return state.acc;
  });
}

/** `foreach`: the function is called for its effects. */
export function openForeach(task: SinkTask, sink: SinkOf<'foreach'>): PushSink {
  const visit = functionOf(task, sink.function);
  refuseAsyncFunction(visit, task.label);
  return stateSink(task, 'foreach', visit, undefined, () => undefined);
}

/** A sink whose whole state is in the loop's variables. */
function stateSink(
  task: SinkTask,
  form: 'count' | 'reduce' | 'aggregate' | 'foreach',
  target: unknown,
  prepare: ((state: LoopState) => void) | undefined,
  result: (state: LoopState) => unknown,
): PushSink {
  let value: unknown;
  return {
    kind: 'push',
    loop: {
      form,
      label: task.label,
      target,
      prepare: (state) => prepare?.(state),
      complete: (state) => {
        value = result(state);
      },
    },
    finish: () => valueResult(task, value),
    abort: () => undefined,
  };
}
