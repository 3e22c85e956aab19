import { cases } from './case.js';

class Pipeline {
  factor = 2;
  #offset = 1;
  viaArrow() {
    return (x: number) => x * this.factor;
  }
  viaNestedArrows() {
    return (x: number) => [1, 2].map((y) => x * y * this.factor);
  }
  viaPrivate() {
    return (x: number) => x + this.factor;
  }
  withPrivate() {
    const offset = this.#offset;
    return (x: number) => x + offset;
  }
  viaArguments(_a: number, _b: number) {
    return () => [...(arguments as unknown as number[])].length + this.factor;
  }
  viaCallback() {
    return [3, 4].map((n) => () => n * this.factor);
  }
  async later() {
    await null;
    return (x: number) => x - this.factor;
  }
  *generator() {
    yield () => this.factor;
  }
  get reader() {
    return () => this.factor;
  }
  static scale = 5;
  static viaStatic() {
    return (x: number) => x * this.scale;
  }
  static made: () => number;
  static {
    this.made = () => this.scale + 1;
  }
  nested() {
    return {
      own: 'object',
      method() {
        return () => this.own;
      },
      arrow: () => this.factor,
    };
  }
  conditional(flag: boolean) {
    if (flag) {
      const extra = 10;
      return () => this.factor + extra;
    }
    return () => this.factor;
  }
}
class Base {
  name = 'base';
  greet() {
    return `from ${this.name}`;
  }
  scaled(x: number, n: number) {
    return `${this.name} ${x * n}`;
  }
  get title() {
    return `title of ${this.name}`;
  }
  static kind() {
    return `kind of ${this.name}`;
  }
}
class Derived extends Base {
  zero = 0;
  callback: () => string;
  constructor() {
    const early = (): string => this.name;
    super();
    this.name = 'derived';
    this.callback = early;
  }
  override greet() {
    return 'overridden';
  }
  viaSuper() {
    return () => super.greet();
  }
  viaSuperArguments() {
    return (n: number) => [1].map((x) => super.scaled((void 0, x), n + this.zero));
  }
  viaSuperGetter() {
    return () => super.title;
  }
  viaSuperComputed(name: 'greet') {
    return () => super[name]();
  }
  field = () => super.greet();
  static viaStaticSuper() {
    return () => super.kind();
  }
  assigning() {
    return () => {
      // @ts-expect-error JavaScript allows it
      super.name = 'x';
    };
  }
}
function Old(this: { n: number }) {
  this.n = 3;
  return { read: () => this.n };
}
function withNewTarget() {
  const kind = () => (new.target === undefined ? 'called' : 'made');
  return kind;
}
const object = {
  base: 4,
  method() {
    return (x: number) => x + this.base;
  },
  get accessor() {
    return this.base * 2;
  },
  set accessor(value: number) {
    this.base = value;
  },
  async *stream() {
    yield this.base;
  },
};
const counterObject = {
  count: 0,
  up() {
    this.count++;
    return this;
  },
};
function sloppyThis(this: unknown) {
  return () => this;
}
const moduleThis = () => typeof this;
const instance = new Pipeline();
instance.factor = 3;

