import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  encodeValue,
  hashKey,
  mostPartBytes,
  PartitionOutOfRangeError,
  partitionOfHash,
  plainCodeTable,
  type PartitionerSpec,
  type ShuffleWriteSpec,
} from 'heddle/internal';
import { createShuffleWriter } from '../../src/shuffle/create-shuffle-writer.js';
import { fullDisk } from '../storage/full-disk.js';
import { mapOutputPath, publishMapOutput } from '../../src/shuffle/map-output-files.js';
import { crcSeal } from '../../src/shuffle/part-seal.js';
import {
  makeEnvironment,
  reduceAll,
  Roots,
  useLocalDirectory,
  writeShuffle,
  type Pair,
} from './test-environment.js';

const keyedSpec = (partitioner: PartitionerSpec): ShuffleWriteSpec => ({
  shuffleId: 1,
  partitioner,
  mapSideCombine: false,
  keyed: true,
});

describe('shuffle writers (A-144)', () => {
  const local = useLocalDirectory();
  const options = (more: { roots?: Roots; memoryBudgetBytes?: number } = {}) => ({
    directories: [local.path],
    ...more,
  });
  const read = (input: Parameters<typeof reduceAll>[1][number], keyed = true): unknown[][] =>
    reduceAll({ kind: 'shuffleRead', shuffleId: 1, keyed }, [input], options()).partitions;

  /** Where each key went. */
  function placed(partitioner: PartitionerSpec, keys: readonly unknown[], roots = new Roots()) {
    const { input } = writeShuffle(
      keyedSpec(partitioner),
      [keys.map((key, i): Pair => [key, i])],
      options({ roots }),
    );
    const places: number[] = [];
    read(input).forEach((records, partition) =>
      (records as Pair[]).forEach(([, i]) => (places[i as number] = partition)),
    );
    return places;
  }

  describe('partitioners', () => {
    const keys = [0, 1, -1, 2.5, NaN, -0, 'a', '', 'long '.repeat(50), null, undefined, true, 5n];

    it('A-152 hash: the written rule, null and undefined to partition 0', () => {
      const places = placed({ kind: 'hash', numPartitions: 7 }, keys);
      expect(places).to.deep.equal(keys.map((key) => partitionOfHash(hashKey(key), 7)));
      expect(places[keys.indexOf(null)]).to.equal(0);
      expect(places[keys.indexOf(undefined)]).to.equal(0);
    });

    it('A-152 hash: numbers alone go where they go among other keys', () => {
      const numbers = [0, -0, 1, -1, 7, 1e10, 0.1, NaN, Infinity, -5, 2 ** 31, -(2 ** 31)];
      const alone = placed({ kind: 'hash', numPartitions: 5 }, numbers);
      const mixed = placed({ kind: 'hash', numPartitions: 5 }, [...numbers, 'x']);
      expect(mixed.slice(0, numbers.length)).to.deep.equal(alone);
    });

    it('hash: refuses what is no key, with one partition too', () => {
      for (const numPartitions of [1, 4]) {
        expect(() => placed({ kind: 'hash', numPartitions }, [() => 1]))
          .to.throw()
          .with.property('code', 'KEY_NOT_HASHABLE');
      }
    });

    it('hash: spreads many keys evenly', () => {
      const counts = new Array<number>(10).fill(0);
      placed(
        { kind: 'hash', numPartitions: 10 },
        Array.from({ length: 20_000 }, (_, i) => `key${i}`),
      ).forEach((place) => counts[place]!++);
      for (const count of counts) {
        expect(count).to.be.within(1800, 2200);
      }
    });

    for (const ascending of [true, false]) {
      it(`range over numbers, ascending ${ascending}: a bound belongs to the lower side`, () => {
        const bounds = encodeValue([10, 20], plainCodeTable);
        const keysOfRange = [-Infinity, 5, 10, 11, 20, 21, Infinity, NaN, null, 'text', true];
        const expected = [0, 0, 0, 1, 1, 2, 2, 2, 0, 2, 0];
        expect(
          placed({ kind: 'range', numPartitions: 3, bounds, ascending }, keysOfRange),
        ).to.deep.equal(ascending ? expected : expected.map((p) => 2 - p));
      });
    }

    it('range over strings compares by code point, and takes a key function', () => {
      const roots = new Roots();
      const bounds = encodeValue(['b', '\u{ffff}'], plainCodeTable);
      const partitioner = { kind: 'range', numPartitions: 3, bounds, ascending: true } as const;
      expect(placed(partitioner, ['a', 'b', 'c', '\u{ffff}', '\u{10000}'])).to.deep.equal([
        0, 0, 1, 1, 2,
      ]);
      const keyFunction = roots.add((key: string) => key.toLowerCase());
      expect(placed({ ...partitioner, keyFunction }, ['A', 'C'], roots)).to.deep.equal([0, 1]);
    });

    it('range with fewer bounds than partitions leaves the last ones empty', () => {
      const bounds = encodeValue([1], plainCodeTable);
      expect(
        placed({ kind: 'range', numPartitions: 5, bounds, ascending: true }, [0, 1, 2]),
      ).to.deep.equal([0, 0, 1]);
    });

    it('B.3 partitionBy with a function: its value modulo n, never negative', () => {
      const roots = new Roots();
      const place = roots.add((key: unknown) => key);
      const of = (list: unknown[]) =>
        placed({ kind: 'function', numPartitions: 3, function: place }, list, roots);
      expect(of([0, 4, -1, -3, 2 ** 53, 1.9, -0.5, 7n, -1n])).to.deep.equal([
        0, 1, 2, 0, 2, 1, 2, 1, 2,
      ]);
      for (const bad of [NaN, Infinity, undefined, null, 'x']) {
        expect(() => of([bad]), String(bad)).to.throw(PartitionOutOfRangeError);
      }
    });

    it('api a custom partitioner that leaves 0 … n-1 is an error', () => {
      const of = (result: unknown): number[] => {
        const roots = new Roots();
        const instance = roots.add({ getPartition: () => result });
        return placed({ kind: 'custom', numPartitions: 3, instance }, ['k'], roots);
      };
      expect(of(2)).to.deep.equal([2]);
      for (const bad of [3, -1, 0.5, NaN, undefined, '1']) {
        expect(() => of(bad), String(bad)).to.throw(PartitionOutOfRangeError, String(bad));
      }
    });
  });

  describe('repartition', () => {
    const spec: ShuffleWriteSpec = {
      shuffleId: 1,
      partitioner: { kind: 'roundRobin', numPartitions: 4 },
      mapSideCombine: false,
      keyed: false,
    };
    const maps = [10, 1, 0, 7, 33].map((length, m) =>
      Array.from({ length }, (_, i) => ({ map: m, record: i })),
    );

    it('B.2 deals records of any kind out evenly, and the same way again', () => {
      const first = read(writeShuffle(spec, maps, options()).input, false);
      const second = read(writeShuffle(spec, maps, options()).input, false);
      expect(second).to.deep.equal(first);
      expect(first.flat()).to.have.length(51);
      maps.forEach((records, m) => {
        const counts = first.map((part) => part.filter((r) => (r as { map: number }).map === m));
        const sizes = counts.map((list) => list.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(1);
        expect(sizes.reduce((a, b) => a + b)).to.equal(records.length);
      });
    });

    it('B.2 many small map partitions do not all feed the same reducer', () => {
      const many = Array.from({ length: 200 }, (_, m) => [m]);
      const sizes = read(writeShuffle(spec, many, options()).input, false).map((p) => p.length);
      for (const size of sizes) {
        expect(size).to.be.within(30, 70);
      }
    });
  });

  it('A-113 map-side combine writes at most one record for each key and map task', () => {
    const roots = new Roots();
    const records = Array.from({ length: 4 }, () =>
      Array.from({ length: 5000 }, (_, i): Pair => [`key ${i % 20}`, 1]),
    );
    const spec: ShuffleWriteSpec = {
      ...keyedSpec({ kind: 'hash', numPartitions: 3 }),
      aggregator: { kind: 'reduce', merge: roots.add((a: number, b: number) => a + b) },
      mapSideCombine: true,
    };
    const combined = writeShuffle(spec, records, options({ roots }));
    const plain = writeShuffle({ ...spec, mapSideCombine: false }, records, options({ roots }));
    expect(combined.statuses.map((status) => status.records)).to.deep.equal([20, 20, 20, 20]);
    expect(plain.statuses.map((status) => status.records)).to.deep.equal([5000, 5000, 5000, 5000]);
    expect(read(combined.input).flat()).to.have.length(80);
  });

  it('A-113 also when the table was spilled many times', () => {
    const roots = new Roots();
    const records = [Array.from({ length: 5000 }, (_, i): Pair => [`key ${i % 500}`, 1])];
    const spec: ShuffleWriteSpec = {
      ...keyedSpec({ kind: 'hash', numPartitions: 3 }),
      aggregator: { kind: 'reduce', merge: roots.add((a: number, b: number) => a + b) },
      mapSideCombine: true,
    };
    const written = writeShuffle(spec, records, options({ roots, memoryBudgetBytes: 24 * 1024 }));
    expect(written.spills).to.be.greaterThan(1);
    expect(written.statuses[0]!.records).to.equal(500);
    const all = read(written.input);
    expect(all.flat().every((pair) => (pair as Pair)[1] === 10)).to.equal(true);
    all.forEach((part, p) =>
      part.forEach((pair) => expect(partitionOfHash(hashKey((pair as Pair)[0]), 3)).to.equal(p)),
    );
  });

  it('A-155 writing into few partitions in memory neither spills nor leaves files open', () => {
    const records = [Array.from({ length: 20_000 }, (_, i): Pair => [i, i])];
    const before = readdirSync('/proc/self/fd').length;
    const { spills, input } = writeShuffle(
      keyedSpec({ kind: 'hash', numPartitions: 10 }),
      records,
      options(),
    );
    expect(spills).to.equal(0);
    expect(read(input).flat()).to.have.length(20_000);
    expect(readdirSync('/proc/self/fd').length).to.equal(before);
  });

  it('A-154 spills by the budget into one file, and one data file comes out', () => {
    const records = [Array.from({ length: 60_000 }, (_, i): Pair => [`k${i % 997}`, Math.sin(i)])];
    const { spills, input, statuses } = writeShuffle(
      keyedSpec({ kind: 'hash', numPartitions: 5 }),
      records,
      options({ memoryBudgetBytes: 200 * 1024 }),
    );
    expect(spills).to.be.greaterThan(1);
    expect(readdirSync(join(local.path, 'output', statuses[0]!.mapId)).sort()).to.deep.equal([
      'file.out',
      'file.out.index',
    ]);
    expect(readdirSync(join(local.path, 'scratch'))).to.deep.equal([]);
    const values = (read(input).flat() as Pair[]).map(([, value]) => value as number);
    expect(values.sort((a, b) => a - b)).to.deep.equal(
      (records.flat() as [string, number][]).map(([, value]) => value).sort((a, b) => a - b),
    );
  });

  it('A-157 thousands of partitions, most of them empty', () => {
    const records = [Array.from({ length: 500 }, (_, i): Pair => [i, i])];
    const { input, statuses } = writeShuffle(
      keyedSpec({ kind: 'hash', numPartitions: 5000 }),
      records,
      options({ memoryBudgetBytes: 1024 * 1024 }),
    );
    const sizes = Array.from({ length: 5000 }, (_, part) => mostPartBytes(statuses[0]!, part));
    const filled = sizes.filter((size) => size > 0).length;
    expect(filled).to.be.within(400, 500);
    const partition = sizes.findIndex((size) => size > 0);
    expect(
      read({ ...input, numReducePartitions: partition + 1 })[partition],
    ).to.have.length.greaterThan(0);
  });

  it('shuffle compression can be switched off, and readers need not know', () => {
    const records = [Array.from({ length: 3000 }, (_, i): Pair => [i, 'the same text'])];
    const spec = keyedSpec({ kind: 'hash', numPartitions: 1 });
    const none = writeShuffle(spec, records, { ...options(), shuffleCompression: 'none' });
    const zstd = writeShuffle(spec, records, { ...options(), shuffleCompression: 'zstd' });
    expect(read(none.input)).to.deep.equal(read(zstd.input));
    expect(zstd.statuses[0]!.partSizesBytes[0]! * 1.5).to.be.lessThan(
      none.statuses[0]!.partSizesBytes[0]!,
    );
  });

  it('an aborted attempt leaves nothing on disk', () => {
    for (const combine of [true, false]) {
      const roots = new Roots();
      const env = makeEnvironment(options({ roots, memoryBudgetBytes: 64 * 1024 }));
      const writer = createShuffleWriter(
        {
          ...keyedSpec({ kind: 'hash', numPartitions: 3 }),
          aggregator: { kind: 'reduce', merge: roots.add((a: number, b: number) => a + b) },
          mapSideCombine: combine,
        },
        env,
      );
      for (let i = 0; i < 30_000; i++) {
        writer.add(`key ${i}`, Math.sin(i));
      }
      expect(env.metrics.spills).to.be.greaterThan(0);
      expect(readdirSync(join(local.path, 'scratch'))).to.have.length.greaterThan(0);
      writer.abort();
      writer.abort();
      env.end();
      expect(readdirSync(join(local.path, 'scratch'))).to.deep.equal([]);
      expect(readdirSync(join(local.path, 'output'))).to.deep.equal([]);
    }
  });

  it('the end of a killed attempt removes its files even when nobody aborts the writer', () => {
    const env = makeEnvironment(options({ memoryBudgetBytes: 64 * 1024 }));
    const writer = createShuffleWriter(keyedSpec({ kind: 'hash', numPartitions: 3 }), env);
    for (let i = 0; i < 30_000; i++) {
      writer.add(`key ${i}`, Math.sin(i));
    }
    env.end();
    expect(readdirSync(join(local.path, 'scratch'))).to.deep.equal([]);
  });

  it('a map output whose directory fills up half-way is written to the next one', () => {
    const other = join(local.path, 'second');
    mkdirSync(other);
    const frame = new Uint8Array(1000).fill(7);
    const parts = {
      identity: { shuffleId: 1, mapPartition: 0, mapId: 'm1', generation: 0 },
      numPartitions: 3000,
      seal: crcSeal,
      writePart(_partition: number, write: (bytes: Uint8Array) => void) {
        write(frame);
        return 1;
      },
    };
    const published = publishMapOutput(
      [local.path, other],
      0,
      parts,
      fullDisk(join(local.path, 'output'), 2_000_000),
    );
    expect(published.records).to.equal(3000);
    expect(published.localDirectory).to.equal(other);
    expect(readdirSync(join(local.path, 'output'))).to.deep.equal([]);
    expect(statSync(mapOutputPath(other, 'm1', 'file.out')).size).to.equal(3000 * 1020);
  });
});
