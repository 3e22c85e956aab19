import { compactPartSizes, type MapOutputStatus } from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { makeMapId } from './map-id.js';
import { publishMapOutput } from './map-output-files.js';
import { PartitionedFrames } from './partition-frames.js';
import { crcSeal } from './part-seal.js';

/** Collects the encoded batches of one map task and publishes them as a map output. */
export class MapOutputBuilder {
  readonly #env: TaskEnvironment;
  readonly #shuffleId: number;
  readonly #frames: PartitionedFrames;

  constructor(
    shuffleId: number,
    readonly numPartitions: number,
    env: TaskEnvironment,
  ) {
    this.#env = env;
    this.#shuffleId = shuffleId;
    this.#frames = new PartitionedFrames(env, numPartitions);
    env.onEnd(() => this.#frames.close());
  }

  /** Takes a copy of one encoded batch. */
  append(partition: number, batch: Uint8Array, records: number): void {
    this.#frames.append(partition, batch, records);
  }

  /** Publishes the output. Throws `StorageFullError`; nothing is left behind then. */
  finish(): MapOutputStatus {
    const env = this.#env;
    const identity = {
      shuffleId: this.#shuffleId,
      mapPartition: env.task.partition,
      mapId: makeMapId(env, this.#shuffleId),
      generation: env.task.generation,
    };
    const published = publishMapOutput(env.localDirectories, env.task.taskAttemptId, {
      identity,
      numPartitions: this.numPartitions,
      seal: env.partSeal ?? crcSeal,
      writePart: (partition, write) => this.#frames.writePart(partition, write),
    });
    this.#frames.close();
    env.metrics.shuffleWriteRecords += published.records;
    for (const sizeBytes of published.partSizesBytes) {
      env.metrics.shuffleWriteBytes += sizeBytes;
    }
    const { partSizesBytes, ...rest } = published;
    return { ...identity, ...rest, ...compactPartSizes(partSizesBytes) };
  }

  abort(): void {
    this.#frames.close();
  }
}
