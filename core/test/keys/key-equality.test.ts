import { expect } from 'chai';
import fc from 'fast-check';
import {
  checkKey,
  compareKeys,
  compareStrings,
  hashKey,
  hashString,
  KeyNotHashableError,
  keysEqual,
  partitionOfHash,
} from '../../src/keys/index.js';
import { keys, numbers, Point, strings, Tags, Vector } from './arbitrary-keys.js';

describe('B.0 key equality', () => {
  const equal: [string, unknown, unknown][] = [
    ['NaN and NaN', NaN, -NaN],
    ['0 and -0', 0, -0],
    ['arrays of equal elements', [1, ['a', NaN]], [1, ['a', NaN]]],
    ['a hole and undefined', new Array(1), [undefined]],
    ['objects whose properties are in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    [
      'an object without a prototype and a plain one',
      Object.assign(Object.create(null), { a: 1 }),
      { a: 1 },
    ],
    ['instances of one class', new Point(1, 2), new Point(1, 2)],
    ['dates of one time', new Date(5), new Date(5)],
    ['invalid dates', new Date(NaN), new Date(NaN)],
    ['regular expressions of one text', /a+/gi, new RegExp('a+', 'ig')],
    ['bytes and a Buffer of the same bytes', new Uint8Array([1, 2]), Buffer.from([1, 2])],
    ['views of equal bytes', new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
    [
      'Maps in another order',
      new Map([
        [1, 'a'],
        [2, 'b'],
      ]),
      new Map([
        [2, 'b'],
        [1, 'a'],
      ]),
    ],
    ['Maps with keys that are equal by value', new Map([[[1], 'a']]), new Map([[[1], 'a']])],
    ['Sets in another order', new Set([[1], [2]]), new Set([[2], [1]])],
    ['bigints', 2n ** 80n, 2n ** 80n],
  ];
  for (const [name, a, b] of equal) {
    it(`holds for ${name}, which have one hash and compare as 0`, () => {
      expect(keysEqual(a, b)).to.equal(true);
      expect(keysEqual(b, a)).to.equal(true);
      expect(hashKey(a)).to.equal(hashKey(b));
      expect(compareKeys(a, b)).to.equal(0);
    });
  }

  const unequal: [string, unknown, unknown][] = [
    ['1 and 1n', 1, 1n],
    ["1 and '1'", 1, '1'],
    ['1 and true', 1, true],
    ['null and undefined', null, undefined],
    ['a property that is undefined and none', { a: undefined }, {}],
    ['undefined and absent properties of one number', { a: undefined }, { b: undefined }],
    ['arrays of another length', [1], [1, undefined]],
    ['an instance and a plain object with its fields', new Point(1, 2), { x: 1, y: 2 }],
    ['instances of a class and of its subclass', new Point(1, 2), new Vector(1, 2)],
    ['dates and their times', new Date(5), 5],
    ['flags of regular expressions', /a/, /a/g],
    ['kinds of bytes', new Uint8Array([1]), new Int8Array([1])],
    ['a typed array and its buffer', new Uint8Array([1]), new Uint8Array([1]).buffer],
    [
      'Maps with values exchanged',
      new Map([
        [1, 'a'],
        [2, 'b'],
      ]),
      new Map([
        [1, 'b'],
        [2, 'a'],
      ]),
    ],
    ['a Set and a subclass', new Set([1]), new Tags([1])],
    ['an array and an object with its indices', [1], { 0: 1 }],
  ];
  for (const [name, a, b] of unequal) {
    it(`tells ${name} apart, also in the total order`, () => {
      expect(keysEqual(a, b)).to.equal(false);
      expect(keysEqual(b, a)).to.equal(false);
      expect(Math.sign(compareKeys(a, b))).to.equal(-Math.sign(compareKeys(b, a)));
      expect(compareKeys(a, b)).to.not.equal(0);
    });
  }

  it('tells two classes of one name apart, in one order', () => {
    const one = (() =>
      class Unit {
        value = 1;
      })();
    const other = (() =>
      class Unit {
        value = 1;
        other(): void {
          /* another class */
        }
      })();
    expect(keysEqual(new one(), new other())).to.equal(false);
    expect(compareKeys(new one(), new other())).to.equal(-compareKeys(new other(), new one()));
    expect(compareKeys(new one(), new other())).to.not.equal(0);
  });

  it('holds for few pairs of keys by chance, and then hash and order agree (property)', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const same = keysEqual(a, b);
        expect(keysEqual(b, a)).to.equal(same);
        expect(compareKeys(a, b) === 0).to.equal(same);
        if (same) expect(hashKey(a)).to.equal(hashKey(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('holds for a structured clone of every key without classes (property)', () => {
    const noClasses = keys.filter((key) => !hasClass(key));
    fc.assert(
      fc.property(noClasses, (key) => {
        const copy = structuredClone(key);
        expect(keysEqual(key, copy)).to.equal(true);
        expect(hashKey(key)).to.equal(hashKey(copy));
        expect(compareKeys(key, copy)).to.equal(0);
      }),
    );
  });
});

function hasClass(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return false;
  if (key instanceof Point || key instanceof Tags) return true;
  if (key instanceof Map) return [...key].flat().some(hasClass);
  return (key instanceof Set ? [...key] : Object.values(key)).some(hasClass);
}

describe('B.0 key order', () => {
  it('sorts mixed and edge values as it is written down', () => {
    const ordered: unknown[] = [
      undefined,
      null,
      false,
      true,
      -Infinity,
      -1,
      0,
      0n,
      0.5,
      1,
      1n,
      2 ** 53,
      2n ** 53n + 1n,
      Infinity,
      NaN,
      '',
      'a',
      'a\0',
      'ab',
      'b',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{1f600}',
      new Date(-1),
      new Date(1),
      new Date(NaN),
      new Int8Array([0]),
      new Uint8Array([]),
      new Uint8Array([1]),
      new Uint8Array([1, 0]),
      new Uint8Array([2]),
      [],
      [1],
      [1, 'a'],
      [1, 'b'],
      ['a'],
      [[]],
      new Map([[1, 1]]),
      new Map([[1, 2]]),
      {},
      { a: 1 },
      { a: 1, b: 1 },
      { a: 2 },
      { b: 0 },
      new Point(1, 1),
      new Point(1, 2),
      /a/,
      /b/,
      new Set([1]),
      new Set([1, 2]),
      new Vector(0, 0),
    ];
    for (let i = 0; i < ordered.length; i++) {
      for (let j = 0; j < ordered.length; j++) {
        expect(Math.sign(compareKeys(ordered[i], ordered[j])), `${i} and ${j}`).to.equal(
          Math.sign(i - j),
        );
      }
    }
  });

  it('is antisymmetric and transitive over mixed keys (property)', () => {
    fc.assert(
      fc.property(keys, keys, keys, (a, b, c) => {
        // In boxes: Array.prototype.sort never asks about undefined.
        const boxes = [{ key: a }, { key: b }, { key: c }];
        const [x, y, z] = boxes.sort((p, q) => compareKeys(p.key, q.key)).map(({ key }) => key);
        expect(compareKeys(x, y)).to.be.at.most(0);
        expect(compareKeys(y, z)).to.be.at.most(0);
        expect(compareKeys(x, z)).to.be.at.most(0);
        expect(Math.sign(compareKeys(x, z))).to.equal(-Math.sign(compareKeys(z, x)));
        if (compareKeys(x, y) === 0) {
          expect(Math.sign(compareKeys(x, z))).to.equal(Math.sign(compareKeys(y, z)));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('of strings is the order of their code points (property)', () => {
    const byCodePoints = (a: string, b: string): number => {
      const left = Array.from(a, (character) => character.codePointAt(0)!);
      const right = Array.from(b, (character) => character.codePointAt(0)!);
      for (let i = 0; i < Math.min(left.length, right.length); i++) {
        if (left[i] !== right[i]) return left[i]! - right[i]!;
      }
      return left.length - right.length;
    };
    fc.assert(
      fc.property(strings, strings, (a, b) => {
        expect(Math.sign(compareStrings(a, b))).to.equal(Math.sign(byCodePoints(a, b)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('B.0 key hashes', () => {
  it('are the same in every process and version', () => {
    const hashes: [unknown, number][] = [
      ['', -1880756559],
      ['a', 1836814417],
      ['heddle', -1379827905],
      ['\u{1f600}', 1047929890],
      [0, 0],
      [1, 1364076727],
      [-1, -2114883783],
      [0.5, -539204021],
      [NaN, 2146959361],
      [2 ** 40, -1506737789],
      [Infinity, 586246894],
      [1n, -1260887737],
      [2n ** 100n, -599120176],
      [true, 262886248],
      [false, -878682501],
      [null, 0],
      [undefined, 0],
      [[1, 'a'], 2014493360],
      [[], -1436661295],
      [{ a: 1, b: [2] }, 1809419283],
      [new Date(86_400_000), -1527831199],
      [/a+/g, -872650456],
      [new Uint8Array([1, 2, 3]), 401353384],
      [new Map([['a', 1]]), -1139859551],
      [new Set([1, 2]), -1135071212],
    ];
    for (const [key, hash] of hashes) expect(hashKey(key), String(key)).to.equal(hash);
  });

  it('of null and undefined are 0, so that they go to partition 0', () => {
    for (const n of [1, 7, 200]) {
      expect(partitionOfHash(hashKey(null), n)).to.equal(0);
      expect(partitionOfHash(hashKey(undefined), n)).to.equal(0);
    }
  });

  it('are int32, and partitions are never negative (property)', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 10_000 }), (key, n) => {
        const hash = hashKey(key);
        expect(hash | 0).to.equal(hash);
        const partition = partitionOfHash(hash, n);
        expect(partition).to.be.within(0, n - 1);
        expect((((hash % n) + n) % n) - partition).to.equal(0);
      }),
    );
  });

  it('of strings do not depend on how V8 holds them', () => {
    const chunk = 'some long text that words are cut from, and pasted to';
    const slice = chunk.slice(5, 30);
    const flat = Buffer.from(slice).toString();
    const pasted = chunk.slice(5, 18) + chunk.slice(18, 30);
    expect(hashString(slice)).to.equal(hashString(flat));
    expect(hashString(pasted)).to.equal(hashString(flat));
  });

  const families: [string, (i: number) => unknown][] = [
    ['sequential integers', (i) => i],
    ['multiples of 64', (i) => 64 * i],
    ['negative integers', (i) => -i],
    ['fractions', (i) => i / 8],
    ['large integers', (i) => 1_700_000_000_000 + i * 1_000],
    ['decimal strings', (i) => String(i)],
    ['padded strings', (i) => `key${String(i).padStart(10, '0')}`],
    ['short words', (i) => (i + 1_000).toString(36)],
    ['pairs of small integers', (i) => [i % 300, Math.floor(i / 300)]],
    ['pairs of a string and a number', (i) => [`user${String(i % 100)}`, i]],
    ['objects', (i) => ({ id: i, kind: 'x' })],
    ['dates', (i) => new Date(i * 86_400_000)],
    ['bigints', (i) => BigInt(i)],
  ];
  for (const [name, keyAt] of families) {
    it(`spread ${name} evenly over partitions and without many collisions`, () => {
      const count = 60_000;
      const distinct = new Set<number>();
      for (let i = 0; i < count; i++) distinct.add(hashKey(keyAt(i)));
      // By chance, 60,000 of 2^32 hashes collide 0.4 times; -0 and 0 are one key.
      expect(distinct.size).to.be.at.least(count - 12);
      for (const n of [2, 7, 8, 16, 31]) {
        const sizes = new Array<number>(n).fill(0);
        for (let i = 0; i < count; i++) sizes[partitionOfHash(hashKey(keyAt(i)), n)]!++;
        const mean = count / n;
        for (const size of sizes)
          expect(Math.abs(size - mean) / mean, `n = ${n}`).to.be.below(0.08);
      }
    });
  }

  it('of numbers treat integers and doubles of one value alike (property)', () => {
    fc.assert(
      fc.property(numbers, (value) => {
        expect(hashKey(value)).to.equal(hashKey(new Float64Array([value])[0]));
      }),
    );
  });
});

describe('B.0 values that are no keys', () => {
  class Secret {
    readonly #value: number;
    constructor(value: number) {
      this.#value = value;
    }
    get value(): number {
      return this.#value;
    }
  }
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const mapCycle = new Map<unknown, unknown>();
  mapCycle.set('self', mapCycle);
  const refused: [string, unknown, RegExp][] = [
    ['a function', (): number => 1, /a function/],
    ['a symbol', Symbol('s'), /a symbol/],
    ['a promise', Promise.resolve(1), /a promise/],
    ['a WeakMap', new WeakMap(), /a WeakMap/],
    ['a WeakSet', new WeakSet(), /a WeakSet/],
    ['an error', new TypeError('x'), /an error/],
    ['a boxed number', Object(1), /a boxed number/],
    ['a boxed string', Object('s'), /a boxed string/],
    ['an array that contains itself', cycle, /contains itself/],
    ['a Map that contains itself', mapCycle, /contains itself/],
    ['a function inside of an object', { f: [(): number => 1] }, /a function/],
    [
      'an instance whose fields are all private',
      new Secret(1),
      /class Secret.*without public fields/,
    ],
    ['a URL', new URL('http://host/'), /class URL.*without public fields/],
  ];
  for (const [name, value, message] of refused) {
    it(`refuse ${name} with KeyNotHashableError`, () => {
      for (const use of [hashKey, checkKey]) {
        expect(() => use(value))
          .to.throw(KeyNotHashableError, message)
          .with.property('code', 'KEY_NOT_HASHABLE');
      }
    });
  }

  it('are refused by comparisons too', () => {
    expect(() => keysEqual(new Secret(1), new Secret(1))).to.throw(KeyNotHashableError);
    expect(() => compareKeys(() => 1, 2)).to.throw(KeyNotHashableError);
    expect(() => compareKeys(new Error('a'), 2)).to.throw(KeyNotHashableError);
    const other: unknown[] = [];
    other.push(other);
    expect(() => keysEqual(cycle, other)).to.throw(KeyNotHashableError);
    expect(() => compareKeys(cycle, other)).to.throw(KeyNotHashableError);
  });
});
