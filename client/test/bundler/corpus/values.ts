import { cases } from './case.js';

const given = <T>(value: T) => [(_: T) => value, value];
const cyclic: { self?: unknown; list: unknown[] } = { list: [] };
cyclic.self = cyclic;
cyclic.list.push(cyclic, cyclic.list);
const shared = { n: 1 };
const sharing = { a: shared, b: shared, map: new Map([[shared, shared]]) };
const sparse = [1, , 3];
const withProperties = Object.assign([1, 2], { note: 'kept' });
const bytes = new Uint8Array([1, 2, 3, 4]);
const view = new DataView(bytes.buffer, 1, 2);
const halves = [new Uint8Array(bytes.buffer, 0, 2), new Uint16Array(bytes.buffer)];
const nullProto = Object.assign(Object.create(null) as Record<string, number>, { a: 1 });
const ownProto = Object.create(
  {
    inherited: 'yes',
    method(this: { own: string }) {
      return this.own;
    },
  },
  { own: { value: 'mine', enumerable: true } },
);
const frozen = Object.freeze({ deep: Object.freeze([1]) });
const sealed = Object.seal({ a: 1 });
const fixed = Object.preventExtensions({ a: 1 } as Record<string, number>);
const hidden = Object.defineProperty({ seen: 1 }, 'hidden', { value: 2, enumerable: false });
let getterCalls = 0;
const withGetter = {
  get expensive() {
    getterCalls++;
    return 42;
  },
  plain: 1,
};
const symbolKeyed = {
  [Symbol.for('key')]: 'registered',
  [Symbol.iterator]: function* () {
    yield 1;
  },
};
const error = Object.assign(new RangeError('out', { cause: new TypeError('inner') }), {
  code: 'E_OUT',
  details: { at: 3 },
});
const aggregate = new AggregateError([new Error('one'), new TypeError('two')], 'both');
const matched = /(?<year>\d{4})/.exec('in 2024')!;
const proto = JSON.parse('{"__proto__": 5, "a": 1}') as Record<string, number>;
const deepNest = (() => {
  let at: unknown[] = [];
  for (let i = 0; i < 20_000; i++) at = [at];
  return at;
})();
const depth = (value: unknown) => {
  let n = 0;
  for (let at = value; Array.isArray(at) && at.length > 0; at = at[0]) n++;
  return n;
};

