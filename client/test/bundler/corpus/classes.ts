import { cases } from './case.js';

class Point {
  static readonly origin = new Point(0, 0);
  static made = 0;
  constructor(
    readonly x: number,
    readonly y: number,
  ) {
    Point.made++;
  }
  static of([x, y]: [number, number]) {
    return new Point(x, y);
  }
  plus(other: Point) {
    return new Point(this.x + other.x, this.y + other.y);
  }
  get norm() {
    return Math.hypot(this.x, this.y);
  }
  toString() {
    return `(${this.x}, ${this.y})`;
  }
}
class Point3 extends Point {
  constructor(
    x: number,
    y: number,
    readonly z: number,
  ) {
    super(x, y);
  }
  override toString() {
    return `${super.toString()} ${this.z}`;
  }
}
class Account {
  #balance = 0;
  static #count = 0;
  #log: string[] = [];
  readonly owner: string;
  constructor({ owner, start = 0 }: { owner: string; start?: number }) {
    this.owner = owner;
    this.#deposit(start);
    Account.#count++;
  }
  #deposit(amount: number) {
    this.#balance += amount;
    this.#log.push(`+${amount}`);
  }
  get #rounded() {
    return Math.round(this.#balance);
  }
  deposit(amount: number) {
    this.#deposit(amount);
    return this;
  }
  get balance() {
    return this.#rounded;
  }
  get log() {
    return this.#log;
  }
  static get count() {
    return Account.#count;
  }
  static isAccount(value: object) {
    return #balance in value;
  }
}
class Savings extends Account {
  #rate: number;
  constructor(owner: string, rate: number) {
    super({ owner });
    this.#rate = rate;
  }
  interest() {
    return this.balance * this.#rate;
  }
}
class OnlyMethods {
  constructor(public n: number) {}
  #secret() {
    return this.n * 2;
  }
  reveal() {
    return this.#secret();
  }
}
const Anonymous = class {
  value = 3;
  read() {
    return this.value;
  }
};
const Named = class Inner {
  make() {
    return new Inner();
  }
  who() {
    return Inner.name;
  }
};
class Temperature {
  static [Symbol.hasInstance](value: unknown) {
    return typeof value === 'number';
  }
}
class Range {
  constructor(
    readonly from: number,
    readonly to: number,
  ) {}
  *[Symbol.iterator]() {
    for (let i = this.from; i < this.to; i++) yield i;
  }
  get [Symbol.toStringTag]() {
    return 'Range';
  }
}
const KEY = 'computed' + 1;
class Computed {
  [KEY]() {
    return 'by computed key';
  }
  static [`${KEY}s`]() {
    return 'static';
  }
  ['literal' as string]() {
    return 'by literal';
  }
}
class Registry {
  static items = new Map<string, number>();
  static {
    Registry.items.set('first', 1);
  }
  static add(name: string) {
    Registry.items.set(name, Registry.items.size + 1);
    return Registry.items.size;
  }
}
class Handler {
  prefix = '>';
  handle = (line: string) => this.prefix + line;
  both = { a: () => this.prefix, b: () => this.handle('x') };
}
class Stack<T> extends Array<T> {
  peek() {
    return this[this.length - 1];
  }
}
class Counter extends Map<string, number> {
  name = 'counts';
  add(key: string) {
    this.set(key, (this.get(key) ?? 0) + 1);
    return this;
  }
}
class Unique extends Set<number> {
  #limit = 2;
  full() {
    return this.size >= this.#limit;
  }
}
class ParseError extends Error {
  override name = 'ParseError';
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}
class SecretError extends Error {
  #code: string;
  constructor(message: string, code: string) {
    super(message);
    this.#code = code;
  }
  get code() {
    return this.#code;
  }
}
class Day extends Date {
  label() {
    return this.toISOString().slice(0, 10);
  }
}
abstract class Shape {
  abstract area(): number;
  describe() {
    return `${this.constructor.name} ${this.area()}`;
  }
}
class Square extends Shape {
  constructor(private side: number) {
    super();
  }
  area() {
    return this.side ** 2;
  }
}
type Constructor<T = object> = new (...args: any[]) => T;
const Named2 = <B extends Constructor>(Base: B) =>
  class extends Base {
    label = 'mixed';
    hello() {
      return `hello ${this.label}`;
    }
  };
