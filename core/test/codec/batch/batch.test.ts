import { expect } from 'chai';
import fc from 'fast-check';
import { deepStrictEqual } from 'node:assert/strict';
import {
  ByteReader,
  ByteWriter,
  CorruptDataError,
  decodeBatches,
  encodeBatches,
  encodeValue,
  plainCodeTable,
  readBatch,
  readPairColumns,
  writeBatch,
  writePairColumns,
} from '../../../src/codec/index.js';

const code = plainCodeTable;

function encoded(records: readonly unknown[]): Uint8Array {
  const writer = new ByteWriter();
  writeBatch(writer, records, 0, records.length, code);
  return writer.finish();
}

function decoded(bytes: Uint8Array): unknown[] {
  const reader = new ByteReader(bytes);
  const records = readBatch(reader, code);
  expect(reader.remaining).to.equal(0);
  return records;
}

function expectRoundTrip(records: readonly unknown[]): void {
  deepStrictEqual(decoded(encoded(records)), records);
}

const texts = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ maxLength: 6, unit: 'binary' }),
  fc.constantFrom('', 'é', '\ud800', '\udc00', '\u{1f600}', '\0', 'x'.repeat(300)),
);
const numbers = fc.oneof(
  fc.integer(),
  fc.integer({ min: 0, max: 200 }),
  fc.double(),
  fc.constantFrom(0, -0, NaN, Infinity, 2 ** 53, -(2 ** 53), 1e300, 1_700_000_000_000),
);
const scalars: fc.Arbitrary<unknown> = fc.oneof(
  numbers,
  texts,
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(null, undefined, 1n, -(2n ** 63n), 2n ** 63n),
  fc.integer().map((time) => new Date(time)),
  fc.constant(new Date(NaN)),
  fc.uint8Array({ maxLength: 5 }),
);
const anything: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.sparseArray(tie('value'), { maxLength: 4, maxNumElements: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '1', 'é', '__proto__', 'constructor'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((e) => new Map(e)),
    fc.array(tie('value'), { maxLength: 2 }).map((members) => new Set(members)),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    fc.float64Array({ maxLength: 3 }),
    fc.constantFrom(/a/g, Object.assign(Object.create(null), { a: 1 })),
  ),
})).value;

/** One kind of values, as columns mostly have, sometimes with something missing or foreign. */
const kindsOfValues: fc.Arbitrary<unknown>[] = [
  numbers,
  fc.integer({ min: -100, max: 100 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  texts,
  fc.string({ maxLength: 8 }),
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer().map((time) => new Date(time)),
  fc.uint8Array({ maxLength: 9 }),
  fc.constantFrom<unknown>(1, 0, -0),
  fc.constantFrom<unknown>('same'),
  fc.constantFrom<unknown>(null),
  fc.constantFrom<unknown>(undefined, null),
  fc.array(numbers, { maxLength: 4 }),
  fc.array(texts, { maxLength: 4 }),
  fc.array(anything, { maxLength: 3 }),
  fc.constant([]),
];
const values = fc.constantFrom(...kindsOfValues);
const mostly = (arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) });
const shapes: fc.Arbitrary<fc.Arbitrary<unknown>> = fc
  .tuple(values, values, values, fc.boolean())
  .chain(([a, b, c, missing]) => {
    const [x, y, z] = missing ? [mostly(a), mostly(b), mostly(c)] : [a, b, c];
    return fc.constantFrom<fc.Arbitrary<unknown>>(
      x,
      fc.tuple(x),
      fc.tuple(x, y),
      fc.tuple(x, y, z),
      fc.tuple(x, fc.tuple(y, z)),
      fc.tuple(x, fc.array(y, { maxLength: 4 })),
      fc.record({ a: x, b: y, c: z }, { noNullPrototype: true }),
      fc.record({ 7: x, name: y, pair: fc.tuple(z, y) }, { noNullPrototype: true }),
      fc.tuple(
        x,
        fc.record(
          { a: y, list: fc.array(fc.record({ c: z }, { noNullPrototype: true })) },
          { noNullPrototype: true },
        ),
      ),
    );
  });
const columnsOfRecords = shapes.chain((shape) =>
  fc
    .tuple(
      fc.array(shape, { maxLength: 30 }),
      fc.oneof(
        { weight: 5, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(anything, { maxLength: 1 }) },
      ),
    )
    .map(([records, foreign]) => [...records, ...foreign]),
);

