import { cases } from './case.js';

class Event {
  constructor(
    readonly at: number,
    readonly tags: Set<string>,
  ) {}
}
async function main() {
  class Local {
    constructor(readonly n: number) {}
    plus(m: number) {
      return new Local(this.n + m);
    }
  }
  const scale = await Promise.resolve(3);
  const helper = (x: number) => x * scale;
  let late = 1;
  const readLate = () => late;
  await null;
  late = 2;
  const closures = { helper, readLate, plus: (l: Local) => l.plus(scale), Local };
  late = 5;
  return closures;
}
const ran = await main();
const results = await Promise.all(
  [1, 2].map(async (n) => {
    await null;
    return () => n * 10;
  }),
);
const settled = new Promise<(x: number) => number>((resolve) => {
  const offset = 100;
  setTimeout(() => resolve((x) => x + offset), 1);
});
const fromTimer = await settled;
const retry = async <T>(times: number, f: () => Promise<T>): Promise<T> => {
  for (let i = 0; ; i++) {
    try {
      return await f();
    } catch (error) {
      if (i >= times) throw error;
    }
  }
};
const emitted: (() => string)[] = [];
await (async () => {
  for await (const name of (async function* () {
    yield 'a';
    yield 'b';
  })())
    emitted.push(() => name);
})();
using resource = {
  open: true,
  [Symbol.dispose]() {
    this.open = false;
  },
};

export const corpus = cases(
  {
    name: 'a closure of an async function after an await',
    roots: () => [ran.helper],
    inputs: [[2]],
    expected: [6],
  },
  { name: 'a let of an async function at the call', roots: () => [ran.readLate], expected: [5] },
  {
    name: 'a class local to an async main',
    roots: () => [ran.plus],
    inputs: [[new ran.Local(1)]],
    check: ([l]) => l instanceof ran.Local && l.n === 4,
  },
  {
    name: 'closures of async callbacks',
    roots: () => [(a: () => number, b: () => number) => [a(), b()], ...results],
    expected: [[10, 20]],
  },
  { name: 'a closure out of a timer', roots: () => [fromTimer], inputs: [[1]], expected: [101] },
  {
    name: 'an async helper with a callback',
    roots: () => [
      (n: number) => {
        let tries = 0;
        return retry(n, async () => {
          if (++tries <= n) throw new Error('again');
          return tries;
        });
      },
    ],
    inputs: [[2]],
    expected: [3],
  },
  {
    name: 'a rejected async function',
    roots: () => [
      async () => {
        throw new RangeError('late');
      },
    ],
    throws: /RangeError: late/,
  },
  {
    name: 'variables of for await',
    roots: () => [(a: () => string, b: () => string) => a() + b(), ...emitted],
    expected: ['ab'],
  },
  {
    name: 'a resource of using, after its end',
    roots: () => [() => resource.open],
    expected: [false],
  },
  {
    name: 'a record with a Set',
    roots: () => [(e: Event) => new Event(e.at + 1, new Set([...e.tags, 'seen']))],
    inputs: [[new Event(1, new Set(['new']))]],
    check: ([e]) => e instanceof Event && e.at === 2 && e.tags.has('seen'),
  },
  {
    name: 'try, catch and finally',
    roots: () => [
      (x: number) => {
        const log: string[] = [];
        try {
          if (x > 0) throw new Error('x');
          log.push('ok');
        } catch {
          log.push('caught');
        } finally {
          log.push('done');
        }
        return log;
      },
    ],
    inputs: [[0], [1]],
    expected: [
      ['ok', 'done'],
      ['caught', 'done'],
    ],
  },
  {
    name: 'await in a parameter default of a call',
    roots: () => [async (x: number) => [await Promise.resolve(x), await (async () => x + 1)()]],
    inputs: [[1]],
    expected: [[1, 2]],
  },
);
