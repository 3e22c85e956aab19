import {
  ByteWriter,
  writeBatch,
  writePairColumns,
  type MapOutputStatus,
  type ShuffleWriteSpec,
} from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { Column, orderByPartition } from './column.js';
import { FRAME_TARGET_BYTES } from './frame.js';
import { MapOutputBuilder } from './map-output-builder.js';
import { BatchSizer } from './pair-codec.js';
import {
  compilePartitioner,
  hashPartitionsOfNumbers,
  type PartitionFunction,
} from './partitioner.js';
import type { ShuffleWriter } from './shuffle-writer.js';

/** Records of a partition that one flush should bring, so that columns and frames are worth it. */
const RECORDS_PER_PARTITION = 256;
const FLUSH_RECORDS = 64 * 1024;
const MAX_FLUSH_RECORDS = 1024 * 1024;
const MAX_BUFFER_BYTES = 32 * 1024 * 1024;

/**
 * Writes records as they are (`groupByKey`, `partitionBy`, joins, sorts, `repartition`): collects
 * columns, orders them by partition with a counting sort, and appends a batch to each partition.
 * Takes the place of Spark's `BypassMergeSortShuffleWriter` and `UnsafeShuffleWriter`: nothing is
 * sorted by key and at most one temporary file is open, whatever the number of partitions.
 */
export class PlainWriter implements ShuffleWriter {
  readonly #env: TaskEnvironment;
  readonly #keyed: boolean;
  readonly #isHash: boolean;
  readonly #partitionOf: PartitionFunction;
  readonly #output: MapOutputBuilder;
  readonly #keys = new Column();
  readonly #values = new Column();
  readonly #writer = new ByteWriter();
  readonly #sizer = new BatchSizer(FRAME_TARGET_BYTES);
  readonly #flushRecords: number;
  readonly #flushBytes: number;
  #partitions = new Uint32Array(0);
  #length = 0;

  constructor(spec: ShuffleWriteSpec, env: TaskEnvironment) {
    this.#env = env;
    this.#keyed = spec.keyed;
    this.#isHash = spec.partitioner.kind === 'hash';
    this.#partitionOf = compilePartitioner(spec.partitioner, env);
    const { numPartitions } = spec.partitioner;
    this.#flushRecords = Math.min(
      MAX_FLUSH_RECORDS,
      Math.max(FLUSH_RECORDS, RECORDS_PER_PARTITION * numPartitions),
    );
    this.#flushBytes = Math.min(MAX_BUFFER_BYTES, env.memoryBudgetBytes / 8);
    this.#output = new MapOutputBuilder(spec.shuffleId, numPartitions, env);
  }

  add(key: unknown, value: unknown): void {
    this.#keys.push(key);
    this.#values.push(value);
    if (
      ++this.#length >= this.#flushRecords ||
      this.#keys.bytes + this.#values.bytes > this.#flushBytes
    ) {
      this.#flush();
    }
  }

  addRecord(record: unknown): void {
    if (this.#keyed) {
      const [key, value] = record as [unknown, unknown];
      this.add(key, value);
      return;
    }
    this.#values.push(record);
    if (++this.#length >= this.#flushRecords || this.#values.bytes > this.#flushBytes) {
      this.#flush();
    }
  }

  finish(): MapOutputStatus {
    this.#flush();
    return this.#output.finish();
  }

  abort(): void {
    this.#output.abort();
    this.#keys.clear();
    this.#values.clear();
  }

  #flush(): void {
    const length = this.#length;
    if (length === 0) {
      return;
    }
    this.#env.checkInterrupted();
    this.#length = 0;
    this.#choosePartitions(length);
    const { order, starts } = orderByPartition(
      this.#partitions,
      length,
      this.#output.numPartitions,
    );
    for (let partition = 0; partition + 1 < starts.length; partition++) {
      const end = starts[partition + 1]!;
      let from = starts[partition]!;
      while (from < end) {
        const to = Math.min(end, from + this.#sizer.records);
        this.#appendBatch(partition, order, from, to);
        from = to;
      }
    }
    this.#keys.clear();
    this.#values.clear();
  }

  #choosePartitions(length: number): void {
    if (this.#partitions.length < length) {
      this.#partitions = new Uint32Array(
        Math.max(length, Math.min(2 * this.#partitions.length, this.#flushRecords)),
      );
    }
    const partitions = this.#partitions;
    const keys = this.#keyed ? this.#keys.values() : this.#values.values();
    if (this.#isHash && keys instanceof Float64Array) {
      hashPartitionsOfNumbers(keys, length, this.#output.numPartitions, partitions);
      return;
    }
    const partitionOf = this.#partitionOf;
    for (let i = 0; i < length; i++) {
      partitions[i] = partitionOf(keys[i]);
    }
  }

  #appendBatch(partition: number, order: Uint32Array, from: number, to: number): void {
    const writer = this.#writer;
    const { code } = this.#env;
    const values = this.#values.values();
    writer.reset();
    if (this.#keyed) {
      writePairColumns(writer, this.#keys.values(), values, from, to, order, code);
    } else {
      const records: unknown[] = [];
      for (let i = from; i < to; i++) {
        records.push(values[order[i]!]);
      }
      writeBatch(writer, records, 0, records.length, code);
    }
    this.#sizer.observe(to - from, writer.length);
    this.#output.append(partition, writer.view(), to - from);
  }
}
