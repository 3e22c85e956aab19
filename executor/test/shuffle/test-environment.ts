import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  plainCodeTable,
  type MapOutputLocation,
  type MapOutputStatus,
  type RootRef,
  type ShuffleInput,
  type ShuffleOperator,
  type ShuffleWriteSpec,
} from 'heddle/internal';
import { createShuffleWriter } from '../../src/shuffle/create-shuffle-writer.js';
import { openShuffleOperator } from '../../src/shuffle/open-shuffle-operator.js';
import type { PartSeal } from '../../src/shuffle/part-seal.js';
import type { PartSource } from '../../src/shuffle/part-source.js';
import { prepareLocalDirectory } from '../../src/storage/local-directories.js';
import type {
  BatchSource,
  TaskEnvironment,
  TaskMetricsRecorder,
} from '../../src/task-environment.js';

export type Pair = [unknown, unknown];

/** A fresh local directory below the temporary one, removed after the test. */
export function useLocalDirectory(): { readonly path: string } {
  const holder = { path: '' };
  beforeEach(() => {
    holder.path = mkdtempSync(join(tmpdir(), 'heddle-shuffle-test-'));
    prepareLocalDirectory(holder.path);
  });
  afterEach(() => rmSync(holder.path, { recursive: true, force: true }));
  return holder;
}

/** Captured functions and values of a stage, by reference. */
export class Roots {
  readonly #values: unknown[] = [];

  add(value: unknown): RootRef {
    this.#values.push(value);
    return { closure: 0, root: this.#values.length - 1 };
  }

  get(ref: RootRef): unknown {
    return this.#values[ref.root];
  }

  fresh(ref: RootRef): unknown {
    return structuredClone(this.#values[ref.root]);
  }
}

export interface TestEnvironmentOptions {
  readonly directories: readonly string[];
  readonly roots?: Roots;
  readonly memoryBudgetBytes?: number;
  readonly partition?: number;
  readonly generation?: number;
  readonly taskAttemptId?: number;
  readonly shuffleInputs?: readonly ShuffleInput[];
  readonly shuffleCompression?: 'none' | 'zstd';
  readonly partSeal?: PartSeal;
  readonly partSource?: PartSource;
}

let nextTaskAttempt = 0;

/** What a task thread gives its parts, for one attempt; `end()` runs what was registered with it. */
export function makeEnvironment(
  options: TestEnvironmentOptions,
): TaskEnvironment & { end(): void } {
  const roots = options.roots ?? new Roots();
  const atEnd: (() => void)[] = [];
  const metrics: TaskMetricsRecorder = {
    inputBytes: 0,
    inputRecords: 0,
    outputBytes: 0,
    outputRecords: 0,
    shuffleReadLocalBytes: 0,
    shuffleReadRemoteBytes: 0,
    shuffleReadRecords: 0,
    shuffleWriteBytes: 0,
    shuffleWriteRecords: 0,
    spilledBytes: 0,
    spills: 0,
  };
  return {
    stage: {
      stageId: 1,
      stageAttempt: 0,
      jobId: 0,
      plan: { nodes: [], closures: [], sink: { kind: 'count' } },
      shuffleInputs: options.shuffleInputs ?? [],
      properties: {},
    },
    task: {
      taskAttemptId: options.taskAttemptId ?? nextTaskAttempt++,
      stageId: 1,
      stageAttempt: 0,
      generation: options.generation ?? 0,
      partition: options.partition ?? 0,
      attemptNumber: 0,
      split: { index: options.partition ?? 0 },
    },
    executorId: 'test',
    applicationId: 'test_1700000000000_0001',
    localDirectories: options.directories,
    code: plainCodeTable,
    metrics,
    memoryBudgetBytes: options.memoryBudgetBytes ?? 64 * 1024 * 1024,
    ...(options.shuffleCompression !== undefined
      ? { shuffleCompression: options.shuffleCompression }
      : {}),
    ...(options.partSeal === undefined ? {} : { partSeal: options.partSeal }),
    ...(options.partSource === undefined ? {} : { partSource: options.partSource }),
    root: (ref) => roots.get(ref),
    freshRoot: (ref) => roots.fresh(ref),
    checkInterrupted: () => undefined,
    onEnd: (action) => atEnd.unshift(action),
    end: () => {
      for (const action of atEnd.splice(0)) {
        action();
      }
    },
  };
}

/** Writes the map outputs of one shuffle; `records[m]` are those of map partition m. */
export function writeShuffle(
  spec: ShuffleWriteSpec,
  records: readonly (readonly unknown[])[],
  options: TestEnvironmentOptions,
): { input: ShuffleInput; statuses: MapOutputStatus[]; spills: number } {
  let spills = 0;
  const statuses = records.map((part, partition) => {
    const env = makeEnvironment({ ...options, partition });
    const writer = createShuffleWriter(spec, env);
    for (const record of part) {
      if (spec.keyed) {
        const [key, value] = record as Pair;
        writer.add(key, value);
      } else {
        writer.addRecord(record);
      }
    }
    const status = writer.finish();
    env.end();
    spills += env.metrics.spills;
    return status;
  });
  return { input: inputOf(spec, statuses, options.generation ?? 0), statuses, spills };
}

/** The shuffle's input as a reducing stage sees it. */
export function inputOf(
  spec: ShuffleWriteSpec,
  statuses: readonly MapOutputStatus[],
  generation = 0,
): ShuffleInput {
  return {
    shuffleId: spec.shuffleId,
    generation,
    numReducePartitions: spec.partitioner.numPartitions,
    outputs: statuses.map((status): MapOutputLocation => ({
      ...status,
      executorId: 'test',
      host: 'localhost',
    })),
  };
}

/** All records of a source, batch sizes checked, source closed. */
export function drain(source: BatchSource): unknown[] {
  const records: unknown[] = [];
  for (let batch = source.next(); batch !== undefined; batch = source.next()) {
    if (batch.length === 0 || batch.length > 1024) {
      throw new Error(`a batch of ${batch.length} records`);
    }
    records.push(...batch);
  }
  source.close();
  return records;
}

/** Runs a reduce side over all partitions; one array of records for each. */
export function reduceAll(
  operator: ShuffleOperator,
  shuffleInputs: readonly ShuffleInput[],
  options: TestEnvironmentOptions,
  narrow: (partition: number) => readonly (() => BatchSource)[] = () => [],
  numPartitions = shuffleInputs[0]?.numReducePartitions ?? 1,
): { partitions: unknown[][]; spills: number } {
  let spills = 0;
  const partitions = Array.from({ length: numPartitions }, (_, partition) => {
    const env = makeEnvironment({ ...options, partition, shuffleInputs });
    const source = openShuffleOperator(operator, narrow(partition), partition, env);
    const records = drain(source);
    env.end();
    spills += env.metrics.spills;
    return records;
  });
  return { partitions, spills };
}

/** Records as a narrow input of a stage, in small batches. */
export function sourceOf(records: readonly unknown[], batchSize = 100): BatchSource {
  let at = 0;
  return {
    next() {
      const batch = records.slice(at, at + batchSize);
      at += batchSize;
      return batch.length === 0 ? undefined : batch;
    },
    close() {
      at = records.length;
    },
  };
}