describe('Batch encoding', () => {
  it('brings back records of one shape exactly (property)', () => {
    fc.assert(fc.property(columnsOfRecords, expectRoundTrip), { numRuns: 1_500 });
  });

  it('brings back mixed records exactly (property)', () => {
    fc.assert(fc.property(fc.array(anything, { maxLength: 12 }), expectRoundTrip), {
      numRuns: 600,
    });
  });

  const examples: [string, unknown[]][] = [
    ['no records', []],
    ['-0 among zeros', [0, -0, 0]],
    ['-0 only', [-0, -0]],
    ['NaN only', [NaN, NaN]],
    ['integers at the ends of each width', [0, 255]],
    ['integers of two bytes', [-5, 65_530]],
    ['integers of four bytes', [-1, 4_294_967_294]],
    ['integers too far apart for four bytes', [-1, 4_294_967_295]],
    ['safe integers', [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 3]],
    ['integers that are not safe', [2 ** 53, 2 ** 53 + 2]],
    ['bigints that fit 64 bits and one that does not', [1n, 2n ** 63n]],
    [
      'lone surrogates that would join',
      [
        ['\ud83d', '\ude00'],
        ['a', 'b'],
      ],
    ],
    ['strings that end in a high surrogate', ['a\ud83d', '\ude00b']],
    ['tuples with a hole', [[1, 2], new Array(2)]],
    [
      'objects with keys in another order',
      [
        { a: 1, b: 2 },
        { b: 1, a: 2 },
      ],
    ],
    ['objects with an optional property', [{ a: 1 }, { a: 1, b: undefined }]],
    [
      'objects with __proto__ as a name',
      [JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 2}')],
    ],
    ['objects without properties', [{}, {}]],
    ['empty arrays', [[], []]],
    ['results of match', ['xay'.match(/a/), 'bab'.match(/a/)]],
    ['invalid dates', [new Date(NaN), new Date(0)]],
    ['numbers, and then something else', [1, 2, 3, 'x']],
    ['nothing but null', [null, null]],
    ['null and undefined', [null, undefined, null]],
    ['missing pairs', [[1, 'a'], null, undefined, [2, 'b']]],
    [
      'groups',
      [
        ['k', [1, 2, 3]],
        ['l', []],
        ['m', [4]],
      ],
    ],
    [
      'groups of nothing',
      [
        ['k', []],
        ['l', []],
      ],
    ],
    [
      'wide tuples',
      Array.from({ length: 3 }, (_, i) => Array.from({ length: 300 }, (__, j) => i * j)),
    ],
    ['booleans over several bytes', Array.from({ length: 19 }, (_, i) => i % 3 === 0)],
  ];
  for (const [name, records] of examples) {
    it(`brings back ${name}`, () => expectRoundTrip(records));
  }

  it('writes parts of an array, and several batches after one another', () => {
    const records = Array.from({ length: 50 }, (_, i) => [`k${String(i)}`, i]);
    const writer = new ByteWriter();
    writeBatch(writer, records, 10, 20, code);
    writeBatch(writer, records, 5, 5, code);
    writeBatch(writer, records, 0, 50, code);
    const reader = new ByteReader(writer.finish());
    expect(readBatch(reader, code)).to.deep.equal(records.slice(10, 20));
    expect(readBatch(reader, code)).to.deep.equal([]);
    expect(readBatch(reader, code)).to.deep.equal(records);
    expect(reader.remaining).to.equal(0);
  });

  it('cuts a sequence into batches', () => {
    for (const count of [0, 1, 9, 10, 11, 25]) {
      const records = Array.from({ length: count }, (_, i) => ({ i }));
      const batches = [...decodeBatches(encodeBatches(records, code, 10), code)];
      expect(batches.flat()).to.deep.equal(records);
      expect(batches).to.have.length(Math.ceil(count / 10));
    }
  });

  it('keeps cycles and shared values of records that need the value encoding', () => {
    interface Tree {
      name: string;
      parent: Tree | null;
      children: Tree[];
    }
    const root: Tree = { name: 'root', parent: null, children: [] };
    root.children.push({ name: 'leaf', parent: root, children: [] });
    const [tree, other] = decoded(
      encoded([root, { name: 'x', parent: null, children: [] }]),
    ) as Tree[];
    expect(tree!.children[0]!.parent).to.equal(tree);
    expect(other!.name).to.equal('x');

    const shared = new Map([[1, 2]]);
    const [a, b] = decoded(encoded([{ m: shared }, { m: shared }])) as { m: unknown }[];
    expect(a!.m).to.equal(b!.m);

    const record: { id: number; index: Map<string, unknown> } = { id: 1, index: new Map() };
    record.index.set('self', record);
    const [copy] = decoded(encoded([record, { id: 2, index: new Map() }])) as (typeof record)[];
    expect(copy!.index.get('self')).to.equal(copy);
  });

  it('brings back deep nesting of plain data', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 40; i++) deep = i % 2 === 0 ? { deep } : [deep, i];
    expectRoundTrip([deep, deep]);
    expectRoundTrip([
      [1, deep],
      [2, deep],
    ]);
  });

  it('brings back long texts and long lists', () => {
    const text = 'αβγ'.repeat(100_000);
    expectRoundTrip([text, text + '1', null]);
    expectRoundTrip([
      ['k', Array.from({ length: 70_000 }, (_, i) => i)],
      ['l', Array.from({ length: 300 }, (_, i) => (i === 299 ? 'mixed' : i))],
    ]);
  });

  it('is small for the shapes of every day', () => {
    const count = 1_024;
    const bytesPer = (recordAt: (i: number) => unknown): number =>
      encoded(Array.from({ length: count }, (_, i) => recordAt(i))).length / count;
    expect(bytesPer((i) => ['word', i % 200])).to.be.below(1.1);
    expect(bytesPer((i) => [`w${String(1_000 + i)}`, i * 0.37])).to.be.below(14.1);
    expect(bytesPer((i) => [i, i])).to.be.below(4.1);
    expect(
      bytesPer((i) => ({ id: i, name: `user${String(1_000 + i)}`, active: i % 2 === 0 })),
    ).to.be.below(11.3);
    expect(bytesPer((i) => [1_700_000_000_000 + i * 1_000, null])).to.be.below(4.1);
  });
});

