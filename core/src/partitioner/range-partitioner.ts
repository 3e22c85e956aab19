import { InternalError } from '@heddle/common';
import { registerValueType } from '../codec/value/engine-types.js';
import { compareKeys, keysEqual } from '../keys/index.js';
import type { RDD } from '../rdd/rdd.js';
import { Partitioner } from './partitioner.js';

/** Chooses bounds from a sample of an RDD's keys; set by the RDD module, which knows how to run jobs. */
type BoundsSampler = <K>(rdd: RDD<[K, unknown]>, numPartitions: number) => Promise<readonly K[]>;
let sampler: BoundsSampler | undefined;

/** Gives `RangePartitioner.of` its way to run a sampling job. @internal */
export function setBoundsSampler(sample: BoundsSampler): void {
  sampler = sample;
}

/**
 * Partitions by ranges of keys in the total order: partition `i` holds the keys above bound `i - 1`
 * and up to bound `i`, the other way round when descending. Equal by value.
 *
 * Source: Spark 4.0 `RangePartitioner`.
 */
export class RangePartitioner<K = unknown> extends Partitioner {
  /** Upper bounds in rising order; one fewer than there are partitions. */
  readonly bounds: readonly K[];
  readonly ascending: boolean;

  /** @param bounds in any order; equal ones count once */
  constructor(bounds: readonly K[], ascending = true) {
    super();
    const sorted = [...bounds].sort(compareKeys);
    this.bounds = sorted.filter((bound, i) => i === 0 || compareKeys(sorted[i - 1], bound) !== 0);
    this.ascending = ascending;
  }

  /**
   * Bounds that split the keys of `rdd` into `numPartitions` parts of about the same size. Runs a
   * sampling job, none for one partition; gives fewer partitions when there are fewer distinct keys.
   *
   * @example
   * const pairs = sc.range(100).keyBy((x) => x);
   * (await RangePartitioner.of(pairs, 4)).numPartitions; // 4
   */
  static async of<K>(
    rdd: RDD<[K, unknown]>,
    numPartitions: number,
    ascending = true,
  ): Promise<RangePartitioner<K>> {
    if (sampler === undefined) throw new InternalError('no bounds sampler is set');
    return new RangePartitioner(await sampler(rdd, numPartitions), ascending);
  }

  get numPartitions(): number {
    return this.bounds.length + 1;
  }

  /**
   * How many bounds the key lies behind; counted from the end when it is descending.
   *
   * @example
   * new RangePartitioner([10, 20]).getPartition(15); // 1
   */
  override getPartition(key: unknown): number {
    // The first bound that is not below the key.
    let low = 0;
    let high = this.bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.bounds[middle], key) < 0) low = middle + 1;
      else high = middle;
    }
    return this.ascending ? low : this.bounds.length - low;
  }

  /**
   * Whether the other has the same bounds and direction.
   *
   * @example
   * new RangePartitioner([10]).equals(new RangePartitioner([10])); // true
   */
  override equals(other: unknown): boolean {
    return (
      other instanceof RangePartitioner &&
      other.constructor === this.constructor &&
      other.ascending === this.ascending &&
      other.bounds.length === this.bounds.length &&
      this.bounds.every((bound, i) => keysEqual(bound, other.bounds[i]))
    );
  }
}

/** The range partitioner of `sortByKey(ascending, n, key)`: the bounds are of `keyFunction(key)`. */
export class KeyedRangePartitioner<K = unknown> extends RangePartitioner {
  constructor(
    bounds: readonly unknown[],
    ascending: boolean,
    readonly keyFunction: (key: K) => unknown,
  ) {
    super(bounds, ascending);
  }

  override getPartition(key: unknown): number {
    return super.getPartition(this.keyFunction(key as K));
  }

  override equals(other: unknown): boolean {
    return (
      other instanceof KeyedRangePartitioner &&
      other.keyFunction === this.keyFunction &&
      super.equals(other)
    );
  }
}

registerValueType({ name: 'RangePartitioner', class: RangePartitioner });