class Mixed extends Named2(Point) {}
class WithNull extends (null as unknown as ObjectConstructor) {
  static value = 4;
}
class Node2 {
  next: Node2 | undefined;
  constructor(public value: number) {}
  static list(...values: number[]) {
    let head: Node2 | undefined;
    for (const value of values.reverse()) {
      const node = new Node2(value);
      node.next = head;
      head = node;
    }
    return head!;
  }
  sum(): number {
    return this.value + (this.next?.sum() ?? 0);
  }
}
class Watched {
  get level() {
    return 0;
  }
  set level(_value: number) {
    throw new Error('the setter of the parent ran');
  }
}
class Overriding extends Watched {
  // @ts-expect-error JavaScript allows it, and the field is defined, not assigned
  level = 5;
}
class Settable {
  #value = 1;
  get value() {
    return this.#value;
  }
  set value(v: number) {
    this.#value = v;
  }
}
let factor = 3;
class Scaled {
  constructor(private n: number) {}
  get value() {
    return this.n * factor;
  }
  static setFactor(f: number) {
    factor = f;
  }
}
function localClass(scale: number) {
  class Local {
    constructor(public n: number) {}
    scaled() {
      return this.n * scale;
    }
  }
  return Local;
}
const Doubled = localClass(2);
const Tripled = localClass(3);
class Monkey {
  own() {
    return 'own';
  }
}
(Monkey.prototype as any).added = function () {
  return `added to ${this.own()}`;
};
Object.assign(Monkey, { extra: { n: 1 }, hook: (x: number) => x + 1 });
class NewTarget {
  kind: string;
  constructor() {
    this.kind = new.target.name;
  }
}
class NewTargetChild extends NewTarget {}
class StaticThis {
  static base = 10;
  static derive = () => this.base * 2;
  static async later() {
    return this.base;
  }
}
class Json {
  constructor(private a: number) {}
  toJSON() {
    return { a: this.a, kind: 'json' };
  }
}
class SelfRef {
  self = this;
  id = 5;
}
class Money {
  constructor(
    readonly amount: bigint,
    readonly currency: 'EUR' | 'USD' = 'EUR',
  ) {}
  static readonly zero = new Money(0n);
  add(other: Money) {
    if (!(other instanceof Money)) throw new TypeError('no money');
    return new Money(this.amount + other.amount, this.currency);
  }
}
const identity = <T>(x: T) => x;