describe('Pair columns', () => {
  const columns: [string, readonly unknown[] | Float64Array, readonly unknown[] | Float64Array][] =
    [
      ['numbers and numbers', Float64Array.of(1, 2, 3, -0), Float64Array.of(0.5, NaN, 1, 2)],
      ['strings and numbers', ['a', 'b', 'é', ''], Float64Array.of(1, 2, 3, 4)],
      ['numbers and lists', Float64Array.of(1, 2, 3, 4), [[1], [], ['x'], [null]]],
      ['mixed keys and Maps', ['a', 1, null, [1]], [new Map(), 1, 'x', undefined]],
      ['constants', ['k', 'k', 'k', 'k'], [1, 1, 1, 1]],
    ];
  for (const [name, keys, values] of columns) {
    it(`are read as columns and as pairs: ${name}`, () => {
      const order = Uint32Array.of(9, 3, 0, 2, 1);
      const cases: [number, number, Uint32Array | undefined, number[]][] = [
        [0, 4, undefined, [0, 1, 2, 3]],
        [1, 3, undefined, [1, 2]],
        [1, 4, order, [3, 0, 2]],
        [2, 2, undefined, []],
      ];
      for (const [from, to, rows, expected] of cases) {
        const writer = new ByteWriter();
        writePairColumns(writer, keys, values, from, to, rows, code);
        const bytes = writer.finish();
        const pairs = expected.map((row) => [keys[row], values[row]]);
        deepStrictEqual(decoded(bytes), pairs);
        const reader = new ByteReader(bytes);
        const read = readPairColumns(reader, code);
        expect(reader.remaining).to.equal(0);
        expect(read.count).to.equal(pairs.length);
        deepStrictEqual(
          Array.from(read.keys),
          pairs.map(([key]) => key),
        );
        deepStrictEqual(
          Array.from(read.values),
          pairs.map(([, value]) => value),
        );
      }
    });
  }

  it('come back as Float64Array where a column is numeric', () => {
    const writer = new ByteWriter();
    writePairColumns(writer, ['a', 'b'], [1, 2], 0, 2, undefined, code);
    const { keys, values } = readPairColumns(new ByteReader(writer.view()), code);
    expect(values).to.be.instanceOf(Float64Array);
    expect(keys).to.deep.equal(['a', 'b']);
  });

  it('are read from batches that were written as records (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anything, anything), { minLength: 1, maxLength: 8 }),
        (pairs) => {
          const { keys, values, count } = readPairColumns(new ByteReader(encoded(pairs)), code);
          expect(count).to.equal(pairs.length);
          deepStrictEqual(
            Array.from(keys),
            pairs.map(([key]) => key),
          );
          deepStrictEqual(
            Array.from(values),
            pairs.map(([, value]) => value),
          );
        },
      ),
    );
  });

  it('refuse batches of other records', () => {
    for (const records of [
      [1, 2],
      ['a', 'b'],
      [
        [1, 2, 3],
        [1, 2, 3],
      ],
      [{ a: 1 }, new Map()],
    ]) {
      expect(() => readPairColumns(new ByteReader(encoded(records)), code)).to.throw(
        CorruptDataError,
      );
    }
  });
});

