import { refuseAsyncFunction, refusePromise } from '../pipeline/loop-helpers.js';
import { RecordIterator } from '../pipeline/record-iterator.js';
import { valueResult } from './result-bytes.js';
import { functionOf, type PullSink, type SinkOf, type SinkTask } from './task-sink.js';

/** `foreachPartition`: the function gets the partition's iterator; its result is dropped. */
export function openForeachPartition(task: SinkTask, sink: SinkOf<'foreachPartition'>): PullSink {
  const visit = functionOf(task, sink.function);
  refuseAsyncFunction(visit, task.label);
  return {
    kind: 'pull',
    run: (records) => {
      refusePromise(visit(new RecordIterator(records)), task.label);
      return valueResult(task, undefined);
    },
  };
}

/** `runJob`: whatever the function returns for the iterator and the `TaskContext`. */
export function openRun(task: SinkTask, sink: SinkOf<'run'>): PullSink {
  const call = functionOf(task, sink.function);
  refuseAsyncFunction(call, task.label);
  return {
    kind: 'pull',
    run: (records) => {
      const returned = call(new RecordIterator(records), task.services.context);
      refusePromise(returned, task.label);
      return valueResult(task, returned);
    },
  };
}
