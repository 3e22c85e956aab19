import {
  ByteWriter,
  type AggregatorSpec,
  type MapOutputStatus,
  type PartitionOf,
  type ShuffleWriteSpec,
} from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { compileAggregator } from './aggregator.js';
import { gather, type ColumnValues } from './column.js';
import { CombineCollector } from './combine-collector.js';
import { MapOutputBuilder } from './map-output-builder.js';
import { FRAME_TARGET_BYTES } from './frame.js';
import { BatchSizer, writePairs } from './pair-codec.js';
import { compilePartitioner } from './partitioner.js';
import type { ShuffleWriter } from './shuffle-writer.js';

/**
 * Combines the values of each key before they are written: at most one record for each key leaves
 * the map task. Takes the place of Spark's `SortShuffleWriter` with map-side combine (3.5).
 */
export class CombineWriter implements ShuffleWriter {
  readonly #env: TaskEnvironment;
  readonly #partitionOf: PartitionOf | undefined;
  readonly #collector: CombineCollector;
  readonly #output: MapOutputBuilder;
  readonly #writer = new ByteWriter();
  readonly #sizer = new BatchSizer(FRAME_TARGET_BYTES);

  constructor(
    spec: ShuffleWriteSpec,
    aggregator: Exclude<AggregatorSpec, { kind: 'group' }>,
    env: TaskEnvironment,
  ) {
    this.#env = env;
    // Hash partitions follow from the hashes that the table has already.
    this.#partitionOf =
      spec.partitioner.kind === 'hash' ? undefined : compilePartitioner(spec.partitioner, env);
    this.#collector = new CombineCollector(env, compileAggregator(aggregator, env), false, {
      count: spec.partitioner.numPartitions,
      partitionOf: this.#partitionOf,
    });
    this.#output = new MapOutputBuilder(spec.shuffleId, spec.partitioner.numPartitions, env);
  }

  add(key: unknown, value: unknown): void {
    this.#collector.add(key, value);
  }

  addRecord(record: unknown): void {
    const [key, value] = record as [unknown, unknown];
    this.add(key, value);
  }

  finish(): MapOutputStatus {
    if (this.#collector.hasSpilled) {
      this.#writeMerged();
    } else {
      this.#writeTable();
    }
    this.#collector.close();
    return this.#output.finish();
  }

  abort(): void {
    this.#collector.close();
    this.#output.abort();
  }

  #writeTable(): void {
    const { table } = this.#collector;
    const { numPartitions } = this.#output;
    const { order, partitionStarts } = table.partitioned(numPartitions, this.#partitionOf);
    const columns = table.columns();
    for (let partition = 0; partition < numPartitions; partition++) {
      const end = partitionStarts[partition + 1]!;
      let from = partitionStarts[partition]!;
      while (from < end) {
        const batch = order.subarray(from, Math.min(end, from + this.#sizer.records));
        const keys = gather(columns.keys, batch);
        this.#appendBatch(partition, keys, gather(columns.values, batch), batch.length);
        from += batch.length;
      }
    }
  }

  #writeMerged(): void {
    const stream = this.#collector.finish();
    let keys: unknown[] = [];
    let values: unknown[] = [];
    let partition = 0;
    while (stream.next()) {
      if (keys.length >= this.#sizer.records || stream.partition !== partition) {
        this.#appendBatch(partition, keys, values, keys.length);
        keys = [];
        values = [];
        partition = stream.partition;
      }
      keys.push(stream.key);
      values.push(stream.combined);
    }
    this.#appendBatch(partition, keys, values, keys.length);
    stream.close();
  }

  #appendBatch(partition: number, keys: ColumnValues, values: ColumnValues, count: number): void {
    if (count > 0) {
      this.#writer.reset();
      writePairs(this.#writer, keys, values, 0, count, this.#env.code);
      this.#sizer.observe(count, this.#writer.length);
      this.#output.append(partition, this.#writer.view(), count);
    }
  }
}
