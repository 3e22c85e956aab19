import { expect } from 'chai';
import fc from 'fast-check';
import { RecordTypeError } from 'heddle/internal';
import { recordText } from '../../src/output/record-text.js';

class Point {
  readonly #secret = 1;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
  get sum(): number {
    return this.x + this.y + this.#secret;
  }
}

class Money {
  constructor(readonly cents: bigint) {}
  toJSON(): string {
    return `${this.cents} cents`;
  }
}

describe('recordText', () => {
  const table: [name: string, record: unknown, text: string][] = [
    ['a string as it is', 'a "b"\n', 'a "b"\n'],
    ['a number', 1.5, '1.5'],
    ['a large number', 1e21, '1e+21'],
    ['NaN', NaN, 'NaN'],
    ['-0', -0, '0'],
    ['a bigint', 12345678901234567890n, '12345678901234567890'],
    ['a boolean', true, 'true'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol.for('x'), 'Symbol(x)'],
    ['a pair', ['word', 3], '["word",3]'],
    ['a nested tuple', ['k', ['a', undefined, null]], '["k",["a",null,null]]'],
    [
      'an object',
      { a: 1, b: 'x"y', c: undefined, d: { e: [] } },
      '{"a":1,"b":"x\\"y","d":{"e":[]}}',
    ],
    ['an instance by its fields', new Point(1, 2), '{"x":1,"y":2}'],
    ['an instance with toJSON', new Money(5n), '"5 cents"'],
    ['a date as ISO', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['an invalid date', new Date(NaN), 'null'],
    ['a bigint inside as digits in a string', [1n], '["1"]'],
    ['a Map as an array of pairs', new Map([['a', 1]]), '[["a",1]]'],
    ['a Set as an array', new Set([1, 'a']), '[1,"a"]'],
    ['a typed array as an array', new Float64Array([1.5, NaN]), '[1.5,null]'],
    ['a bigint array', new BigInt64Array([-1n]), '["-1"]'],
    ['bytes inside as an array', { b: new Uint8Array([1, 2]) }, '{"b":[1,2]}'],
    [
      'a buffer inside as an array',
      [new ArrayBuffer(2), new DataView(new ArrayBuffer(1))],
      '[[0,0],[0]]',
    ],
    ['a pattern', [/a"b/gi], '["/a\\"b/gi"]'],
    ['an error', [new RangeError('no')], '["RangeError: no"]'],
    ['numbers that JSON has not', [NaN, Infinity, -0], '[null,null,0]'],
    ['boxed values', [Object('a'), Object(1), Object(false)], '["a",1,false]'],
    [
      'an object without prototype',
      Object.assign(Object.create(null) as object, { a: 1 }),
      '{"a":1}',
    ],
    ['line ends inside, in one line', ['a\nb\u2028'], '["a\\nb\u2028"]'],
    ['a function inside like JSON', { f: (): number => 1, g: [(): number => 2] }, '{"g":[null]}'],
  ];
  for (const [name, record, text] of table) {
    it(`writes ${name}`, () => {
      expect(recordText(record)).to.equal(text);
    });
  }

  it('is what JSON.stringify writes for every value that JSON has', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())),
        (value) => {
          expect(recordText(value)).to.equal(JSON.stringify(value));
        },
      ),
    );
  });

  it('is the same for plain values beside values that JSON has not', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.dictionary(texts, texts), (values, fields) => {
        const expected = `[${JSON.stringify(values)},${JSON.stringify(fields)},"1"]`;
        expect(recordText([values, fields, 1n])).to.equal(expected);
      }),
    );
  });

  it('refuses functions and records that contain themselves', () => {
    const loop: unknown[] = [];
    loop.push({ loop });
    expect(() => recordText(loop)).to.throw(RecordTypeError, 'contains itself');
    expect(() => recordText(Math.max)).to.throw(RecordTypeError, 'a function (max)');
  });
});
