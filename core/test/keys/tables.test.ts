import { expect } from 'chai';
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  CountTable,
  flatString,
  hashKey,
  KeyMap,
  KeyNotHashableError,
  KeyTable,
  makeCombineTable,
  partitionOfHash,
} from '../../src/keys/index.js';
import { keys, numbers, strings } from './arbitrary-keys.js';

const keyKinds: [string, fc.Arbitrary<unknown>][] = [
  ['numbers', numbers],
  ['strings', strings],
  ['mixed keys', keys],
  ['numbers, then other keys', fc.oneof({ weight: 20, arbitrary: numbers }, keys)],
];

describe('KeyTable', () => {
  for (const [name, arbitrary] of keyKinds) {
    it(`numbers ${name} in order of first sight, by value (property)`, () => {
      fc.assert(
        fc.property(fc.array(arbitrary, { maxLength: 60 }), (added) => {
          const table = new KeyTable();
          const model = new KeyMap<unknown, number>();
          for (const key of added) {
            const known = model.get(key);
            expect(table.add(key)).to.equal(known ?? ~model.size);
            if (known === undefined) model.set(key, model.size);
          }
          expect(table.count).to.equal(model.size);
          expect(Array.from(table.column())).to.deep.equal([...model.keys()]);
          expect([...table.hashes()]).to.deep.equal([...model.keys()].map(hashKey));
          for (const [key, entry] of model) expect(table.find(key)).to.equal(entry);
          expect(table.find('never added, since it is too long a text')).to.equal(-1);
        }),
      );
    });
  }

  it('grows to many keys of one reduce partition without slowing down by collisions', () => {
    const table = new KeyTable();
    let added = 0;
    for (let i = 0; added < 6_000; i++) {
      if (partitionOfHash(hashKey(i), 64) !== 5) continue;
      expect(table.add(i)).to.equal(~added);
      added++;
    }
    for (let i = 0, entry = 0; entry < added; i++) {
      if (partitionOfHash(hashKey(i), 64) === 5) expect(table.add(i)).to.equal(entry++);
    }
  });

  it('changes from numbers to other keys at any size', () => {
    for (const size of [0, 1, 511, 512, 513, 1_500]) {
      const table = new KeyTable();
      for (let i = 0; i < size; i++) table.add(i + 0.5);
      expect(table.numberKeys).to.not.equal(undefined);
      expect(table.add('x')).to.equal(~size);
      expect(table.numberKeys).to.equal(undefined);
      for (let i = 0; i < size; i++) expect(table.add(i + 0.5)).to.equal(i);
      expect(table.add(-7)).to.equal(~(size + 1));
      expect(table.add(NaN)).to.equal(~(size + 2));
      expect(table.add(NaN)).to.equal(size + 2);
    }
  });

  it('is as new after clear, small and large', () => {
    for (const size of [10, 100_000]) {
      const table = new KeyTable();
      for (let i = 0; i < size; i++) table.add(`k${String(i)}`);
      const before = table.sizeBytes;
      table.clear();
      expect(table.sizeBytes).to.be.below(Math.max(before, 40_000));
      expect(table.count).to.equal(0);
      expect(table.find('k1')).to.equal(-1);
      expect(table.add(3)).to.equal(~0);
      expect(table.add('k1')).to.equal(~1);
      expect(table.add(3)).to.equal(0);
    }
  });

  it('does not keep the chunk of text alive that a key was cut from', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const table = new KeyTable();
    const chunkBytes = 1_000_000;
    const fill = (): void => {
      for (let i = 0; i < 40; i++) {
        const chunk = `a-word-of-some-length-${String(i)} ${'x'.repeat(8)}`.padEnd(
          chunkBytes,
          '.,',
        );
        const text = Buffer.from(chunk).toString('latin1');
        for (const word of text.slice(0, 60).split(' ')) table.add(word);
        table.add(text.slice(100, 130 + i));
      }
    };
    fill();
    collect();
    const before = process.memoryUsage().heapUsed;
    table.clear();
    collect();
    const freed = before - process.memoryUsage().heapUsed;
    expect(freed).to.be.below(5 * chunkBytes);
  });

  it('refuses what is no key', () => {
    expect(() => new KeyTable().add([() => 1])).to.throw(KeyNotHashableError);
  });
});

describe('flatString', () => {
  it('returns an equal string (property)', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100, unit: 'binary' }), strings, (a, b) => {
        expect(flatString(a + b)).to.equal(a + b);
      }),
    );
  });
});