export const corpus = cases(
  {
    name: 'this in an arrow of a method',
    roots: () => [instance.viaArrow()],
    inputs: [[2]],
    expected: [6],
  },
  {
    name: 'this in arrows inside arrows',
    roots: () => [instance.viaNestedArrows()],
    inputs: [[2]],
    expected: [[6, 12]],
  },
  {
    name: 'this of an instance with private fields',
    roots: () => [instance.viaPrivate()],
    inputs: [[2]],
    expected: [5],
  },
  {
    name: 'a copy of a private field',
    roots: () => [instance.withPrivate()],
    inputs: [[2]],
    expected: [3],
  },
  {
    name: 'arguments in an arrow of a method',
    roots: () => [instance.viaArguments(1, 2)],
    expected: [5],
  },
  {
    name: 'this in arrows made by a callback',
    roots: () => [(f: () => number, g: () => number) => [f(), g()], ...instance.viaCallback()],
    expected: [[9, 12]],
  },
  {
    name: 'this in an arrow of an async method',
    roots: () => [waiting],
    inputs: [[10]],
    expected: [7],
  },
  {
    name: 'this in an arrow of a generator method',
    roots: () => [[...instance.generator()][0]],
    expected: [3],
  },
  { name: 'this in an arrow of a getter', roots: () => [instance.reader], expected: [3] },
  {
    name: 'this in an arrow of a static method',
    roots: () => [Pipeline.viaStatic()],
    inputs: [[2]],
    expected: [10],
  },
  { name: 'this in an arrow of a static block', roots: () => [Pipeline.made], expected: [6] },
  {
    name: 'this of an object literal',
    roots: () => [instance.nested().method()],
    expected: ['object'],
  },
  {
    name: 'this of a class in an object literal',
    roots: () => [instance.nested().arrow],
    expected: [3],
  },
  {
    name: 'this and a constant of a block',
    roots: () => [
      (f: () => number, g: () => number) => [f(), g()],
      instance.conditional(true),
      instance.conditional(false),
    ],
    expected: [[13, 3]],
  },
  {
    name: 'this in an arrow made before super()',
    roots: () => [new Derived().callback],
    expected: ['derived'],
  },
  {
    name: 'private names in an arrow function of a field',
    roots: () => [new Vault().take],
    inputs: [[1], [1]],
    expected: [2, 1],
  },
  {
    name: 'private fields, methods and accessors in an arrow',
    roots: () => [new Vault().reader()],
    expected: [[3, 6, 1.5, 0]],
  },
  {
    name: 'writes to private fields in an arrow',
    roots: () => [new Vault().writer()],
    inputs: [[5]],
    expected: [11],
  },
  {
    name: 'private names of other instances',
    roots: () => {
      const a = new Vault();
      const b = new Vault();
      b.take(1);
      return [(f: Function) => f(a, b), new Vault().comparator()];
    },
    expected: [1],
  },
  {
    name: '#name in object, and an optional chain',
    roots: () => {
      const v = new Vault();
      return [(f: Function) => [f(v, v), f({})], v.test()];
    },
    expected: [
      [
        [true, 3],
        [false, undefined],
      ],
    ],
  },
  {
    name: 'a private static field in an arrow',
    roots: () => [new Vault().counter()],
    inputs: [[], []],
    expected: [1, 2],
  },
  {
    name: 'a class inside a method that uses private names around',
    roots: () => {
      const Inner = new Vault().inner();
      return [() => new Inner().read()];
    },
    expected: [3],
  },
  {
    name: 'private names of a class without a name',
    roots: () => [(f: Function) => [f(), AnonymousVault.name], new AnonymousVault().reader()],
    expected: [[4, 'AnonymousVault']],
  },
  {
    name: 'super in an arrow',
    roots: () => [new Derived().viaSuper()],
    expected: ['from derived'],
  },
  {
    name: 'super with arguments, in an arrow inside an arrow',
    roots: () => [new Derived().viaSuperArguments()],
    inputs: [[5]],
    expected: [['derived 5']],
  },
  {
    name: 'a getter of super in an arrow',
    roots: () => [new Derived().viaSuperGetter()],
    expected: ['title of derived'],
  },
  {
    name: 'a computed name of super in an arrow',
    roots: () => [new Derived().viaSuperComputed('greet')],
    expected: ['from derived'],
  },
  {
    name: 'super in an arrow function of a field',
    roots: () => [new Derived().field],
    expected: ['from derived'],
  },
  {
    name: 'super in an arrow of a static method',
    roots: () => [Derived.viaStaticSuper()],
    expected: ['kind of Derived'],
  },
  {
    name: 'a write through super in an arrow, refused',
    roots: () => [new Derived().assigning()],
    refused: { reason: /super/ },
  },
  {
    name: 'this in an arrow of a constructor function',
    roots: () => [new (Old as unknown as new () => { read(): number })().read],
    expected: [3],
  },
  {
    name: 'new.target in an arrow',
    roots: () => [
      (a: () => string, b: () => string) => [a(), b()],
      withNewTarget(),
      new (withNewTarget as unknown as new () => () => string)(),
    ],
    expected: [['called', 'made']],
  },
  {
    name: 'this in an arrow of a method of an object',
    roots: () => [object.method()],
    inputs: [[1]],
    expected: [5],
  },
  {
    name: 'an object with methods',
    roots: () => [() => counterObject.up().up().count],
    expected: [2],
  },
  {
    name: 'an object with accessors',
    roots: () => [
      () => {
        object.accessor = 6;
        return object.accessor;
      },
    ],
    expected: [12],
  },
  {
    name: 'an async generator method',
    roots: () => [
      async () => {
        for await (const x of object.stream()) return x;
        return undefined;
      },
    ],
    expected: [4],
  },
  { name: 'this that is a primitive', roots: () => [sloppyThis.call('text')], expected: ['text'] },
  {
    name: 'this that is undefined',
    roots: () => [sloppyThis.call(undefined)],
    expected: [undefined],
  },
  { name: 'this of a module', roots: () => [moduleThis], expected: ['undefined'] },
  {
    name: 'a method that loses its receiver throws as in JavaScript',
    roots: () => [counterObject.up],
    throws: /TypeError: Cannot read properties of undefined/,
  },
  {
    name: 'an object whose methods are taken with it',
    roots: () => [(o: typeof object) => o.method()(1), object],
    expected: [5],
  },
);
class Vault {
  #gold = 3;
  #log: string[] = [];
  static #made = 0;
  #double(x: number) {
    return x * 2 * this.#gold;
  }
  #self() {
    return this;
  }
  get #half() {
    return this.#gold / 2;
  }
  set #half(value: number) {
    this.#gold = value * 2;
  }
  take = (n: number) => {
    this.#gold -= n;
    this.#log.push(`-${n}`);
    return this.#gold;
  };
  reader() {
    return () => [this.#gold, (void 0, this).#double(1), this.#half, this.#self().#log.length];
  }
  writer() {
    return (n: number) => {
      this.#gold++;
      this.#gold += n;
      this.#half = n;
      [this.#gold] = [this.#gold + 1];
      return this.#gold;
    };
  }
  comparator() {
    return (a: Vault, b: Vault) => a.#gold - b.#gold;
  }
  test() {
    return function (o: object, other?: Vault) {
      return [#gold in (void 0, o), other === undefined ? undefined : other.#gold];
    };
  }
  counter() {
    return () => ++Vault.#made;
  }
  inner() {
    const outer = this;
    return class Inner {
      read() {
        return outer.#gold;
      }
    };
  }
}
const AnonymousVault = class {
  #n = 4;
  reader() {
    return () => this.#n;
  }
};
const waiting = await instance.later();
