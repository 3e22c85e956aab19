import { expect } from 'chai';
import {
  captureCallSite,
  captureClosure,
  ClosureError,
  decodeError,
  decodeValue,
  driverCodeTable,
  encodeError,
  encodeValue,
  TaskProgram,
  type ClosureData,
  type TaskBindings,
} from 'heddle/internal';

import { ProgramFolder, TaskThread } from './program-harness.js';

const source = `
export class Point {
  static made = 0;
  #secret = 's';
  constructor(readonly x: number, readonly tags: string[] = []) { Point.made++; }
  scaled() { return this.x * scale; }
  secret() { return this.#secret; }
  mark() { this.#secret += '!'; return this; }
}
export class Wrapper {
  constructor(readonly inner: Point) {}
  describe() { return formatter(this.inner.scaled()); }
}
let scale = 2;
const formatter = (n: number) => prefix + n;
const prefix = '#';
export const setScale = (n: number) => void (scale = n);
export const make = (x: number) => new Point(x).mark();
export const wrap = (x: number) => new Wrapper(new Point(x));
export const use = (p: { scaled(): number; secret(): string }) => [p.scaled(), p.secret()];
export const describeIt = (w: { describe(): string }) => w.describe();
export const count = () => Point.made;
export const viaScale = (x: number) => new Point(x).scaled();
export const next = (() => { let n = 0; return () => ++n; })();
export const withProperty = Object.assign(() => withProperty.hits.push(1), { hits: [] as number[] });
export const zero = { sum: 0, count: 0 };
export const nestedZero = { list: [0], map: new Map([['a', [1]]]) };
export const functionZero = { add: (a: number) => a + n0, n: [0] };
const n0 = 5;
export const broken = () => { const error: any = new RangeError('x'); error.point = new Point(4); throw error; };
export const big = new Array(1000).fill('0123456789');
export const useBig = () => big.length;
`;

interface Exports {
  readonly Point: new (x: number) => { x: number; scaled(): number; secret(): string };
  readonly Wrapper: new (inner: object) => { describe(): string };
  readonly setScale: (n: number) => void;
  readonly make: (x: number) => object;
  readonly zero: object;
  readonly [name: string]: unknown;
}

