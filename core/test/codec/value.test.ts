import { isDeepStrictEqual } from 'node:util';

import { expect } from 'chai';
import fc from 'fast-check';

import {
  ByteReader,
  ByteWriter,
  CorruptDataError,
  decodeValue,
  encodeValue,
  plainCodeTable,
  readValue,
  UnsupportedValueError,
  writeValue,
} from '../../src/codec/index.js';
import { registerValueType } from '../../src/codec/value/engine-types.js';

function trip<T>(value: T): T {
  return decodeValue(encodeValue(value, plainCodeTable), plainCodeTable) as T;
}

/** Values of every kind, nested; without functions and symbols that are not registered. */
const anyValue = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      undefined,
      null,
      true,
      false,
      0,
      -0,
      NaN,
      Infinity,
      -Infinity,
      2 ** 53,
      -(2 ** 31),
    ),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: false }),
    fc.constantFrom(/a+b/giu, Symbol.for('a'), Symbol.iterator, Math.max, new URL('http://h/p?q')),
    fc.uint8Array(),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.uint16Array(),
    fc.string().map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => new Uint8Array(bytes).buffer),
    fc.constantFrom(1, 'x', true, 5n).map((value) => Object(value) as object),
  ),
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 8 }),
    fc.sparseArray(tie('value'), { maxLength: 12, noTrailingHole: false }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 8 }),
    fc.dictionary(fc.constantFrom('id', 'name', 'tags'), tie('value')),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 }).map((list) => new Map(list)),
    fc.array(tie('value'), { maxLength: 5 }).map((list) => new Set(list)),
  ),
})).value;