describe('CombineTable', () => {
  for (const [name, arbitrary] of keyKinds) {
    it(`merges values by key for ${name}, in order of arrival (property)`, () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(arbitrary, fc.integer()), { maxLength: 60 }), (pairs) => {
          const table = makeCombineTable(
            (value) => [value],
            (list, value) => [...(list as unknown[]), value],
          );
          const model = new KeyMap<unknown, number[]>();
          for (const [key, value] of pairs) {
            table.update(key, value);
            model.set(key, [...(model.get(key) ?? []), value]);
          }
          expect(table.count).to.equal(model.size);
          const seen: [unknown, unknown][] = [];
          table.forEach((key, value) => seen.push([key, value]));
          expect(seen).to.deep.equal([...model]);
          for (const [key, values] of model) expect(table.get(key)).to.deep.equal(values);
        }),
      );
    });
  }

  it('does not call merge for the first value of a key, and takes the value itself without create', () => {
    const table = makeCombineTable(undefined, () => {
      throw new Error('merge was called');
    });
    const value = { any: 'value' };
    table.update('a', value);
    table.update('b', undefined);
    expect(table.get('a')).to.equal(value);
    expect(table.has('b')).to.equal(true);
    expect(table.get('b')).to.equal(undefined);
  });

  it('keeps numbers, -0 and NaN, and goes over to any value in the middle', () => {
    const table = makeCombineTable(undefined, (a, b) => (b === 'list' ? [a] : b));
    for (let i = 0; i < 2_000; i++) table.update(i, i / 2);
    expect(table.columns().values).to.be.instanceOf(Float64Array);
    table.update(5, -0);
    table.update(6, NaN);
    expect(table.get(5)).to.equal(-0);
    expect(table.get(6)).to.be.NaN;
    table.update(7, 'list');
    expect(table.columns().values).to.not.be.instanceOf(Float64Array);
    expect(table.get(7)).to.deep.equal([3.5]);
    expect(table.get(5)).to.equal(-0);
    expect(table.get(1_999)).to.equal(999.5);
    table.update(8, 12);
    expect(table.get(8)).to.equal(12);
    table.update('new', null);
    expect(table.get('new')).to.equal(null);
  });

  it('updates from columns as from single values', () => {
    const columns: [unknown[] | Float64Array, unknown[] | Float64Array][] = [
      [Float64Array.of(1, 2, 1, NaN, NaN, 9), Float64Array.of(1, 2, 3, 4, 5, 6)],
      [['a', 'b', 'a', 'c', 'c', 'z'], Float64Array.of(1, 2, 3, 4, 5, 6)],
      [
        ['a', 1, 'a', [1], [1], 'z'],
        [1, 2, 3, 4, 5, 6],
      ],
    ];
    for (const [keyColumn, valueColumn] of columns) {
      const table = makeCombineTable(undefined, (a, b) => (a as number) * 10 + (b as number));
      table.updateColumns(keyColumn, valueColumn, 0, 5);
      expect(table.count).to.equal(3);
      expect(Array.from(table.columns().values)).to.deep.equal([13, 2, 45]);
    }
  });

  it('orders entries by partition and unsigned hash (property)', () => {
    fc.assert(
      fc.property(fc.array(keys, { maxLength: 80 }), fc.integer({ min: 1, max: 9 }), (added, n) => {
        const table = makeCombineTable(undefined, (a) => a);
        for (const key of added) table.update(key, 1);
        const { order, partitionStarts, hashes } = table.sorted(n);
        const expected = Array.from({ length: table.count }, (_, entry) => entry).sort(
          (a, b) =>
            partitionOfHash(hashes[a]!, n) - partitionOfHash(hashes[b]!, n) ||
            (hashes[a]! >>> 0) - (hashes[b]! >>> 0) ||
            a - b,
        );
        expect([...order]).to.deep.equal(expected);
        expect([...partitionStarts]).to.have.length(n + 1);
        const grouped = table.partitioned(n);
        expect([...grouped.partitionStarts]).to.deep.equal([...partitionStarts]);
        for (let p = 0; p < n; p++) {
          const part = order.slice(partitionStarts[p], partitionStarts[p + 1]);
          for (const entry of part) expect(partitionOfHash(hashes[entry]!, n)).to.equal(p);
          const same = grouped.order.slice(partitionStarts[p], partitionStarts[p + 1]);
          expect([...same]).to.deep.equal([...part].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('asks for the partition of each distinct key once', () => {
    const table = makeCombineTable(undefined, (a) => a);
    for (let i = 0; i < 100; i++) table.update(`k${String(i % 10)}`, 1);
    const asked: unknown[] = [];
    const { partitionStarts } = table.sorted(3, (key, hash) => {
      expect(hash).to.equal(hashKey(key));
      asked.push(key);
      return Number((key as string).slice(1)) % 3;
    });
    expect(asked).to.have.length(10);
    expect([...partitionStarts]).to.deep.equal([0, 4, 7, 10]);
  });

  it('grows its estimate with keys, with values, and with values that grow in place', () => {
    const table = makeCombineTable(
      () => [],
      (list, value) => {
        (list as unknown[]).push(value);
        return list;
      },
    );
    const empty = table.sizeBytes;
    for (let i = 0; i < 5_000; i++) table.update(`key ${String(i)}`, i);
    const withKeys = table.sizeBytes;
    expect(withKeys).to.be.above(empty + 5_000 * 40);
    for (let i = 0; i < 200_000; i++) {
      table.update(`key ${String(i % 5_000)}`, `value ${String(i)}`);
      if (i % 1_000 === 0) expect(table.sizeBytes).to.be.above(empty);
    }
    // 40 strings of about 30 bytes and their places for each of 5,000 keys.
    expect(table.sizeBytes).to.be.within(withKeys + 3_000_000, withKeys + 30_000_000);
    table.clear();
    expect(table.sizeBytes).to.be.below(withKeys);
    expect(table.count).to.equal(0);
  });

  it('runs the code of one merge function for all tables that use it, apart from others', () => {
    const sum = (a: unknown, b: unknown): unknown => (a as number) + (b as number);
    const one = makeCombineTable(undefined, sum);
    const two = makeCombineTable(undefined, sum);
    one.update('a', 1);
    two.update('a', 5);
    one.update('a', 2);
    expect(one.get('a')).to.equal(3);
    expect(two.get('a')).to.equal(5);
  });
});

describe('CountTable', () => {
  it('counts keys by value', () => {
    const table = new CountTable();
    for (let i = 0; i < 3_000; i++) table.add([i % 1_000, 'a']);
    table.add('b', 5);
    table.add('b');
    expect(table.count).to.equal(1_001);
    expect(table.get([7, 'a'])).to.equal(3);
    expect(table.get('b')).to.equal(6);
    expect(table.get('c')).to.equal(0);
    const map = table.toMap();
    expect(map.get([999, 'a'])).to.equal(3);
    expect(table.entries()[1_000]).to.deep.equal(['b', 6]);
  });
});
