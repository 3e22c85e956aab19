import { cases } from './case.js';

const one = 1;
function declared(x: number) {
  return x + one;
}
async function asynchronous(x: number) {
  await null;
  return x + one;
}
function* generated(x: number) {
  yield x;
  yield x + one;
}
async function* asyncGenerated(x: number) {
  yield x;
  await null;
  yield x + one;
}
const factorial = function fact(n: number): number {
  return n <= 1 ? 1 : n * fact(n - 1);
};
function isEven(n: number): boolean {
  return n === 0 || isOdd(n - 1);
}
function isOdd(n: number): boolean {
  return n !== 0 && isEven(n - 1);
}
const table: Record<string, (x: number) => number> = {
  double: (x) => x * 2,
  triple: function (x) {
    return x * 3;
  },
  half(x) {
    return x / 2;
  },
};
const byName = new Map([['inc', (x: number) => x + one]]);
const list = [(x: number) => x - one, (x: number) => x - 2 * one];
function adder(by: number) {
  return (x: number) => x + by;
}
const compose =
  <A, B, C>(f: (a: A) => B, g: (b: B) => C) =>
  (a: A) =>
    g(f(a));
const curried = (a: number) => (b: number) => (c: number) => a * 100 + b * 10 + c;
interface Tagged {
  (x: number): number;
  unit?: string;
  nested?: { deep: number[] };
}
const tagged: Tagged = (x) => x + one;
tagged.unit = 'km';
tagged.nested = { deep: [1, 2] };
function OldStyle(this: { n: number }, n: number) {
  this.n = n;
}
OldStyle.prototype.twice = function (this: { n: number }) {
  return this.n * 2;
};
OldStyle.make = (n: number) =>
  new (OldStyle as unknown as new (n: number) => { twice(): number })(n);
function Parent(this: { p: number }) {
  this.p = 5;
}
Parent.prototype.fromParent = function (this: { p: number }) {
  return this.p;
};
function Child(this: { p: number }) {
  Parent.call(this);
}
Object.setPrototypeOf(Child.prototype, Parent.prototype);
const pick = (options: { fast: boolean }) =>
  options.fast ? (x: number) => x << 1 : (x: number) => x * 2;
let assignedLater: (x: number) => number;
assignedLater = (x) => x + 7;
const withDefault = (x: number, f = (y: number) => y * 10) => f(x);
const sharedDefault = (x: number, get = () => x, set = (y: number) => (x = y)) => {
  set(x + 1);
  return [get(), x];
};
function paramsSeeBody(a: number, f = () => a + one) {
  return f() + a;
}
const memo = (() => {
  const known = new Map<number, number>();
  return (n: number): number => {
    if (!known.has(n)) known.set(n, n * n + known.size);
    return known.get(n)!;
  };
})();
const trampoline = (f: (n: number) => unknown) => (n: number) => {
  let value = f(n);
  while (typeof value === 'function') value = (value as () => unknown)();
  return value;
};
const sumTo = (n: number, total = 0): unknown => (n === 0 ? total : () => sumTo(n - 1, total + n));
function variadic(first: number, ...rest: number[]) {
  return rest.reduce((a, b) => a + b, first);
}
function usesArguments() {
  return Array.from(arguments as unknown as number[]).length + one;
}
const destructured = ({
  a,
  b: { c = 4, ...others } = {} as { c?: number; d?: number },
}: {
  a: number;
  b?: { c?: number; d?: number };
}) => [a, c, others];
const fromArray = ([head, , third = one]: number[]) => [head, third];
const labelled = (n: number) => {
  const found: number[] = [];
  outer: for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (j === i) continue outer;
      if (i + j > 4) break outer;
      found.push(i * 10 + j);
    }
  }
  return found;
};
const taggedTemplate = (strings: TemplateStringsArray, ...values: unknown[]) =>
  strings.raw.join('|') + values.join(',');
const unicodeÑame = (x: number) => x + one;

