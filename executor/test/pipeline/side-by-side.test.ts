import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { AsyncMap } from '../../src/pipeline/async-map.js';
import { CartesianSource } from '../../src/pipeline/cartesian-source.js';
import { SideBySide } from '../../src/pipeline/side-by-side.js';
import type { BatchSource } from '../../src/task-environment.js';
import {
  drain,
  makeEnvironment,
  sourceOf,
  useLocalDirectory,
} from '../shuffle/test-environment.js';

/** A source that counts the batches that were read, and whether it was closed. */
function counted(records: readonly unknown[], batchSize: number): BatchSource & Counts {
  const inner = sourceOf(records, batchSize);
  const source = {
    reads: 0,
    closed: false,
    next() {
      source.reads += 1;
      return inner.next();
    },
    close() {
      source.closed = true;
      inner.close();
    },
  };
  return source;
}

interface Counts {
  readonly reads: number;
  readonly closed: boolean;
}

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('B.2 cartesian over batches', () => {
  const local = useLocalDirectory();
  const open = (left: BatchSource, right: BatchSource, memoryBudgetBytes: number) => {
    const env = makeEnvironment({ directories: [local.path], memoryBudgetBytes });
    return { env, source: new CartesianSource(left, right, env) };
  };
  const pairs = (left: number, right: number): number[][] =>
    numbers(left).flatMap((a) => numbers(right).map((b) => [a, b]));

  it('reads each side once and keeps the right one in memory when it fits', () => {
    const left = counted(numbers(30), 7);
    const right = counted(numbers(500), 100);
    const { env, source } = open(left, right, 64 * 1024 * 1024);
    expect(drain(source)).to.deep.equal(pairs(30, 500));
    expect([left.reads, right.reads]).to.deep.equal([6, 6]);
    expect([left.closed, right.closed]).to.deep.equal([true, true]);
    expect(env.metrics.spills).to.equal(0);
    env.end();
  });

  it('keeps the right side in a file beyond the budget, and is the same', () => {
    const { env, source } = open(
      sourceOf(numbers(5), 2),
      sourceOf(numbers(5_000), 1_000),
      16 * 1024,
    );
    expect(drain(source)).to.deep.equal(pairs(5, 5_000));
    expect(env.metrics.spills).to.equal(1);
    env.end();
  });

  it('reads no more than an early end needs', () => {
    const left = counted(numbers(1_000), 10);
    const right = counted(numbers(100_000), 10);
    const { env, source } = open(left, right, 64 * 1024 * 1024);
    expect(source.next()).to.deep.equal([[0, 0]]);
    source.close();
    expect([left.reads, right.reads]).to.deep.equal([1, 1]);
    expect(source.next()).to.equal(undefined);
    env.end();
  });

  it('does not read a left side for which there is nothing on the right, nor the other way round', () => {
    const left = counted(numbers(1_000), 10);
    const { env, source } = open(left, sourceOf([]), 1024);
    expect(drain(source)).to.deep.equal([]);
    expect(left.reads).to.equal(1);
    const right = counted(numbers(10), 10);
    expect(drain(open(sourceOf([]), right, 1024).source)).to.deep.equal([]);
    expect(right.reads).to.equal(0);
    env.end();
  });
});

describe('B.2 zipPartitions over batches', () => {
  it('opens inputs when they are read, and closes all of them, whatever closing throws', () => {
    const first = counted([1], 1);
    const opened: string[] = [];
    const third = counted([3], 1);
    const sides = new SideBySide([
      () => (opened.push('first'), { ...first, next: () => first.next(), close: fail }),
      () => (opened.push('second'), counted([2], 1)),
      () => (opened.push('third'), third),
    ]);
    function fail(): void {
      throw new Error('cannot be closed');
    }
    expect(sides.iterators[2]!.next().value).to.equal(3);
    expect(sides.iterators[0]!.next().value).to.equal(1);
    expect(opened).to.deep.equal(['third', 'first']);
    expect(() => sides.close()).to.throw('cannot be closed');
    expect(third.closed).to.equal(true);
    expect(sides.next()).to.equal(undefined);
  });
});

describe('B.2 mapAsync over batches', () => {
  const checkInterrupted = (): void => undefined;

  async function readAll(map: AsyncMap): Promise<unknown[]> {
    const all: unknown[] = [];
    for (;;) {
      await map.fill();
      const batch = map.next();
      if (batch === undefined) return all;
      all.push(...batch);
    }
  }

  it('has at most so many calls under way, and all results in order', async () => {
    let running = 0;
    let most = 0;
    const map = new AsyncMap(
      sourceOf(numbers(200), 64),
      async (x) => {
        running += 1;
        most = Math.max(most, running);
        await sleep((Number(x) * 7) % 5);
        running -= 1;
        return Number(x) * 2;
      },
      { concurrency: 6, checkInterrupted },
    );
    expect(await readAll(map)).to.deep.equal(numbers(200).map((x) => x * 2));
    expect(most).to.equal(6);
    map.close();
  });

  it('waits with the first of many for the slowest, and does not run ahead of it without end', async () => {
    let calls = 0;
    const gate = Promise.withResolvers<string>();
    const map = new AsyncMap(
      sourceOf(numbers(1_000), 64),
      (x) => ((calls += 1), x === 0 ? gate.promise : x),
      { concurrency: 4, checkInterrupted },
    );
    const filled = map.fill();
    await sleep(1);
    expect(calls).to.be.within(4, 8);
    gate.resolve('late');
    await filled;
    expect(map.next()![0]).to.equal('late');
    map.close();
  });

  it('fails with the first rejection in the order of the records, after the results before it', async () => {
    const map = new AsyncMap(
      sourceOf(numbers(10), 4),
      async (x) => {
        if (x === 2) await sleep(5);
        if (x === 2 || x === 3) throw new Error(`record ${String(x)}`);
        return x;
      },
      { concurrency: 8, checkInterrupted },
    );
    await map.fill();
    expect(map.next()).to.deep.equal([0, 1]);
    expect(await map.fill().catch((error: unknown) => (error as Error).message)).to.equal(
      'record 2',
    );
    map.close();
  });

  it('notices that its task was killed while a promise never settles', async () => {
    let killed = false;
    const map = new AsyncMap(sourceOf([1], 1), () => new Promise(() => undefined), {
      concurrency: 1,
      checkInterrupted: () => {
        if (killed) throw new Error('killed');
      },
    });
    const filled = map.fill().catch((error: unknown) => (error as Error).message);
    await sleep(1);
    killed = true;
    expect(await filled).to.equal('killed');
    map.close();
  });

  it('refuses to be read before its results are there', () => {
    const map = new AsyncMap(sourceOf([1], 1), (x) => x, { concurrency: 1, checkInterrupted });
    expect(() => map.next()).to.throw('before its results');
  });
});
