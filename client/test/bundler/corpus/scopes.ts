import { cases } from './case.js';

function loopClosures() {
  const made: (() => number)[] = [];
  for (let i = 0; i < 3; i++) made.push(() => i);
  return made;
}
function sharedVar() {
  const made: (() => number)[] = [];
  for (var i = 0; i < 3; i++) made.push(() => i);
  return made;
}
function withoutBraces(values: number[]) {
  const made: (() => number)[] = [];
  for (const value of values) made.push(() => value * 2);
  return made;
}
function forIn(object: object) {
  const made: (() => string)[] = [];
  for (const key in object) made.push(() => key);
  return made;
}
function headerClosure() {
  let seen: (() => number) | undefined;
  for (let i = 0, get = () => i; i < 3; i++) seen = get;
  return seen!;
}
function counter(start: number) {
  let n = start;
  return { up: () => ++n, down: () => --n, get: () => n };
}
function inSwitch(kind: string) {
  switch (kind) {
    case 'a': {
      const inner = 'block';
      return () => inner;
    }
    case 'b':
      let late = 'first';
      if (kind === 'b') return () => late;
      return () => '';
    default:
      return () => kind + 'd';
  }
}
function inCatch() {
  try {
    throw new Error('thrown');
  } catch (error) {
    return () => (error as Error).message;
  }
}
function inCatchPattern() {
  try {
    throw Object.assign(new Error('x'), { code: 'E1' });
  } catch ({ code, message = 'none' }: any) {
    return () => `${code} ${message}`;
  }
}
function shadowed(x: number) {
  const y = x;
  {
    const x = 'inner';
    const first = () => x + y;
    {
      const y = '!';
      return [first, () => x + y] as const;
    }
  }
}
function blockFunctions() {
  const made: (() => number)[] = [];
  for (let i = 0; i < 2; i++) {
    made.push(inner);
    function inner() {
      return i * 10;
    }
  }
  return made;
}
const whileLoop = () => {
  const made: (() => number)[] = [];
  let n = 0;
  while (n < 3) {
    const here = n++;
    made.push(() => here);
  }
  return [made, () => n] as const;
};
let moduleCounter = 0;
const bump = () => ++moduleCounter;
const read = () => moduleCounter;
let snapshotValue = 'at the call';
const deep = (a: number) => {
  const b = a + 1;
  return () => {
    const c = b + 1;
    return () => {
      const d = c + 1;
      return () => [a, b, c, d];
    };
  };
};
const expressionBody = (a: number) => (b: number) => ({ sum: a + b });
const pair = () => {
  let value = 0;
  const set = (x: number) => void (value = x);
  const get = () => value;
  return [set, get] as const;
};
const lateBound = () => later();
const later = () => 'now known';
function hoistedUse() {
  return hoisted() + 1;
  function hoisted() {
    return 41;
  }
}
const swap = () => {
  let [a, b] = [1, 2];
  return { swap: () => ([a, b] = [b, a]), get: () => [a, b] };
};
function labelledLoops() {
  const made: (() => string)[] = [];
  outer: for (const a of ['x', 'y']) {
    inner: for (const b of [1, 2]) {
      if (b === 2 && a === 'x') continue outer;
      made.push(() => a + b);
      if (a === 'y') break inner;
    }
  }
  return made;
}
function labelledSwitch(n: number) {
  found: switch (n) {
    case 1:
      const here = 'one';
      if (n === 1) {
        const f = () => here;
        return f;
      }
      break found;
  }
  return undefined;
}
const ifWithoutBraces = (flag: boolean) => {
  if (flag) return () => flag;
  else return () => !flag;
};
function doWhile() {
  let f: (() => number) | undefined;
  let n = 0;
  do {
    const here = n;
    f = () => here + n;
  } while (++n < 3);
  return f;
}
const commaLoop = () => {
  const made: (() => [number, number])[] = [];
  for (let i = 0, j = 10; i < 2; i++, j--) made.push(() => [i, j]);
  return made;
};
const mutatedInLoopBody = () => {
  const made: (() => number)[] = [];
  for (let i = 0; i < 4; i++) {
    made.push(() => i);
    i++;
  }
  return made;
};
const call = (...f: (() => unknown)[]) => f.map((one) => one());

