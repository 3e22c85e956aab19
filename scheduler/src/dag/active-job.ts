import type { AccumulatorUpdate } from 'heddle/internal';
import type { JobSpec } from './dag-event.js';

/** What a task of a result stage brought. */
export interface PartitionResult {
  readonly partition: number;
  readonly bytes: Uint8Array;
  readonly accumulators: readonly AccumulatorUpdate[];
}

/** A job that has not ended: what it asked for and what it has. Pure state. */
export class ActiveJob {
  readonly id: number;
  readonly spec: JobSpec;
  /** In the order they were linked; the result stage is among them. */
  readonly stageIds = new Set<number>();
  /** Distinct partitions, ascending. */
  readonly partitions: readonly number[];
  /** Partitions without result. */
  readonly unfinished: Set<number>;
  /** Positions of a partition in `spec.partitions`, where it is not just its own index. */
  readonly #positions: ReadonlyMap<number, readonly number[]>;
  /** Results that wait for the end of the job, if it is one that waits. */
  #held: Map<number, PartitionResult> | undefined;
  #sizeBytes = 0;
  /** Sizes of results that are on their way. */
  readonly #announced = new Map<number, number>();
  #announcedBytes = 0;

  constructor(id: number, spec: JobSpec) {
    this.id = id;
    this.spec = spec;
    const positions = new Map<number, number[]>();
    spec.partitions.forEach((partition, position) => {
      const known = positions.get(partition);
      if (known === undefined) positions.set(partition, [position]);
      else known.push(position);
    });
    this.#positions = positions;
    this.partitions = [...positions.keys()].sort((left, right) => left - right);
    this.unfinished = new Set(this.partitions);
  }

  /** From now on results wait for the end of the job, so that they can be taken back. */
  holdResults(): void {
    this.#held ??= new Map();
  }

  /** Bytes of the results so far, those that are on their way included. */
  get sizeBytes(): number {
    return this.#sizeBytes + this.#announcedBytes;
  }

  /** A result of this size is about to be fetched. */
  announce(partition: number, sizeBytes: number): void {
    if (!this.unfinished.has(partition)) return;
    this.#forgetAnnounced(partition);
    this.#announced.set(partition, sizeBytes);
    this.#announcedBytes += sizeBytes;
  }

  /**
   * Takes the result of a partition, the first one only.
   *
   * @returns what is to be given to the job's owner now; undefined when the partition had a result
   */
  take(result: PartitionResult): readonly PartitionResult[] | undefined {
    if (!this.unfinished.delete(result.partition)) return undefined;
    this.#forgetAnnounced(result.partition);
    this.#sizeBytes += result.bytes.byteLength;
    if (this.#held === undefined) return [result];
    this.#held.set(result.partition, result);
    if (this.unfinished.size > 0) return [];
    const all = this.partitions.flatMap((partition) => this.#held?.get(partition) ?? []);
    this.#held.clear();
    return all;
  }

  /** Takes all results back. @returns whether that was possible: what was given stays given */
  discardResults(): boolean {
    const hasResults = this.unfinished.size < this.partitions.length;
    if (hasResults && this.#held === undefined) return false;
    this.#held?.clear();
    this.#sizeBytes = 0;
    this.#announced.clear();
    this.#announcedBytes = 0;
    for (const partition of this.partitions) this.unfinished.add(partition);
    return true;
  }

  positionsOf(partition: number): readonly number[] {
    return this.#positions.get(partition) ?? [];
  }

  #forgetAnnounced(partition: number): void {
    this.#announcedBytes -= this.#announced.get(partition) ?? 0;
    this.#announced.delete(partition);
  }
}
