import { expect } from 'chai';
import fc from 'fast-check';
import { compareKeys, hashKey } from '../../src/keys/index.js';
import { defaultPartitioning } from '../../src/partitioner/default-partitioning.js';
import { FunctionPartitioner } from '../../src/partitioner/function-partitioner.js';
import { HashPartitioner } from '../../src/partitioner/hash-partitioner.js';
import { Partitioner } from '../../src/partitioner/partitioner.js';
import { hashPartitioning } from '../../src/partitioner/partitioning.js';
import {
  KeyedRangePartitioner,
  RangePartitioner,
} from '../../src/partitioner/range-partitioner.js';
import { thrown } from '../support/expect-error.js';

const key = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.boolean(),
  fc.bigInt(),
  fc.tuple(fc.integer(), fc.string()),
);

class Modulo extends Partitioner {
  constructor(override readonly numPartitions: number) {
    super();
  }
  override getPartition(value: unknown): number {
    return Number(value) % this.numPartitions;
  }
}

class OwnHash extends HashPartitioner {}

describe('HashPartitioner', () => {
  it('is a non-negative modulo of the hash (B.0)', () => {
    fc.assert(
      fc.property(key, fc.integer({ min: 1, max: 1_000 }), (value, n) => {
        const partition = new HashPartitioner(n).getPartition(value);
        expect(partition).to.be.within(0, n - 1);
        expect(Object.is(partition, -0)).to.equal(false);
        expect((((hashKey(value) % n) + n) % n) - partition).to.equal(0);
      }),
    );
  });

  it('puts null and undefined into partition 0 (B.0)', () => {
    expect(new HashPartitioner(7).getPartition(null)).to.equal(0);
    expect(new HashPartitioner(7).getPartition(undefined)).to.equal(0);
  });

  it('puts equal keys together: -0 and 0, NaN, arrays by content', () => {
    const partitioner = new HashPartitioner(1_000);
    const at = (value: unknown): number => partitioner.getPartition(value);
    expect(at(-0)).to.equal(at(0));
    expect(at(NaN)).to.equal(at(0 / 0));
    expect(at([1, ['a']])).to.equal(at([1, ['a']]));
    expect(at({ a: 1, b: 2 })).to.equal(at({ b: 2, a: 1 }));
  });

  it('is equal by value, and not to a subclass', () => {
    expect(new HashPartitioner(3).equals(new HashPartitioner(3))).to.equal(true);
    expect(new HashPartitioner(3).equals(new HashPartitioner(4))).to.equal(false);
    expect(new HashPartitioner(3).equals(new OwnHash(3))).to.equal(false);
    expect(new OwnHash(3).equals(new HashPartitioner(3))).to.equal(false);
  });

  it('refuses negative and broken numbers and keys that are none', () => {
    expect(thrown(() => new HashPartitioner(-1))).to.have.property('code', 'ARGUMENT');
    expect(thrown(() => new HashPartitioner(1.5))).to.have.property('code', 'ARGUMENT');
    const badKey = thrown(() => new HashPartitioner(2).getPartition(() => 1));
    expect(badKey).to.have.property('code', 'KEY_NOT_HASHABLE');
  });
});

describe('RangePartitioner', () => {
  it('puts a key at the first bound that is not below it, the other way round when descending', () => {
    const up = new RangePartitioner([10, 20, 30]);
    expect([5, 10, 11, 20, 30, 31].map((k) => up.getPartition(k))).to.deep.equal([
      0, 0, 1, 1, 2, 3,
    ]);
    const down = new RangePartitioner([10, 20, 30], false);
    expect([5, 10, 11, 20, 30, 31].map((k) => down.getPartition(k))).to.deep.equal([
      3, 3, 2, 2, 1, 0,
    ]);
    expect(up.numPartitions).to.equal(4);
  });

  it('keeps the order of keys across partitions (property)', () => {
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 20 }),
        key,
        key,
        fc.boolean(),
        (bounds, a, b, ascending) => {
          const partitioner = new RangePartitioner(bounds, ascending);
          const difference = partitioner.getPartition(a) - partitioner.getPartition(b);
          const order = compareKeys(a, b) * (ascending ? 1 : -1);
          if (order === 0) expect(difference).to.equal(0);
          else expect(Math.sign(difference)).to.be.oneOf([0, Math.sign(order)]);
        },
      ),
    );
  });

  it('sorts its bounds and drops those that are equal', () => {
    expect(new RangePartitioner([3, 1, 2, 3]).bounds).to.deep.equal([1, 2, 3]);
    expect(new RangePartitioner([]).numPartitions).to.equal(1);
  });

  it('is equal by value', () => {
    expect(new RangePartitioner([1, [2]]).equals(new RangePartitioner([1, [2]]))).to.equal(true);
    expect(new RangePartitioner([1]).equals(new RangePartitioner([1], false))).to.equal(false);
    expect(new RangePartitioner([1]).equals(new RangePartitioner([2]))).to.equal(false);
    const keyed = new KeyedRangePartitioner([1], true, String);
    expect(keyed.equals(new KeyedRangePartitioner([1], true, String))).to.equal(true);
    expect(keyed.equals(new KeyedRangePartitioner([1], true, Number))).to.equal(false);
    expect(new RangePartitioner([1]).equals(keyed)).to.equal(false);
    expect(keyed.getPartition('5')).to.equal(1);
  });
});

describe('a partitioner of the program', () => {
  it('is equal to itself only, unless it says otherwise', () => {
    const modulo = new Modulo(3);
    expect(modulo.equals(modulo)).to.equal(true);
    expect(modulo.equals(new Modulo(3))).to.equal(false);
  });

  it('made of a function takes it modulo n, never negative (B.3)', () => {
    const partitioner = new FunctionPartitioner(4, (k: number) => k);
    expect([-1, -4, 7, 2 ** 40 + 1].map((k) => partitioner.getPartition(k))).to.deep.equal([
      3, 0, 3, 1,
    ]);
    const broken = new FunctionPartitioner(4, () => NaN);
    expect(thrown(() => broken.getPartition(1))).to.have.property('code', 'PARTITION_OUT_OF_RANGE');
  });
});

describe('the default partitioner (Scala 4.0 rules)', () => {
  const parent = (partitionCount: number, isPartitioned = false) => ({
    partitionCount,
    partitioning: isPartitioned ? hashPartitioning(partitionCount) : undefined,
  });
  const chosen = (parents: ReturnType<typeof parent>[], parallelism?: number): number =>
    defaultPartitioning(parents, parallelism).partitioner.numPartitions;

  it('prefers the partitioner of the largest partitioned parent', () => {
    expect(chosen([parent(4, true), parent(6, true), parent(9)])).to.equal(6);
  });

  it('leaves one that is ten times smaller than the largest parent', () => {
    expect(chosen([parent(10, true), parent(100)])).to.equal(100);
    expect(chosen([parent(11, true), parent(100)])).to.equal(11);
  });

  it('keeps it when the default would not be larger', () => {
    expect(chosen([parent(10, true), parent(100)], 10)).to.equal(10);
    expect(chosen([parent(10, true), parent(100)], 11)).to.equal(11);
    expect(chosen([parent(10, true), parent(99)], 50)).to.equal(10);
  });

  it('hashes else into the configured parallelism, or as many as the largest parent', () => {
    expect(chosen([parent(3), parent(5)])).to.equal(5);
    expect(chosen([parent(3), parent(5)], 8)).to.equal(8);
    expect(chosen([parent(0)])).to.equal(0);
  });
});
