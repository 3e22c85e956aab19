import fc from 'fast-check';

export class Point {
  constructor(
    readonly x: unknown,
    readonly y: unknown,
  ) {}
}

export class Vector extends Point {}

export class Tags extends Set<unknown> {
  label = 'tags';
}

const specialNumbers = fc.constantFrom(
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  0.5,
  Number.MIN_VALUE,
);
const specialStrings = fc.constantFrom(
  '',
  'a',
  'ab',
  '\0',
  'a\0',
  '1',
  '\u{1f600}',
  '\uffff',
  '\ue000',
  '\ud800',
  '\udc00',
  '\ud800x',
  '\ud800\ud800',
  'ÿ',
  'Ā',
);

export const strings: fc.Arbitrary<string> = fc.oneof(
  specialStrings,
  fc.string({
    maxLength: 6,
    unit: fc.constantFrom('a', 'b', '\0', 'é', '\ud800', '\udc00', '\ue000'),
  }),
  fc.string({ maxLength: 20 }),
  fc.string({ maxLength: 5, unit: 'binary' }),
);

export const numbers: fc.Arbitrary<number> = fc.oneof(
  specialNumbers,
  fc.integer({ min: -3, max: 3 }),
  fc.integer(),
  fc.double(),
);

export const primitives: fc.Arbitrary<unknown> = fc.oneof(
  numbers,
  strings,
  fc.constantFrom(undefined, null, true, false, 0n, 1n, -1n, 2n ** 53n, 2n ** 70n),
  fc.bigInt(),
);

const smallPrimitives = fc.constantFrom<unknown>(
  0,
  1,
  1n,
  '',
  'a',
  'b',
  null,
  undefined,
  true,
  NaN,
);

/** Keys of every kind; small parts, so that equal ones come up often. */
export const keys: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    smallPrimitives,
    primitives,
    tie('array'),
    tie('object'),
    tie('map'),
    tie('set'),
    tie('instance'),
    fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(NaN)).map((time) => new Date(time)),
    fc.constantFrom(/a/, /a/g, /b/),
    fc
      .array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 })
      .map((bytes) => Uint8Array.from(bytes)),
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 })
      .map((units) => Int16Array.from(units)),
    fc
      .array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 })
      .map((b) => Uint8Array.from(b).buffer),
  ),
  array: fc.array(tie('key'), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('key'), { maxKeys: 3 }),
  map: fc
    .array(fc.tuple(tie('key'), tie('key')), { maxLength: 3 })
    .map((entries) => new Map(entries)),
  set: fc
    .tuple(fc.boolean(), fc.array(tie('key'), { maxLength: 3 }))
    .map(([own, members]) => (own ? new Tags(members) : new Set(members))),
  instance: fc
    .tuple(fc.boolean(), tie('key'), tie('key'))
    .map(([sub, x, y]) => (sub ? new Vector(x, y) : new Point(x, y))),
})).key;