export const corpus = cases(
  {
    name: 'primitives',
    roots: () =>
      given([
        undefined,
        null,
        true,
        0,
        -0,
        NaN,
        Infinity,
        1.5,
        2 ** 53,
        -1,
        'text',
        '',
        12345678901234567890n,
        -5n,
      ]),
    expected: [
      [
        undefined,
        null,
        true,
        0,
        -0,
        NaN,
        Infinity,
        1.5,
        2 ** 53,
        -1,
        'text',
        '',
        12345678901234567890n,
        -5n,
      ],
    ],
  },
  {
    name: 'strings beyond ASCII and lone surrogates',
    roots: () => given(['é', '日本', '😀', '\ud800', 'a'.repeat(1000) + 'ß']),
    expected: [['é', '日本', '😀', '\ud800', 'a'.repeat(1000) + 'ß']],
  },
  {
    name: 'nested plain objects and arrays',
    roots: () => given({ a: [{ b: [] }, {}], c: { d: { e: null } } }),
    expected: [{ a: [{ b: [] }, {}], c: { d: { e: null } } }],
  },
  {
    name: 'a cycle',
    roots: () => [
      () => [cyclic.self === cyclic, cyclic.list[0] === cyclic, cyclic.list[1] === cyclic.list],
    ],
    expected: [[true, true, true]],
  },
  {
    name: 'shared references',
    roots: () => [
      () => {
        sharing.a.n = 9;
        return [sharing.b.n, sharing.map.get(sharing.a) === sharing.b];
      },
    ],
    expected: [[9, true]],
  },
  {
    name: 'one object through two variables',
    roots: () => {
      const again = shared;
      return [() => again === shared];
    },
    expected: [true],
  },
  {
    name: 'an array with a hole',
    roots: () => [() => [sparse.length, 1 in sparse, sparse[2]]],
    expected: [[3, false, 3]],
  },
  {
    name: 'an array with properties',
    roots: () => [() => [withProperties.note, withProperties.length]],
    expected: [['kept', 2]],
  },
  {
    name: 'Date, also an invalid one',
    roots: () => {
      const dates = [new Date(5), new Date(NaN)];
      return [() => dates.map((d) => d.getTime())];
    },
    expected: [[5, NaN]],
  },
  {
    name: 'RegExp with flags and position',
    roots: () => {
      const r = /a+/giy;
      r.lastIndex = 2;
      return [() => [r.source, r.flags, r.lastIndex]];
    },
    expected: [['a+', 'giy', 2]],
  },
  {
    name: 'Map and Set in order',
    roots: () => {
      const m = new Map<unknown, unknown>([
        ['b', 1],
        [{ k: 1 }, 2],
      ]);
      const s = new Set([3, 1]);
      return [() => [[...m.values()], [...s]]];
    },
    expected: [
      [
        [1, 2],
        [3, 1],
      ],
    ],
  },
  {
    name: 'typed arrays of every kind',
    roots: () => {
      const all = [
        new Int8Array([-1]),
        new Uint8ClampedArray([300]),
        new Int16Array([-5]),
        new Uint32Array([7]),
        new Float32Array([0.5]),
        new Float64Array([NaN]),
        new BigInt64Array([-3n]),
      ];
      return [() => all.map((a) => [a.constructor.name, a[0]])];
    },
    expected: [
      [
        ['Int8Array', -1],
        ['Uint8ClampedArray', 255],
        ['Int16Array', -5],
        ['Uint32Array', 7],
        ['Float32Array', 0.5],
        ['Float64Array', NaN],
        ['BigInt64Array', -3n],
      ],
    ],
  },
  {
    name: 'views of one buffer',
    roots: () => [
      () => {
        halves[0]![0] = 9;
        return [(halves[1] as Uint16Array)[0]! & 255, view.getUint8(0)];
      },
    ],
    expected: [[9, 2]],
  },
  {
    name: 'Buffer',
    roots: () => {
      const b = Buffer.from('héé');
      return [() => [Buffer.isBuffer(b), b.toString()]];
    },
    expected: [[true, 'héé']],
  },
  {
    name: 'ArrayBuffer',
    roots: () => {
      const b = new Uint8Array([1, 2]).buffer;
      return [() => new Uint8Array(b).join()];
    },
    expected: ['1,2'],
  },
  {
    name: 'boxed primitives',
    roots: () => {
      const b = [Object(1), Object('s'), Object(false), Object(2n)];
      return [() => b.map((x) => [typeof x, x.valueOf()])];
    },
    expected: [
      [
        ['object', 1],
        ['object', 's'],
        ['object', false],
        ['object', 2n],
      ],
    ],
  },
  {
    name: 'symbols of the registry and well-known ones',
    roots: () => {
      const s = [Symbol.for('q'), Symbol.iterator];
      return [() => [s[0] === Symbol.for('q'), s[1] === Symbol.iterator]];
    },
    expected: [[true, true]],
  },
  {
    name: 'symbol keys',
    roots: () => [
      () => [symbolKeyed[Symbol.for('key') as never], [...(symbolKeyed as Iterable<number>)]],
    ],
    expected: [['registered', [1]]],
  },
  {
    name: 'a private symbol, refused',
    roots: () => {
      const secret = Symbol('mine');
      return [() => secret];
    },
    refused: { variable: /^secret$/, reason: /Symbol.for/ },
  },
  {
    name: 'an object without a prototype',
    roots: () => [() => [Object.getPrototypeOf(nullProto), nullProto['a']]],
    expected: [[null, 1]],
  },
  {
    name: "an object with the program's own prototype",
    roots: () => [() => [ownProto.inherited, ownProto.method(), Object.keys(ownProto)]],
    expected: [['yes', 'mine', ['own']]],
  },
  {
    name: 'frozen, sealed and fixed objects',
    roots: () => [
      () => [
        Object.isFrozen(frozen),
        Object.isFrozen(frozen.deep),
        Object.isSealed(sealed),
        Object.isExtensible(fixed),
      ],
    ],
    expected: [[true, true, true, false]],
  },
  {
    name: 'a property that is not enumerable',
    roots: () => [() => [Object.keys(hidden), (hidden as any).hidden]],
    expected: [[['seen'], 2]],
  },
  {
    name: 'a getter is taken along and not called',
    roots: () => {
      getterCalls = 0;
      return [() => [withGetter.expensive, withGetter.plain, getterCalls]];
    },
    check: ([o]) => getterCalls === 0 && Array.isArray(o) && o[0] === 42 && o[2] === 1,
  },
  {
    name: 'an error with cause and fields',
    roots: () => [
      () => [
        error instanceof RangeError,
        error.message,
        error.code,
        error.details.at,
        (error.cause as Error).message,
        error.stack!.includes('RangeError: out'),
      ],
    ],
    expected: [[true, 'out', 'E_OUT', 3, 'inner', true]],
  },
  {
    name: 'AggregateError',
    roots: () => [() => [aggregate.message, aggregate.errors.map((e) => e.constructor.name)]],
    expected: [['both', ['Error', 'TypeError']]],
  },
  {
    name: 'a match of a regular expression',
    roots: () => [() => [matched[0], matched.index, matched.groups!['year']]],
    expected: [['2024', 3, '2024']],
  },
  {
    name: 'an own property named __proto__',
    roots: () => [() => [Object.keys(proto), Object.getPrototypeOf(proto) === Object.prototype]],
    expected: [[['__proto__', 'a'], true]],
  },
  { name: 'a value nested very deep', roots: () => [() => depth(deepNest)], expected: [20_000] },
  {
    name: 'URL',
    roots: () => {
      const u = new URL('http://h/p?q=1');
      return [() => [u.searchParams.get('q'), u.host]];
    },
    expected: [['1', 'h']],
  },
  {
    name: 'data that looks like code stays data',
    roots: () => {
      const text = '(() => { throw 1 })()';
      const fake = { kind: 'function', source: 'process.exit()' };
      return [() => [text, fake]];
    },
    expected: [['(() => { throw 1 })()', { kind: 'function', source: 'process.exit()' }]],
  },
  {
    name: 'a tuple, a readonly array and a record',
    roots: () => {
      const t = ['a', 1] as const;
      const r: Readonly<Record<string, number>> = { z: 26 };
      return [() => [...t, r['z']]];
    },
    expected: [['a', 1, 26]],
  },
  {
    name: 'functions inside values',
    roots: () => {
      const rules = [
        { name: 'even', test: (n: number) => n % 2 === 0 },
        { name: 'big', test: (n: number) => n > 10 },
      ];
      return [(n: number) => rules.filter((r) => r.test(n)).map((r) => r.name)];
    },
    inputs: [[12], [3]],
    expected: [['even', 'big'], []],
  },
  {
    name: 'a Map of functions',
    roots: () => {
      const ops = new Map([['+', (a: number, b: number) => a + b]]);
      return [(o: string) => ops.get(o)!(1, 2)];
    },
    inputs: [['+']],
    expected: [3],
  },
  {
    name: 'generator results collected',
    roots: () => {
      const taken = [
        ...(function* () {
          yield* [1, 2];
        })(),
      ];
      return [() => taken];
    },
    expected: [[1, 2]],
  },
  {
    name: 'arguments of a function as a value',
    roots: () => {
      function take(..._: number[]) {
        return arguments;
      }
      const args = take(1, 2);
      return [() => [...args]];
    },
    expected: [[1, 2]],
  },
);