describe('A program in task threads', () => {
  let folder: ProgramFolder;
  let exports: Exports;
  let taskFile: string;
  let program: TaskProgram;

  before(async () => {
    folder = await ProgramFolder.create();
    await folder.write('app.ts', source);
    const built = await folder.build('app.ts');
    exports = (await import(built.driverUrl)) as Exports;
    taskFile = built.taskFile;
    program = await TaskProgram.load(taskFile);
  });

  after(async () => {
    await folder.remove();
  });

  const bindings = (): TaskBindings => ({
    broadcast: () => undefined,
    accumulator: () => undefined,
  });
  const capture = (...roots: unknown[]): ClosureData =>
    captureClosure(roots, captureCallSite('map'));

  async function run(
    thread: TaskThread,
    closure: ClosureData,
    inputs: Uint8Array,
  ): Promise<Uint8Array> {
    const reply = await thread.ask({ kind: 'run', closure, inputs, attempts: 1 });
    if (reply.kind === 'error') throw decodeError(reply.error, driverCodeTable());
    if (reply.kind !== 'outputs') throw new Error('no outputs');
    return reply.attempts[0]!;
  }

  describe('records with instances of classes', () => {
    it('go from one thread to another that no closure told of the class, with what its methods need', async () => {
      const [first, second] = [new TaskThread(), new TaskThread()];
      try {
        for (const thread of [first, second]) await thread.ask({ kind: 'load', taskFile });
        exports.setScale(7);
        const inputs = encodeValue([[3], [4]], driverCodeTable());
        const points = await run(first, capture(exports['make']), inputs);
        const records = decodeValue(points, driverCodeTable()) as object[];
        expect(records.every((one) => one instanceof exports.Point)).to.equal(true);
        const shuffled = encodeValue(
          records.map((one) => [one]),
          driverCodeTable(),
        );
        const used = decodeValue(
          await run(second, capture(exports['use']), shuffled),
          driverCodeTable(),
        );
        expect(used).to.deep.equal([
          [21, 's!'],
          [28, 's!'],
        ]);
        const wrapped = await run(first, capture(exports['wrap']), inputs);
        const wrappers = decodeValue(wrapped, driverCodeTable()) as object[];
        const again = encodeValue(
          wrappers.map((one) => [one]),
          driverCodeTable(),
        );
        expect(
          decodeValue(await run(second, capture(exports['describeIt']), again), driverCodeTable()),
        ).to.deep.equal(['#21', '#28']);
      } finally {
        exports.setScale(2);
        await Promise.all([first.stop(), second.stop()]);
      }
    });

    it('carry their state from thread to thread without the driver between', async () => {
      exports.setScale(11);
      const inFirst = program.instantiate(capture(exports['make']), bindings()).roots()[0] as (
        x: number,
      ) => object;
      const bytes = encodeValue(inFirst(2), program.code);
      exports.setScale(2);
      const second = await TaskProgram.load(taskFile);
      const there = decodeValue(bytes, second.code) as { scaled(): number; secret(): string };
      expect([there.scaled(), there.secret()]).to.deep.equal([22, 's!']);
      expect(Object.getPrototypeOf(there)).not.to.equal(
        Object.getPrototypeOf(decodeValue(bytes, program.code)),
      );
    });

    it('have one class in a thread, whichever closure or record brought it', () => {
      const one = program.instantiate(capture(exports['make']), bindings()).roots()[0] as (
        x: number,
      ) => object;
      const two = program
        .instantiate(capture(exports['viaScale'], exports.Point), bindings())
        .roots()[1] as typeof exports.Point;
      const record = decodeValue(
        encodeValue(new exports.Point(1), driverCodeTable()),
        program.code,
      );
      expect(one(1)).to.be.instanceOf(two);
      expect(record).to.be.instanceOf(two);
    });

    it('arrive in fields of errors', () => {
      const [broken] = program.instantiate(capture(exports['broken']), bindings()).roots() as [
        () => never,
      ];
      let caught: unknown;
      try {
        broken();
      } catch (error) {
        caught = error;
      }
      const back = decodeError(
        encodeError(caught, program.code),
        driverCodeTable(),
      ) as RangeError & { point: object };
      expect(back).to.be.instanceOf(RangeError);
      expect(back.point).to.be.instanceOf(exports.Point);
    });
  });

  describe('every attempt', () => {
    it('starts from captured values; functions stay the same objects', () => {
      const instance = program.instantiate(capture(exports['next'], exports.zero), bindings());
      const [next, zero] = instance.roots() as [() => number, { sum: number }];
      expect([next(), next()]).to.deep.equal([1, 2]);
      zero.sum = 9;
      const [again, fresh] = instance.roots() as [() => number, { sum: number }];
      expect(again).to.equal(next);
      expect(again()).to.equal(1);
      expect(fresh).to.deep.equal({ sum: 0, count: 0 });
    });

    it('finds the properties of functions as they were captured', () => {
      const instance = program.instantiate(capture(exports['withProperty']), bindings());
      for (let i = 0; i < 2; i++) {
        const [push] = instance.roots() as [(() => number) & { hits: number[]; more?: number }];
        expect(push()).to.equal(1);
        push.more = 1;
      }
      expect(instance.roots()[0]).not.to.have.property('more');
    });

    it('sets static data back', () => {
      const captured = capture(exports['count'], exports['make']);
      const instance = program.instantiate(captured, bindings());
      const before = (instance.roots()[0] as () => number)();
      (instance.roots()[1] as (x: number) => object)(1);
      expect((instance.roots()[0] as () => number)()).to.equal(before);
    });
  });

  describe('a fresh root', () => {
    it('is another copy, and leaves running functions alone', () => {
      const instance = program.instantiate(
        capture(
          exports['next'],
          exports.zero,
          exports['nestedZero'],
          exports['functionZero'],
          7,
          [],
          new Map([['k', 1]]),
        ),
        bindings(),
      );
      const [next] = instance.roots() as [() => number];
      next();
      for (const index of [1, 2, 3, 5, 6]) {
        const [a, b] = [instance.freshRoot(index), instance.freshRoot(index)] as [object, object];
        expect(a).not.to.equal(b);
        if (index !== 3) expect(a).to.deep.equal(b);
      }
      const nested = instance.freshRoot(2) as { list: number[]; map: Map<string, number[]> };
      nested.list.push(1);
      nested.map.get('a')!.push(2);
      expect(instance.freshRoot(2)).to.deep.equal({ list: [0], map: new Map([['a', [1]]]) });
      const withFunction = instance.freshRoot(3) as { add(a: number): number; n: number[] };
      expect(withFunction.add(1)).to.equal(6);
      expect(instance.freshRoot(4)).to.equal(7);
      expect(next()).to.equal(2);
    });
  });

  describe('a class that uses a variable', () => {
    it('cannot have two values of it in one stage', () => {
      const site = (line: number) => ({ operator: 'map', file: 'app.ts', line, column: 1 });
      exports.setScale(2);
      const first = captureClosure([exports['viaScale']], site(5));
      exports.setScale(10);
      const second = captureClosure([exports['viaScale']], site(9));
      exports.setScale(2);
      const stage = bindings();
      program.instantiate(first, stage).roots();
      expect(() => program.instantiate(second, stage).roots())
        .to.throw(
          ClosureError,
          /scale has two values in one stage: 2 when map at app\.ts:5 was called, 10 when map at app\.ts:9 was/,
        )
        .with.property('variable', 'scale');
    });

    it('has the value of each stage in turn', () => {
      for (const scale of [3, 8, 3]) {
        exports.setScale(scale);
        const instance = program.instantiate(capture(exports['viaScale']), bindings());
        exports.setScale(2);
        expect((instance.roots()[0] as (x: number) => number)(2)).to.equal(2 * scale);
      }
    });
  });

  describe('a snapshot', () => {
    it('holds only what is reached', () => {
      expect(capture(exports['next']).snapshot.length).to.be.lessThan(60);
      expect(capture(exports['useBig']).snapshot.length).to.be.greaterThan(10_000);
    });

    it('that is damaged is refused with a typed error, and never hangs', () => {
      const { snapshot, ...rest } = capture(
        exports['wrap'],
        exports['functionZero'],
        exports['make'],
        exports['next'],
      );
      let seed = 1;
      const random = (below: number): number => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed % below;
      };
      for (let i = 0; i < 400; i++) {
        const damaged = new Uint8Array(snapshot);
        for (let j = random(4); j >= 0; j--) damaged[random(damaged.length)] = random(256);
        try {
          program.instantiate({ ...rest, snapshot: damaged }, bindings()).roots();
        } catch (error) {
          expect((error as { code?: string }).code, String((error as Error).stack)).to.be.oneOf([
            'CORRUPT_DATA',
            'CLOSURE',
          ]);
        }
      }
    });

    it('of plain values needs no program', () => {
      const closure = captureClosure([{ a: [1, new Date(0)] }], captureCallSite('fold'));
      const [value] = program.instantiate(closure, bindings()).roots();
      expect(value).to.deep.equal({ a: [1, new Date(0)] });
    });
  });
});