export const corpus = cases(
  {
    name: 'a loop variable per iteration',
    roots: () => [call, ...loopClosures()],
    expected: [[0, 1, 2]],
  },
  {
    name: 'a var of a loop, one for all',
    roots: () => [call, ...sharedVar()],
    expected: [[3, 3, 3]],
  },
  {
    name: 'a loop body without braces',
    roots: () => [call, ...withoutBraces([4, 5])],
    expected: [[8, 10]],
  },
  {
    name: 'a for-in variable',
    roots: () => [call, ...forIn({ p: 1, q: 2 })],
    expected: [['p', 'q']],
  },
  { name: 'a closure in the head of a for loop', roots: () => [headerClosure()], expected: [0] },
  {
    name: 'a binding that two closures share',
    roots: () => {
      const c = counter(5);
      return [(up: () => number, get: () => number) => [up(), up(), get()], c.up, c.get];
    },
    expected: [[6, 7, 7]],
  },
  {
    name: 'state at the call, not later',
    roots: () => {
      const c = counter(5);
      c.up();
      later2 = c.up;
      return [c.get];
    },
    afterwards: () => void later2!(),
    expected: [6],
  },
  { name: 'a scope inside a case', roots: () => [inSwitch('a')], expected: ['block'] },
  { name: 'the scope of a switch', roots: () => [inSwitch('b')], expected: ['first'] },
  {
    name: 'a switch without captured bindings of its own',
    roots: () => [inSwitch('c')],
    expected: ['cd'],
  },
  { name: 'a caught error', roots: () => [inCatch()], expected: ['thrown'] },
  { name: 'a pattern in catch', roots: () => [inCatchPattern()], expected: ['E1 x'] },
  { name: 'shadowed names', roots: () => [call, ...shadowed(7)], expected: [['inner7', 'inner!']] },
  {
    name: 'functions declared in a block',
    roots: () => [call, ...blockFunctions()],
    expected: [[0, 10]],
  },
  {
    name: 'constants of a while loop',
    roots: () => {
      const [made, n] = whileLoop();
      return [call, ...made, n];
    },
    expected: [[0, 1, 2, 3]],
  },
  {
    name: 'a module-level let that closures write and read',
    roots: () => {
      moduleCounter = 3;
      return [(b: () => number, r: () => number) => [b(), r()], bump, read];
    },
    expected: [[4, 4]],
  },
  {
    name: 'a let as it is at the call',
    roots: () => [() => snapshotValue],
    afterwards: () => void (snapshotValue = 'changed'),
    expected: ['at the call'],
  },
  { name: 'four scopes deep', roots: () => [deep(1)()()], expected: [[1, 2, 3, 4]] },
  {
    name: 'an arrow whose body is an object',
    roots: () => [expressionBody(1)],
    inputs: [[2]],
    expected: [{ sum: 3 }],
  },
  {
    name: 'a setter and a getter of one binding',
    roots: () => {
      const [set, get] = pair();
      set(5);
      return [
        (s: (x: number) => void, g: () => number) => {
          const before = g();
          s(9);
          return [before, g()];
        },
        set,
        get,
      ];
    },
    expected: [[5, 9]],
  },
  { name: 'a constant declared further down', roots: () => [lateBound], expected: ['now known'] },
  { name: 'a hoisted function inside', roots: () => [hoistedUse], expected: [42] },
  {
    name: 'a swap by destructuring',
    roots: () => {
      const s = swap();
      s.swap();
      return [s.get];
    },
    expected: [[2, 1]],
  },
  { name: 'labelled loops', roots: () => [call, ...labelledLoops()], expected: [['x1', 'y1']] },
  { name: 'a labelled switch', roots: () => [labelledSwitch(1)], expected: ['one'] },
  {
    name: 'if without braces',
    roots: () => [call, ifWithoutBraces(true), ifWithoutBraces(false)],
    expected: [[true, true]],
  },
  { name: 'a do-while loop', roots: () => [doWhile()], expected: [5] },
  {
    name: 'two loop variables',
    roots: () => [call, ...commaLoop()],
    expected: [
      [
        [0, 10],
        [1, 9],
      ],
    ],
  },
  {
    name: 'a loop variable that the body changes',
    roots: () => [call, ...mutatedInLoopBody()],
    expected: [[1, 3]],
  },
  {
    name: 'a binding that is not initialised yet throws on use',
    roots: () => {
      const early = () => notYet.length;
      const taken = [early];
      const result = [() => taken[0]!()];
      pending.push(() => notYet);
      return result.concat(early as never);
      const notYet = 'x';
    },
    throws: /ReferenceError: Cannot access 'notYet' before initialization/,
  },
  {
    name: 'two snapshots share nothing',
    roots: () => {
      const box = { n: 1 };
      return [
        (a: { n: number }, b: { n: number }) => {
          a.n = 5;
          return b.n;
        },
        box,
        box,
      ];
    },
    expected: [5],
  },
  {
    name: 'one object through two closures stays one object',
    roots: () => {
      const box = { n: 1 };
      return [
        (set: () => void, get: () => number) => {
          set();
          return get();
        },
        () => void (box.n = 8),
        () => box.n,
      ];
    },
    expected: [8],
  },
);
let later2: (() => unknown) | undefined;
const pending: (() => unknown)[] = [];
