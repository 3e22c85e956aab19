import { assertNever } from '@heddle/common';
import type { Sink } from 'heddle/internal';
import { createTextOutput } from '../output/text-output.js';
import { createShuffleWriter } from '../shuffle/create-shuffle-writer.js';
import { CheckpointOutput } from '../storage/checkpoint/checkpoint-output.js';
import { openCheckpointOutput } from './checkpoint-sink.js';
import { openCollect } from './collect-sink.js';
import { openAggregate, openCount, openForeach, openReduce } from './fold-sinks.js';
import { openCountBy, openLookup, openReduceLocally } from './key-sinks.js';
import { openStats, openSum } from './number-sinks.js';
import { openTakeOrdered } from './ordered-sink.js';
import { openForeachPartition, openRun } from './partition-sinks.js';
import { SequenceFileOutput } from '../sequence-file/sequence-file-output.js';
import { openSampleKeys } from './sample-keys-sink.js';
import { openSequenceOutput } from './sequence-output-sink.js';
import { openShuffleWrite } from './shuffle-sink.js';
import type { SinkTask, TaskSink } from './task-sink.js';
import { openTextOutput } from './text-output-sink.js';

/** Makes the end of a task's pipeline. Captured functions are decoded here, before the first record. */
export function openSink(task: SinkTask, sink: Sink): TaskSink {
  switch (sink.kind) {
    case 'collect':
      return openCollect(task);
    case 'take':
      return openCollect(task, sink.limit);
    case 'count':
      return openCount(task);
    case 'reduce':
      return openReduce(task, sink);
    case 'aggregate':
      return openAggregate(task, sink);
    case 'takeOrdered':
      return openTakeOrdered(task, sink);
    case 'countBy':
      return openCountBy(task, sink);
    case 'reduceLocally':
      return openReduceLocally(task, sink);
    case 'lookup':
      return openLookup(task, sink);
    case 'stats':
      return openStats(task);
    case 'sum':
      return openSum(task);
    case 'foreach':
      return openForeach(task, sink);
    case 'foreachPartition':
      return openForeachPartition(task, sink);
    case 'run':
      return openRun(task, sink);
    case 'sampleKeys':
      return openSampleKeys(task, sink);
    case 'shuffleWrite':
      return openShuffleWrite(task, sink, createShuffleWriter(sink.write, task.env));
    case 'saveAsTextFile': {
      const output = createTextOutput(sink.output, task.env.task.partition, task.env);
      return openTextOutput(task, sink, output);
    }
    case 'saveAsSequenceFile':
      return openSequenceOutput(task, sink, new SequenceFileOutput(sink, task.env));
    case 'checkpoint':
      return openCheckpointOutput(task, sink, new CheckpointOutput(sink.output, task.env));
    default:
      return assertNever(sink, 'sink');
  }
}
