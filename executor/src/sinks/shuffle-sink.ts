import { InternalError } from '@heddle/common';
import type { MapOutputStatus } from 'heddle/internal';
import type { ShuffleWriter } from '../shuffle/shuffle-writer.js';
import type { PushSink, SinkOf, SinkTask } from './task-sink.js';

/** The map side of a shuffle → `MapOutputStatus`. */
export function openShuffleWrite(
  task: SinkTask,
  sink: SinkOf<'shuffleWrite'>,
  writer: ShuffleWriter,
): PushSink {
  let status: MapOutputStatus | undefined;
  const { keyed } = sink.write;
  return {
    kind: 'push',
    loop: {
      form: keyed ? 'pairs' : 'records',
      label: task.label,
      target: keyed ? writer : new RecordWriter(writer),
      complete: () => {
        status = writer.finish();
      },
    },
    finish: () => {
      if (status === undefined) throw new InternalError('the shuffle write did not end');
      return { kind: 'mapOutput', status };
    },
    abort: () => writer.abort(),
  };
}

/** A shuffle of whole records behind the name that loops call. */
class RecordWriter {
  readonly #writer: ShuffleWriter;

  constructor(writer: ShuffleWriter) {
    this.#writer = writer;
  }

  add(record: unknown): void {
    this.#writer.addRecord(record);
  }
}