describe('Value encoding', () => {
  it('brings back any value exactly (property)', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(isDeepStrictEqual(trip(value), value)).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  it('writes several values into one buffer and reads them one after the other (property)', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 6 }), (values) => {
        const writer = new ByteWriter();
        for (const value of values) writeValue(writer, value, plainCodeTable);
        const reader = new ByteReader(writer.view());
        for (const value of values) {
          expect(isDeepStrictEqual(readValue(reader, plainCodeTable), value)).to.equal(true);
        }
        expect(reader.remaining).to.equal(0);
      }),
      { numRuns: 50 },
    );
  });

  it('answers damaged bytes with a value or a CorruptDataError, soon and within memory (property)', () => {
    fc.assert(
      fc.property(
        anyValue,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat()),
        (value, changes, cut) => {
          let bytes = encodeValue(value, plainCodeTable);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          if (cut !== null) bytes = bytes.subarray(0, cut % (bytes.length + 1));
          expectValueOrCorrupt(bytes);
        },
      ),
      { numRuns: 700 },
    );
  });

  it('answers random bytes with a value or a CorruptDataError (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expectValueOrCorrupt(new Uint8Array([1, ...bytes]));
      }),
      { numRuns: 3_000 },
    );
  });

  it('keeps identity and cycles', () => {
    const shared = { n: 1 };
    const map = new Map<unknown, unknown>();
    const value = {
      a: shared,
      b: [shared, shared],
      map,
      self: undefined as unknown,
      set: new Set([map]),
    };
    value.self = value;
    map.set(map, value);
    const back = trip(value);
    expect(back.self).to.equal(back);
    expect(back.b[0]).to.equal(back.a);
    expect(back.b[1]).to.equal(back.a);
    expect(back.map.get(back.map)).to.equal(back);
    expect([...back.set][0]).to.equal(back.map);
  });

  it('carries a value nested a hundred thousand deep, in arrays and in objects', () => {
    let list: unknown = [];
    let object: unknown = {};
    for (let i = 0; i < 100_000; i++) {
      list = [list];
      object = { next: object };
    }
    let at = trip(list);
    let depth = 0;
    for (; Array.isArray(at) && at.length > 0; at = (at as unknown[])[0]) depth++;
    expect(depth).to.equal(100_000);
    depth = 0;
    for (let link = trip(object) as { next?: object }; link.next; link = link.next as typeof link)
      depth++;
    expect(depth).to.equal(100_000);
  });

  it('keeps holes, and does not allocate what an array only claims to be long', () => {
    const holes = new Array<number>(4);
    holes[0] = 1;
    holes[2] = 3;
    expect(trip(holes)).to.have.lengthOf(4);
    expect(1 in trip(holes)).to.equal(false);
    const long: unknown[] = [];
    long[4_294_967_294 - 1] = 'last';
    const bytes = encodeValue(long, plainCodeTable);
    expect(bytes.length).to.be.lessThan(40);
    const back = decodeValue(bytes, plainCodeTable) as unknown[];
    expect(back).to.have.property('length', 4_294_967_294);
    expect(back[4_294_967_293]).to.equal('last');
  });

  it('keeps the fields of a match of a regular expression, and a position', () => {
    const match = /(?<word>b)/d.exec('abc')!;
    const back = trip(match);
    expect(back.index).to.equal(1);
    expect(back.input).to.equal('abc');
    expect({ ...back.groups }).to.deep.equal({ word: 'b' });
    const pattern = /x/g;
    pattern.lastIndex = 3;
    expect(trip(pattern).lastIndex).to.equal(3);
  });

  it('keeps views of one buffer together, and copies no more of a pooled Buffer than its own bytes', () => {
    const buffer = new ArrayBuffer(8);
    const [all, second] = trip([new Uint8Array(buffer), new Uint8Array(buffer, 4, 2)] as const);
    second[0] = 7;
    expect(all[4]).to.equal(7);
    expect(encodeValue(Buffer.from('ab'), plainCodeTable).length).to.be.lessThan(12);
    const resizable = trip(new ArrayBuffer(2, { maxByteLength: 16 }));
    expect(resizable.maxByteLength).to.equal(16);
  });

  it('keeps errors with class, fields, causes and stack', () => {
    const error = new RangeError('far', {
      cause: new AggregateError([new TypeError('t')], 'many'),
    });
    Object.assign(error, { code: 'E1', at: { line: 4 } });
    const back = trip(error) as RangeError & { code: string; at: object };
    expect(back).to.be.instanceOf(RangeError);
    expect(back.stack).to.equal(error.stack);
    expect(back.code).to.equal('E1');
    expect(back.at).to.deep.equal({ line: 4 });
    expect((back.cause as AggregateError).errors[0]).to.be.instanceOf(TypeError);
    expect(Object.keys(back)).to.deep.equal(['code', 'at']);
  });

  it('keeps DOMException and the fields of errors that Node itself makes', () => {
    const abort = trip(AbortSignal.abort().reason as DOMException);
    expect(abort).to.be.instanceOf(DOMException);
    expect(abort.name).to.equal('AbortError');
    const missing = trip(systemError());
    expect(missing.code).to.equal('ENOENT');
    expect(missing).to.be.instanceOf(Error);
  });

  it('reads a getter of a record as the value that it gives', () => {
    const record = {
      get total() {
        return 3;
      },
    };
    expect(trip(record)).to.deep.equal({ total: 3 });
    expect(Object.getOwnPropertyDescriptor(trip(record), 'total')).to.have.property('value', 3);
  });

  it('sets an own property named __proto__ as a property', () => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "b": 2}') as object;
    const back = trip(value);
    expect(Object.getPrototypeOf(back)).to.equal(Object.prototype);
    expect(Object.keys(back)).to.deep.equal(['__proto__', 'b']);
  });

  it('names where a value is that cannot travel', () => {
    const bad = (value: unknown): string => {
      try {
        encodeValue(value, plainCodeTable);
      } catch (error) {
        if (error instanceof UnsupportedValueError) return `${error.path}: ${error.reason}`;
      }
      return 'travels';
    };
    expect(bad({ rows: [1, { job: Promise.resolve() }] })).to.match(
      /^\.rows\[1\]\.job: it is a promise/,
    );
    expect(bad(new Map([['k', new WeakMap()]]))).to.match(/^\.get\("k"\): weak/);
    expect(bad([() => 1])).to.match(/^\[0\]: a function without a name/);
    expect(bad({ s: Symbol('mine') })).to.match(/Symbol\(mine\)/);
    expect(bad({ 'a-b': new SharedArrayBuffer(1) })).to.match(/^\["a-b"\]/);
    expect(bad((function* () {})())).to.match(/generator/);
    expect(
      bad(
        new (class Foo {
          n = 1;
        })(),
      ),
    ).to.match(/class Foo/);
    expect(bad(Object.create(Map.prototype))).to.match(/class Map/);
  });

  it('gives a version, and refuses others and bytes left over', () => {
    const bytes = encodeValue({ a: 1 }, plainCodeTable);
    expect(() => decodeValue(new Uint8Array([...bytes, 0]), plainCodeTable)).to.throw(
      CorruptDataError,
      /1 bytes follow/,
    );
    expect(() => decodeValue(new Uint8Array([99, ...bytes.subarray(1)]), plainCodeTable)).to.throw(
      CorruptDataError,
      /version 99/,
    );
  });

  it('refuses a count, a nesting and a reference that the bytes cannot hold', () => {
    const corrupt = (...bytes: number[]): void => {
      expect(() => decodeValue(new Uint8Array([1, ...bytes]), plainCodeTable)).to.throw(
        CorruptDataError,
      );
    };
    corrupt(22, 0xff, 0xff, 0xff, 0xff, 0x0f);
    corrupt(26, 0xff, 0xff, 0x7f);
    corrupt(28, 0, 0xff, 0xff, 0xff, 0xff, 0x0f);
    corrupt(10, 5);
    corrupt(29, 1, 0, 1, 22, 0);
    corrupt(...new Array<number>(4_000).fill(40).flatMap(() => [40, 2]));
    corrupt(25, 4, 40, 0);
  });

  it('carries instances of engine classes by registered name', () => {
    class Span {
      constructor(
        readonly from: number,
        readonly to: number,
      ) {}
    }
    registerValueType({ name: 'test.Span', class: Span });
    class Bag {
      readonly items = new Map<string, unknown>();
    }
    registerValueType<Bag>({
      name: 'test.Bag',
      class: Bag,
      create: () => new Bag(),
      save: (bag) => [...bag.items],
      restore: (bag, saved) => {
        for (const [key, value] of saved as [string, unknown][]) bag.items.set(key, value);
      },
    });
    const bag = new Bag();
    bag.items.set('self', bag);
    const [span, back] = trip([new Span(1, 2), bag] as const);
    expect(span).to.be.instanceOf(Span);
    expect(span.to).to.equal(2);
    expect(back.items.get('self')).to.equal(back);
  });
});

function systemError(): NodeJS.ErrnoException {
  try {
    process.chdir('/no/such/folder');
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error('there is such a folder');
}

function expectValueOrCorrupt(bytes: Uint8Array): void {
  try {
    decodeValue(bytes, plainCodeTable);
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
  }
}