describe('Damaged batches', () => {
  const date = new Date(5);
  const batches: unknown[][] = [
    Array.from({ length: 20 }, (_, i) => [`key${String(i)}`, i * 1.5]),
    Array.from({ length: 20 }, (_, i) => [i, i]),
    Array.from({ length: 20 }, (_, i) => ({
      id: i,
      name: 'é'.repeat(i % 5),
      flag: i % 2 === 0,
      at: date,
    })),
    Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? null : i % 4 === 0 ? undefined : i)),
    Array.from({ length: 20 }, (_, i) => [BigInt(i), Array.from({ length: i % 4 }, () => 'x')]),
    Array.from({ length: 20 }, () => [1, 'constant']),
    [new Map([[1, { a: [1, 2] }]]), 'x', { a: 1 }, /a/],
    Array.from({ length: 20 }, (_, i) => new Uint8Array(i)),
    ['\ud800', 'a'],
  ];

  it('end in CorruptDataError or in other values, never in another error or in much memory', function () {
    this.timeout(60_000);
    let state = 1;
    const next = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return (state >>> 8) % limit;
    };
    const originals = batches.map(encoded);
    let refused = 0;
    const runs = 100_000;
    for (let run = 0; run < runs; run++) {
      const bytes = originals[run % originals.length]!.slice();
      const changes = 1 + next(3);
      for (let i = 0; i < changes; i++) bytes[next(bytes.length)] = next(4) === 0 ? 255 : next(256);
      const cut = next(10) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes;
      try {
        readBatch(new ByteReader(cut), code);
      } catch (error) {
        if (!(error instanceof CorruptDataError)) throw error;
        refused++;
      }
    }
    expect(refused).to.be.above(runs / 10);
  });

  it('are refused when they are cut off anywhere', () => {
    for (const records of batches) {
      const bytes = encoded(records);
      for (let length = 0; length < bytes.length; length++) {
        expect(() => readBatch(new ByteReader(bytes.subarray(0, length)), code)).to.throw(
          CorruptDataError,
        );
      }
    }
  });

  it('are refused with another version', () => {
    const bytes = encoded([1, 2]);
    bytes[0] = 2;
    expect(() => decoded(bytes)).to.throw(CorruptDataError, /version 2/);
  });

  it('cannot demand memory by their announced size', () => {
    const huge = (write: (writer: ByteWriter) => void): Uint8Array => {
      const writer = new ByteWriter();
      writer.u8(1);
      writer.varint(2 ** 40);
      write(writer);
      return writer.finish();
    };
    const one = encodeValue(1, code);
    const bodies: ((writer: ByteWriter) => void)[] = [
      (writer) => {
        writer.u8(1);
        writer.bytes(one);
      },
      (writer) => {
        writer.u8(4);
      },
      (writer) => {
        writer.u8(10);
        writer.varint(200);
        for (let i = 0; i < 200; i++) {
          writer.u8(1);
          writer.bytes(one);
        }
      },
      (writer) => {
        writer.u8(2);
      },
      (writer) => {
        writer.u8(3);
        writer.u8(1);
        writer.f64(0);
      },
      (writer) => {
        writer.u8(5);
        writer.u8(0);
        writer.u8(1);
        writer.f64(0);
      },
      (writer) => {
        writer.u8(9);
        writer.u8(0);
      },
      (writer) => {
        for (let i = 0; i < 1_000; i++) {
          writer.u8(10);
          writer.varint(1);
        }
      },
    ];
    for (const body of bodies) expect(() => decoded(huge(body))).to.throw(CorruptDataError);
  });

  it('of many constants are split by the writer so that they can be read', () => {
    const records = Array.from({ length: 300_000 }, () => [
      'a',
      1,
      'b',
      2,
      'c',
      3,
      'd',
      4,
      'e',
      5,
      'f',
      6,
      'g',
      7,
      'h',
      8,
    ]);
    const copy = decoded(encoded(records));
    expect(copy).to.have.length(records.length);
    expect(copy[299_999]).to.deep.equal(records[0]);
  });
});
