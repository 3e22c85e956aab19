import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { TaskContext } from 'heddle/internal';
import type { ThreadBindings } from '../../src/thread/thread-program.js';

/** The "user's functions" of the tests of threads: made once in a thread and closure. */
export const functions: Readonly<Record<string, (bindings: ThreadBindings) => unknown>> = {
  double: () => (x: number) => x * 2,
  isEven: () => (x: number) => x % 2 === 0,
  add: () => (a: number, b: number) => a + b,
  count: () => (records: Iterable<unknown>) => [...records].length,
  counter: () => {
    let n = 0;
    return () => ++n;
  },
  contextNumbers: () => () => {
    const context = TaskContext.get()!;
    return [
      context.stageId,
      context.partitionId,
      context.attemptNumber,
      context.taskAttemptId,
      context.executorId,
      context.getLocalProperty('pool'),
    ];
  },
  hasContext: () => (_: unknown, context: unknown) => context === TaskContext.get(),
  throwError: () => () => {
    throw new TypeError('mine', { cause: new Error('its cause') });
  },
  throwString: () => () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what users may do
    throw 'a string';
  },
  throwUndefined: () => () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what users may do
    throw undefined;
  },
  throwUnprintable: () => () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what users may do
    throw {
      toString(): string {
        throw new Error('no text');
      },
    };
  },
  throwProxy: () => () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- what users may do
    throw new Proxy(
      {},
      {
        get() {
          throw new Error('no property');
        },
        getPrototypeOf() {
          throw new Error('no prototype');
        },
      },
    );
  },
  throwHuge: () => () => {
    throw new Error('x'.repeat(100 * 1024 * 1024));
  },
  recurse: () => {
    const recurse = (x: number): number => recurse(x + 1) + 1;
    return recurse;
  },
  loop: () => () => {
    for (;;);
  },
  waitForKill: () => () => {
    while (!TaskContext.get()!.isInterrupted());
    return 1;
  },
  exit: () => () => process.exit(3),
  loopAtOdd: () => (x: number) => {
    for (let n = 0; x % 2 === 1; n++) if (n < 0) return n;
    return x;
  },
  failAtOdd: () => (x: number) => {
    if (x % 2 === 1) throw new Error(`${x} is odd`);
    return x;
  },
  exitAtOdd: () => (x: number) => (x % 2 === 1 ? process.exit(3) : x),
  abort: () => () => process.abort(),
  killSelf: () => () => process.kill(process.pid, 'SIGKILL'),
  killProcess: () => () => execFileSync('kill', ['-9', String(process.pid)]),
  fillHeap: () => () => {
    const hoard: number[][] = [];
    for (;;) hoard.push(new Array<number>(10_000).fill(hoard.length));
  },
  fillArrays: () => () => {
    let last: number[] = [];
    for (let n = 0; n >= 0; n += last.length) last = new Array<number>(1000).fill(n);
    return last;
  },
  hoardFilled: () => () => {
    const hoard: number[][] = [];
    for (;;) {
      hoard.push(new Array<number>(1000).fill(1));
      if (hoard.length < 0) return hoard;
    }
  },
  growArray: () => () => {
    const hoard: number[] = [];
    for (;;) hoard.push(hoard.length + 0.5);
  },
  hoardRecords: () => (records: Iterable<number>) => {
    const hoard: number[] = [];
    for (const record of records) hoard.push(record + 0.5);
    return hoard;
  },
  garbage: () => (x: number) => new Array<number>(100_000).fill(x + 0.5).length,
  fillBuffers: () => () => {
    const hoard: Uint8Array[] = [];
    for (;;) {
      if (hoard.length < 40) hoard.push(new Uint8Array(8 * 1024 * 1024).fill(1));
      if (TaskContext.get()!.isInterrupted()) return hoard.length;
    }
  },
  rejectLater: () => (x: unknown) => {
    void Promise.reject(new Error('nobody waits for me'));
    return x;
  },
  logs: () => (x: number) => {
    console.log(`log ${x}\nsecond line`);
    console.error('error %d', x);
    process.stdout.write('part ');
    process.stdout.write('of a line\n');
    process.stdout.write('no newline');
    return x;
  },
  addToAccumulator: (bindings) => {
    const total = bindings.accumulator(5) as { add(value: number): void };
    return (x: number) => {
      total.add(x);
      return x;
    };
  },
  readAccumulator: (bindings) => {
    const total = bindings.accumulator(5) as { value: number };
    return () => total.value;
  },
  broadcastValue: (bindings) => {
    const variable = bindings.broadcast(9) as { value: unknown };
    return () => variable.value;
  },
  broadcastIsOne: (bindings) => {
    const variable = bindings.broadcast(9) as { value: object };
    const seen = globalThis as { seen?: object };
    return () => {
      seen.seen ??= variable.value;
      return seen.seen === variable.value;
    };
  },
  mutate: () => (record: { n: number }) => {
    record.n++;
    return record;
  },
  listeners: () => (_: unknown, context: TaskContext) => {
    const path = context.getLocalProperty('log')!;
    context.onCompletion(() => writeFileSync(path, 'completed ', { flag: 'a' }));
    context.onFailure((_context, error) =>
      writeFileSync(path, `failed ${error.message} `, { flag: 'a' }),
    );
    if (context.getLocalProperty('fail') !== undefined) throw new Error('told');
    return undefined;
  },
};

export const hash = 'the hash of the test program';