const awaitedKey = 'later';
const awaited = {
  get [awaitedKey]() {
    return 1;
  },
  value: await Promise.resolve(2),
};
const made = Object.getOwnPropertyDescriptor(awaited, awaitedKey)!.get!;

export const corpus = cases(
  {
    name: 'an arrow function without captures',
    roots: () => [(x: number) => x * 2],
    inputs: [[4]],
    expected: [8],
  },
  {
    name: 'a declared function by reference',
    roots: () => [declared],
    inputs: [[1]],
    expected: [2],
  },
  {
    name: 'a function that calls a declared function',
    roots: () => [(x: number) => declared(x) * 2],
    inputs: [[1]],
    expected: [4],
  },
  { name: 'an async function', roots: () => [asynchronous], inputs: [[1]], expected: [2] },
  {
    name: 'an async arrow',
    roots: () => [async (x: number) => (await asynchronous(x)) + one],
    inputs: [[1]],
    expected: [3],
  },
  {
    name: 'a generator function',
    roots: () => [(x: number) => [...generated(x)], generated],
    inputs: [[5]],
    expected: [[5, 6]],
  },
  {
    name: 'an async generator function',
    roots: () => [
      async (x: number) => {
        const all: number[] = [];
        for await (const y of asyncGenerated(x)) all.push(y);
        return all;
      },
    ],
    inputs: [[5]],
    expected: [[5, 6]],
  },
  {
    name: 'a generator with yield* and return',
    roots: () => [
      () => {
        const g = (function* () {
          const r = yield* generated(1);
          yield r;
        })();
        return [...g];
      },
    ],
    expected: [[1, 2, undefined]],
  },
  {
    name: 'a named function expression that recurs',
    roots: () => [factorial],
    inputs: [[5]],
    expected: [120],
  },
  {
    name: 'functions that call each other',
    roots: () => [isEven],
    inputs: [[10], [7]],
    expected: [true, false],
  },
  {
    name: 'functions out of a table',
    roots: () => [(n: string, x: number) => table[n]!(x)],
    inputs: [
      ['double', 3],
      ['triple', 3],
      ['half', 3],
    ],
    expected: [6, 9, 1.5],
  },
  {
    name: 'a property that is a function expression',
    roots: () => [table['triple']],
    inputs: [[2]],
    expected: [6],
  },
  {
    name: 'a method of an object literal by reference',
    roots: () => [table['half']],
    inputs: [[8]],
    expected: [4],
  },
  { name: 'a function in a Map', roots: () => [byName.get('inc')], inputs: [[1]], expected: [2] },
  {
    name: 'functions in an array',
    roots: () => [(x: number) => list.map((f) => f(x))],
    inputs: [[5]],
    expected: [[4, 3]],
  },
  { name: 'a closure made by a factory', roots: () => [adder(10)], inputs: [[1]], expected: [11] },
  {
    name: 'two closures of one factory with their own values',
    roots: () => [
      (x: number, a: (y: number) => number, b: (y: number) => number) => [a(x), b(x)],
      adder(1),
      adder(2),
    ],
    inputs: [[0]],
    expected: [[1, 2]],
  },
  {
    name: 'a composition of closures',
    roots: () => [compose(adder(1), compose(declared, String))],
    inputs: [[1]],
    expected: ['3'],
  },
  {
    name: 'a curried function half applied',
    roots: () => [curried(1)(2)],
    inputs: [[3]],
    expected: [123],
  },
  {
    name: 'a function with properties',
    roots: () => [(x: number) => [tagged(x), tagged.unit, tagged.nested]],
    inputs: [[1]],
    expected: [[2, 'km', { deep: [1, 2] }]],
  },
  {
    name: 'a constructor function with methods on its prototype',
    roots: () => [(n: number) => OldStyle.make(n).twice()],
    inputs: [[4]],
    expected: [8],
  },
  {
    name: 'an instance of a constructor function',
    roots: () => {
      const made = OldStyle.make(21);
      return [() => made.twice()];
    },
    expected: [42],
  },
  {
    name: 'constructor functions that inherit',
    roots: () => [
      () => new (Child as unknown as new () => { fromParent(): number })().fromParent(),
    ],
    expected: [5],
  },
  {
    name: 'an instance of an inheriting constructor function',
    roots: () => {
      const made = new (Child as unknown as new () => { fromParent(): number })();
      return [() => [made.fromParent(), made instanceof Parent]];
    },
    expected: [[5, true]],
  },
  {
    name: 'a function chosen by a condition',
    roots: () => [pick({ fast: true })],
    inputs: [[4]],
    expected: [8],
  },
  {
    name: 'a function assigned after its declaration',
    roots: () => [(x: number) => assignedLater(x)],
    inputs: [[1]],
    expected: [8],
  },
  {
    name: 'a parameter default that is a closure',
    roots: () => [withDefault],
    inputs: [[2]],
    expected: [20],
  },
  {
    name: 'parameter defaults that share a parameter',
    roots: () => [sharedDefault],
    inputs: [[2]],
    expected: [[3, 3]],
  },
  {
    name: 'a parameter default that sees parameter and module',
    roots: () => [paramsSeeBody],
    inputs: [[2]],
    expected: [5],
  },
  {
    name: 'a closure taken out of a parameter default',
    roots: () => {
      let taken: (() => number) | undefined;
      const f = (a: number, g = () => a * 3) => {
        taken = g;
      };
      f(4);
      return [taken];
    },
    expected: [12],
  },
  {
    name: 'a memo that starts from its captured state in every attempt',
    roots: () => {
      memo(3);
      return [memo];
    },
    inputs: [[3], [4]],
    expected: [9, 17],
  },
  {
    name: 'a trampoline',
    roots: () => [trampoline((n) => sumTo(n))],
    inputs: [[100]],
    expected: [5050],
  },
  { name: 'rest parameters', roots: () => [variadic], inputs: [[1, 2, 3]], expected: [6] },
  {
    name: 'the arguments object of a function',
    roots: () => [usesArguments],
    inputs: [[1, 2, 3]],
    expected: [4],
  },
  {
    name: 'destructured parameters with defaults',
    roots: () => [destructured],
    inputs: [[{ a: 1 }], [{ a: 1, b: { c: 2, d: 3 } }]],
    expected: [
      [1, 4, {}],
      [1, 2, { d: 3 }],
    ],
  },
  {
    name: 'array patterns in parameters',
    roots: () => [fromArray],
    inputs: [[[1, 2]], [[1, 2, 3]]],
    expected: [
      [1, 1],
      [1, 3],
    ],
  },
  { name: 'labels', roots: () => [labelled], inputs: [[3]], expected: [[10, 20, 21]] },
  {
    name: 'tagged templates',
    roots: () => [(x: number) => taggedTemplate`a${x}\n${one}`],
    inputs: [[5]],
    expected: ['a|\\n|5,1'],
  },
  { name: 'names beyond ASCII', roots: () => [unicodeÑame], inputs: [[1]], expected: [2] },
  {
    name: 'an immediately called function inside',
    roots: () => [(x: number) => (() => x + one)()],
    inputs: [[1]],
    expected: [2],
  },
  {
    name: 'functions as optional chaining targets',
    roots: () => {
      const maybe: { f?: (x: number) => number } = {};
      return [(x: number) => maybe.f?.(x) ?? declared(x)];
    },
    inputs: [[1]],
    expected: [2],
  },
  { name: 'a built-in by reference', roots: () => [Math.sqrt], inputs: [[16]], expected: [4] },
  {
    name: 'String, Number and Boolean as functions',
    roots: () => [
      (x: unknown, ...f: ((x: unknown) => unknown)[]) => f.map((g) => g(x)),
      String,
      Number,
      Boolean,
    ],
    inputs: [['1']],
    expected: [['1', 1, true]],
  },
  {
    name: 'encodeURIComponent through an alias',
    roots: () => {
      const encode = encodeURIComponent;
      return [(x: string) => encode(x)];
    },
    inputs: [['a b']],
    expected: ['a%20b'],
  },
  {
    name: 'destructured built-ins',
    roots: () => {
      const { max, PI } = Math;
      const { keys } = Object;
      return [() => [max(1, 2), PI, keys({ a: 1 })]];
    },
    expected: [[2, Math.PI, ['a']]],
  },
  {
    name: 'a method of a built-in prototype',
    roots: () => {
      const { slice } = Array.prototype;
      return [(x: number[]) => slice.call(x, 1)];
    },
    inputs: [[[1, 2]]],
    expected: [[2]],
  },
  {
    name: 'JSON as a captured object',
    roots: () => {
      const codec = JSON;
      return [(x: unknown) => codec.stringify(x)];
    },
    inputs: [[{ a: 1 }]],
    expected: ['{"a":1}'],
  },
  {
    name: 'a bound function, refused',
    roots: () => [declared.bind(null, 1)],
    refused: { reason: /bound function/ },
  },
  {
    name: 'a captured bound function, refused by name',
    roots: () => {
      const fixed = declared.bind(null, 1);
      return [() => fixed()];
    },
    refused: { variable: /^fixed$/, reason: /bound function/ },
  },
  {
    name: 'a function made from text, refused',
    roots: () => [new Function('x', 'return x')],
    refused: { reason: /not made by the program/ },
  },
  {
    name: 'a method under a computed name',
    roots: () => {
      const key = 'run';
      const o = {
        base: 2,
        [key + '!'](x: number) {
          return x + this.base;
        },
      };
      return [(x: number) => (o as any)['run!'](x)];
    },
    inputs: [[1]],
    expected: [3],
  },
  {
    name: 'accessors and methods of an object literal under computed names, also with a function in the name',
    roots: () => {
      let unit = 2;
      const key = (make: () => string) => make();
      const symbol = Symbol.for('corpus.total');
      const order = {
        base: 5,
        get ['dou' + 'ble']() {
          return (this as any).base * unit;
        },
        set ['in' + 'put'](x: number) {
          (this as any).base = x + unit;
        },
        get [symbol]() {
          return (this as any).base + 100;
        },
        [key(() => 'plus')](x: number) {
          return (this as any).base + x;
        },
        inner: {
          get [key(() => 'deep')]() {
            return unit;
          },
        },
      } as unknown as {
        double: number;
        input: number;
        [symbol]: number;
        plus(x: number): number;
        inner: { deep: number };
      };
      unit = 3;
      return [
        () => {
          const before = order.double;
          order.input = 10;
          return [before, order.double, order[symbol], order.plus(1), order.inner.deep];
        },
      ];
    },
    expected: [[15, 39, 113, 14, 3]],
  },
  {
    name: 'a method of an object literal that uses super, refused with this reason',
    roots: () => {
      const parent = { greet: () => 'hello' };
      const child = {
        greet() {
          return super.toString();
        },
      };
      Object.setPrototypeOf(child, parent);
      return [child.greet];
    },
    refused: { reason: /method of an object literal that uses super/ },
  },
  {
    name: 'an accessor under a computed name beside an await, refused with this reason',
    roots: () => [made],
    refused: { reason: /computed name in an object literal that has await/ },
  },
  {
    name: 'an arrow under a computed name',
    roots: () => {
      const key = 'run';
      const o = { [key]: () => one };
      return [o[key]];
    },
    expected: [1],
  },
  {
    name: 'a function whose name the bundler changed',
    roots: () => [
      (f: () => string) => f(),
      function helper() {
        return helper.name;
      },
    ],
    expected: ['helper'],
  },
  {
    name: 'a comma expression and a logical assignment',
    roots: () => {
      let f: ((x: number) => number) | undefined;
      f ??= (x) => x + one;
      return [f];
    },
    inputs: [[1]],
    expected: [2],
  },
);