export const corpus = cases(
  {
    name: 'an instance with methods',
    roots: () => {
      const p = new Point(3, 4);
      return [() => [p.norm, String(p)]];
    },
    expected: [[5, '(3, 4)']],
  },
  {
    name: 'an instance that is made in a task and returned',
    roots: () => [(x: number) => new Point(x, 1)],
    inputs: [[2]],
    check: ([p]) => p instanceof Point && p.x === 2 && p.y === 1,
  },
  {
    name: 'an instance that goes in as a record and comes out',
    roots: () => [identity, Point],
    inputs: [[new Point(1, 2)]],
    check: ([p]) => p instanceof Point && p.y === 2,
  },
  {
    name: 'a record of a class that no closure names',
    roots: () => [(p: { plus(o: unknown): unknown }) => p.plus(p)],
    inputs: [[new Point(1, 2)]],
    check: ([p]) => p instanceof Point && p.x === 2,
  },
  {
    name: 'a class that does arithmetic on records',
    roots: () => [(a: Money, b: Money) => a.add(b).add(Money.zero)],
    inputs: [[new Money(2n), new Money(3n, 'USD')]],
    check: ([m]) => m instanceof Money && m.amount === 5n && m.currency === 'EUR',
  },
  {
    name: 'static data',
    roots: () => {
      Point.made = 41;
      return [() => ++Point.made];
    },
    expected: [42],
  },
  {
    name: 'a static instance of the class itself',
    roots: () => [() => [Point.origin instanceof Point, Point.origin.x]],
    expected: [[true, 0]],
  },
  {
    name: 'a static method by reference',
    roots: () => [Point.of],
    inputs: [[[1, 2]]],
    check: ([p]) => p instanceof Point,
  },
  {
    name: 'an instance method by reference',
    roots: () => {
      const { toString } = Point.prototype;
      return [() => toString.call(new Point(1, 2))];
    },
    expected: ['(1, 2)'],
  },
  {
    name: 'an accessor of a class by reference',
    roots: () => {
      const get = Object.getOwnPropertyDescriptor(Point.prototype, 'norm')!.get!;
      return [() => get.call({ x: 3, y: 4 })];
    },
    expected: [5],
  },
  {
    name: 'a subclass with super',
    roots: () => {
      const p = new Point3(1, 2, 3);
      return [() => [String(p), p.plus(p) instanceof Point]];
    },
    expected: [['(1, 2) 3', true]],
  },
  {
    name: 'private fields of a captured instance',
    roots: () => {
      const a = new Account({ owner: 'ann', start: 5 }).deposit(2.2);
      return [() => [a.balance, a.owner, a.log.length, Account.isAccount(a)]];
    },
    expected: [[7, 'ann', 2, true]],
  },
  {
    name: 'private fields of an instance made in a task',
    roots: () => [() => new Account({ owner: 'bob' }).deposit(3)],
    check: ([a]) => a instanceof Account && a.balance === 3 && a.log.join() === '+0,+3',
  },
  {
    name: 'private static fields',
    roots: () => {
      const before = Account.count;
      return [
        () => {
          new Account({ owner: 'c' });
          return Account.count - before;
        },
      ];
    },
    expected: [1],
  },
  {
    name: 'private fields in a subclass',
    roots: () => {
      const s = new Savings('eve', 0.5);
      s.deposit(10);
      return [() => s.interest()];
    },
    expected: [5],
  },
  {
    name: 'a subclass with private fields made in a task',
    roots: () => [() => new Savings('eve', 0.5).deposit(4)],
    check: ([s]) => s instanceof Savings && s.interest() === 2,
  },
  {
    name: 'private methods without private fields',
    roots: () => {
      const o = new OnlyMethods(4);
      return [() => o.reveal()];
    },
    expected: [8],
  },
  {
    name: 'an anonymous class',
    roots: () => {
      const a = new Anonymous();
      a.value = 9;
      return [() => [a.read(), new Anonymous().read(), Anonymous.name]];
    },
    expected: [[9, 3, 'Anonymous']],
  },
  {
    name: 'a class expression with a name of its own',
    roots: () => [() => [new Named().make() instanceof Named, new Named().who()]],
    expected: [[true, 'Inner']],
  },
  {
    name: 'Symbol.hasInstance',
    roots: () => [(x: unknown) => x instanceof Temperature],
    inputs: [[1], ['1']],
    expected: [true, false],
  },
  {
    name: 'an iterable with a tag',
    roots: () => {
      const r = new Range(1, 4);
      return [() => [[...r], String(r)]];
    },
    expected: [[[1, 2, 3], '[object Range]']],
  },
  {
    name: 'computed member names',
    roots: () => {
      const c: any = new Computed();
      const C: any = Computed;
      return [() => [c.computed1(), C.computed1s(), c.literal()]];
    },
    expected: [['by computed key', 'static', 'by literal']],
  },
  {
    name: 'static blocks, whose result travels',
    roots: () => {
      Registry.add('second');
      return [() => [Registry.add('third'), [...Registry.items.keys()]]];
    },
    check: ([o]) => Array.isArray(o) && o[0] === Registry.items.size + 1,
  },
  {
    name: 'an arrow function in a field',
    roots: () => {
      const h = new Handler();
      h.prefix = '#';
      return [h.handle];
    },
    inputs: [['a']],
    expected: ['#a'],
  },
  {
    name: 'an instance with arrow functions in fields',
    roots: () => {
      const h = new Handler();
      h.prefix = '#';
      return [() => [h.handle('a'), h.both.a(), h.both.b()]];
    },
    expected: [['#a', '#', '#x']],
  },
  {
    name: 'a subclass of Array',
    roots: () => {
      const s = new Stack<number>();
      s.push(1, 2);
      return [() => [s.peek(), s.length, s instanceof Stack, Array.isArray(s)]];
    },
    expected: [[2, 2, true, true]],
  },
  {
    name: 'a subclass of Map with a field',
    roots: () => {
      const c = new Counter().add('a').add('a');
      return [() => [c.add('a').get('a'), c.name, c.size]];
    },
    expected: [[3, 'counts', 1]],
  },
  {
    name: 'a subclass of Map as a result',
    roots: () => [() => new Counter().add('q')],
    check: ([c]) => c instanceof Counter && c.get('q') === 1 && c.name === 'counts',
  },
  {
    name: 'a subclass of Set with private fields',
    roots: () => {
      const u = new Unique();
      u.add(1);
      return [() => [u.full(), u.add(2) === u, u.full()]];
    },
    expected: [[false, true, true]],
  },
  {
    name: 'a subclass of Error as a value',
    roots: () => {
      const e = new ParseError('bad', 3);
      return [() => [e.message, e.line, e.name, e instanceof ParseError, e instanceof Error]];
    },
    expected: [['bad', 3, 'ParseError', true, true]],
  },
  {
    name: 'an error class of the program, thrown in a task',
    roots: () => [
      () => {
        throw new ParseError('worse', 4);
      },
    ],
    throws: /ParseError: worse/,
  },
  {
    name: 'an error with private fields as a result',
    roots: () => [() => new SecretError('s', 'E7')],
    check: ([e]) => e instanceof SecretError && e.code === 'E7' && e.message === 's',
  },
  {
    name: 'a subclass of Date',
    roots: () => {
      const d = new Day(0);
      return [() => d.label()];
    },
    expected: ['1970-01-01'],
  },
  {
    name: 'an abstract class',
    roots: () => {
      const s: Shape = new Square(3);
      return [() => s.describe()];
    },
    expected: ['Square 9'],
  },
  {
    name: 'a mixin',
    roots: () => {
      const m = new Mixed(1, 2);
      return [() => [m.hello(), m.norm > 2, m instanceof Point]];
    },
    expected: [['hello mixed', true, true]],
  },
  { name: 'a class that extends null', roots: () => [() => WithNull.value], expected: [4] },
  {
    name: 'a linked list',
    roots: () => {
      const l = Node2.list(1, 2, 3);
      return [() => l.sum()];
    },
    expected: [6],
  },
  {
    name: 'a field over an accessor of the parent',
    roots: () => {
      const o = new Overriding();
      o.level = 7;
      return [() => [o.level, new Overriding().level]];
    },
    expected: [[7, 5]],
  },
  {
    name: 'such a field in a result',
    roots: () => [() => new Overriding()],
    check: ([o]) => o instanceof Overriding && o.level === 5,
  },
  {
    name: 'a setter over a private field',
    roots: () => {
      const s = new Settable();
      return [
        () => {
          s.value = 7;
          return s.value;
        },
      ];
    },
    expected: [7],
  },
  {
    name: 'a class that reads a let of its module',
    roots: () => {
      const s = new Scaled(2);
      return [() => s.value];
    },
    expected: [6],
  },
  {
    name: 'a function and a class that share a let',
    roots: () => {
      const s = new Scaled(2);
      return [
        () => {
          Scaled.setFactor(10);
          factor++;
          return s.value;
        },
      ];
    },
    expected: [22],
  },
  {
    name: 'classes of one declaration in two scopes',
    roots: () => [
      (n: number) => [
        new Doubled(n).scaled(),
        new Tripled(n).scaled(),
        new Doubled(1) instanceof Tripled,
      ],
    ],
    inputs: [[5]],
    expected: [[10, 15, false]],
  },
  {
    name: 'a result of a local class',
    roots: () => [(n: number) => new Doubled(n)],
    inputs: [[4]],
    check: ([d]) => d instanceof Doubled && d.scaled() === 8,
  },
  {
    name: 'a record of a local class',
    roots: () => [(d: { scaled(): number }) => d.scaled()],
    inputs: [[new Tripled(4)]],
    expected: [12],
  },
  {
    name: 'an instance of a class declared inside the task, refused as a result',
    roots: () => [
      () => {
        class Inside {}
        return new Inside();
      },
    ],
    throws: /declared inside the task/,
  },
  {
    name: 'a class used inside a task only',
    roots: () => [
      (n: number) => {
        class Inside {
          #v = n;
          get v() {
            return this.#v;
          }
        }
        return new Inside().v;
      },
    ],
    inputs: [[4]],
    expected: [4],
  },
  {
    name: 'methods added to a prototype later',
    roots: () => [() => (new Monkey() as any).added()],
    expected: ['added to own'],
  },
  {
    name: 'properties added to a class later',
    roots: () => [() => [(Monkey as any).extra.n, (Monkey as any).hook(1)]],
    expected: [[1, 2]],
  },
  {
    name: 'new.target in a constructor',
    roots: () => [() => [new NewTarget().kind, new NewTargetChild().kind]],
    expected: [['NewTarget', 'NewTargetChild']],
  },
  { name: 'this in a static arrow', roots: () => [() => StaticThis.derive()], expected: [20] },
  { name: 'a static async method', roots: () => [async () => StaticThis.later()], expected: [10] },
  {
    name: 'toJSON',
    roots: () => {
      const j = new Json(1);
      return [() => JSON.stringify([j])];
    },
    expected: ['[{"a":1,"kind":"json"}]'],
  },
  {
    name: 'an instance that refers to itself',
    roots: () => {
      const s = new SelfRef();
      return [() => s.self.self.id];
    },
    expected: [5],
  },
  {
    name: 'a class as a value',
    roots: () => [(C: typeof Point) => new C(1, 1).norm > 1, Point],
    expected: [true],
  },
  {
    name: 'classes in an array',
    roots: () => {
      const all = [Square, Stack];
      return [() => all.map((c) => c.name)];
    },
    expected: [['Square', 'Stack']],
  },
  {
    name: 'instanceof across attempts and closures',
    roots: () => [(p: unknown) => p instanceof Point],
    inputs: [[new Point3(1, 2, 3)], [{}]],
    expected: [true, false],
  },
  {
    name: 'Object.create from a prototype of a class',
    roots: () => {
      const bare = Object.create(Point.prototype, {
        x: { value: 6, enumerable: true },
        y: { value: 8 },
      });
      return [() => [bare.norm, Object.keys(bare)]];
    },
    expected: [[10, ['x']]],
  },
  {
    name: 'a private instance that its constructor never made, refused',
    roots: () => {
      const fake = Object.create(Account.prototype);
      return [() => fake];
    },
    refused: { variable: /fake/, reason: /private fields/ },
  },
);
