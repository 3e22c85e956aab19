import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { encodeValue, plainCodeTable } from 'heddle/internal';
import type { StorageLevelSpec, TaskUpdate } from 'heddle/internal';
import { parallelizeSplit, rangeSplit } from '../pipeline/stage-fixture.js';
import { PrestartedThreads } from '../../src/host/prestarted-threads.js';
import { workerOptions } from '../../src/host/worker-options.js';
import { closureOf, ExecutorFixture, rangePlan, resultOf } from './executor-fixture.js';

const memoryOnly: StorageLevelSpec = {
  useDisk: false,
  useMemory: true,
  useOffHeap: false,
  deserialized: true,
  replication: 1,
};

function failureOf(update: Exclude<TaskUpdate, { kind: 'running' }>) {
  if (update.kind !== 'failed') throw new Error('the task should have failed');
  return update.failure;
}

describe('executor with real task threads', function () {
  let fixture: ExecutorFixture;

  beforeEach(() => {
    fixture = new ExecutorFixture();
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const map = (name: string) => fixture.stage(rangePlan(['map'], [name], { kind: 'collect' }));

  it('A-013 A-014 runs range → map → count and reports running, succeeded and metrics', async () => {
    const stage = fixture.stage(rangePlan(['map'], ['double'], { kind: 'count' }));
    const task = stage.task(rangeSplit(0, 1000));
    const { started, ended } = fixture.launch(task);
    await started;
    const update = await ended;
    expect(resultOf(stage.stage, update)).to.equal(1000);
    if (update.kind !== 'succeeded') throw new Error('failed');
    expect(update.executorId).to.equal('e1');
    expect(update.metrics.resultSizeBytes).to.be.greaterThan(0);
    expect(update.metrics.runMs).to.be.at.least(0);
    expect(update.metrics.cpuMs).to.be.greaterThan(0);
    expect(update.metrics.peakHeapBytes).to.be.greaterThan(1_000_000);
  });

  it('runs the steps of a stage in tasks of several partitions', async () => {
    const plan = rangePlan(['map', 'filter'], ['double', 'isEven'], { kind: 'collect' });
    const stage = fixture.stage(plan);
    const results = await Promise.all(
      [0, 1, 2, 3].map((i) => stage.result(rangeSplit(i * 2, 2, 1, i))),
    );
    expect(results).to.deep.equal([
      [0, 2],
      [4, 6],
      [8, 10],
      [12, 14],
    ]);
  });

  it('A-007 never runs more tasks at once than it has slots', async () => {
    const stage = fixture.stage(rangePlan(['map'], ['double'], { kind: 'count' }));
    const tasks = Array.from({ length: 40 }, () => fixture.launch(stage.task(rangeSplit(0, 10))));
    expect(fixture.executor.runningTasks).to.equal(2);
    const updates = await Promise.all(tasks.map(({ ended }) => ended));
    expect(updates.map((update) => update.kind)).to.deep.equal(new Array(40).fill('succeeded'));
    expect(fixture.executor.runningTasks).to.equal(0);
  });

  it('the task context of the task is there in its functions', async () => {
    const stage = fixture.stage(rangePlan(['map'], ['contextNumbers'], { kind: 'collect' }), {
      pool: 'blue',
    });
    const split = rangeSplit(0, 1, 1, 7);
    const task = stage.task(split, 2);
    const update = await fixture.launch(task).ended;
    expect(resultOf(stage.stage, update)).to.deep.equal([
      [stage.stage.stageId, 7, 2, task.taskAttemptId, 'e1', 'blue'],
    ]);
  });

  it('run hands over the context that TaskContext.get returns', async () => {
    const plan = rangePlan([], ['hasContext'], {
      kind: 'run',
      function: { closure: 0, root: 0 },
    });
    expect(await fixture.stage(plan).result(rangeSplit(0, 1))).to.equal(true);
  });

  it('listeners of the end run for success and failure, failure listeners first', async () => {
    const log = join(fixture.folder, 'listeners.txt');
    const plan = rangePlan([], ['listeners'], { kind: 'run', function: { closure: 0, root: 0 } });
    await fixture.stage(plan, { log }).result(rangeSplit(0, 1));
    expect(readFileSync(log, 'utf8')).to.equal('completed ');
    await fixture.stage(plan, { log, fail: 'yes' }).error(rangeSplit(0, 1));
    expect(readFileSync(log, 'utf8')).to.equal('completed failed told completed ');
  });

  describe('what a function throws', () => {
    it('an Error arrives with class, message, cause and the stack of the task', async () => {
      const error = await map('throwError').error(rangeSplit(0, 1));
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.equal('mine');
      expect((error.cause as Error).message).to.equal('its cause');
      expect(error.stack).to.include('user-functions');
    });

    it('the summary names the operator', async () => {
      const failure = failureOf(await map('throwError').launch(rangeSplit(0, 1)));
      if (failure.kind !== 'exception') throw new Error(failure.kind);
      expect(failure.summary).to.include('mine').and.to.include('map at test.ts:2');
      expect(failure.retryable).to.equal(true);
    });

    it('a string, undefined, an object without text and a proxy arrive as ThrownValueError', async () => {
      const thrown = async (name: string): Promise<Error & { value?: unknown }> =>
        map(name).error(rangeSplit(0, 1));
      const text = await thrown('throwString');
      expect(text.name).to.equal('ThrownValueError');
      expect(text.value).to.equal('a string');
      expect(text.message).to.include('"a string"');
      expect((await thrown('throwUndefined')).name).to.equal('ThrownValueError');
      expect((await thrown('throwUnprintable')).name).to.equal('ThrownValueError');
      expect((await thrown('throwProxy')).message).to.be.a('string');
    });

    it('a message of 100 MB is cut', async () => {
      const failure = failureOf(await map('throwHuge').launch(rangeSplit(0, 1)));
      if (failure.kind !== 'exception') throw new Error(failure.kind);
      expect(failure.error.length).to.be.lessThan(1_000_000);
      expect(failure.summary).to.include('characters').and.to.have.lengthOf.below(10_000);
    });

    it('endless recursion is a RangeError of the user, and the thread lives on', async () => {
      const stage = map('recurse');
      expect(await stage.error(rangeSplit(0, 1))).to.be.instanceOf(RangeError);
      expect(await map('double').result(rangeSplit(1, 1))).to.deep.equal([2]);
    });

    it('a rejection that nobody handles is the error of its task', async () => {
      const error = await map('rejectLater').error(rangeSplit(0, 1));
      expect(error.message).to.equal('nobody waits for me');
      expect(await map('double').result(rangeSplit(1, 1))).to.deep.equal([2]);
    });
  });

  describe('a task that would hurt its executor (A-010)', () => {
    it('process.exit ends its thread alone', async () => {
      const failure = failureOf(await map('exit').launch(rangeSplit(0, 1)));
      expect(failure).to.deep.include({ kind: 'threadLost', reason: 'exit' });
      expect(failure).to.have.property('summary').that.includes('process.exit(3)');
      const after = await Promise.all([1, 2, 3].map((i) => map('double').result(rangeSplit(i, 1))));
      expect(after).to.deep.equal([[2], [4], [6]]);
    });

    it('process.abort and signals to the own process are typed errors', async () => {
      for (const name of ['abort', 'killSelf']) {
        const error = await map(name).error(rangeSplit(0, 1));
        expect(error.name, name).to.equal('ProcessControlError');
      }
    });

    const limited = async (threadHeapMb: number, threadLimitMb: number): Promise<void> => {
      await fixture.stop();
      fixture = new ExecutorFixture({
        memory: {
          threadHeapMb,
          taskBudgetBytes: 1 << 20,
          threadLimitBytes: threadLimitMb * 2 ** 20,
          storageBytes: 1 << 20,
        },
      });
    };

    it('outgrowing the heap loses the thread, and other tasks go on', async () => {
      await limited(24, 0);
      const hungry = map('fillHeap').launch(rangeSplit(0, 1));
      const others = Promise.all([1, 2, 3].map((i) => map('double').result(rangeSplit(i, 1))));
      expect(failureOf(await hungry)).to.deep.include({ kind: 'threadLost', reason: 'heapLimit' });
      expect(await others).to.deep.equal([[2], [4], [6]]);
    });

    it('an array of records that outgrows the heap fails the task, not the process', async () => {
      await limited(64, 0);
      const plan = rangePlan(['map'], ['double'], { kind: 'count' });
      const hoard = { operator: { kind: 'mapPartitions', function: { closure: 1, root: 0 } } };
      const stage = fixture.stage({
        ...plan,
        nodes: [
          ...plan.nodes,
          {
            rddId: 2,
            operator: { ...hoard.operator, withIndex: false } as never,
            inputs: [1],
            label: 'hoard',
          },
        ],
        closures: [...plan.closures, closureOf([{ function: 'hoardRecords' }])],
      });
      const failure = failureOf(await stage.launch(rangeSplit(0, 1e9)));
      expect(failure).to.deep.include({ kind: 'threadLost', reason: 'heapLimit' });
      expect(failure).to.have.property('summary').that.includes('use more partitions');
    });

    it('an array that grows in the user code alone is noticed from outside', async () => {
      await limited(256, 256);
      const failure = failureOf(await map('growArray').launch(rangeSplit(0, 1)));
      expect(failure).to.deep.include({ kind: 'threadLost', reason: 'heapLimit' });
    });

    it('a loop around one of known length, which V8 unrolls, can be ended (V8 flag)', async () => {
      await limited(64, 64);
      const failure = failureOf(await map('hoardFilled').launch(rangeSplit(0, 1)));
      expect(failure).to.deep.include({ kind: 'threadLost', reason: 'heapLimit' });
    });

    it('garbage is no reason to end a task', async () => {
      await limited(32, 48);
      const stage = fixture.stage(rangePlan(['map'], ['garbage'], { kind: 'count' }));
      expect(await stage.result(rangeSplit(0, 400))).to.equal(400);
    });

    it('outgrowing the limit with buffers, which V8 does not count, loses the thread too', async () => {
      await limited(64, 200);
      const failure = failureOf(await map('fillBuffers').launch(rangeSplit(0, 1)));
      expect(failure).to.deep.include({ kind: 'threadLost', reason: 'heapLimit' });
    });
  });

  describe('kill', () => {
    it('ends an endless loop by ending its thread, and reports killed with the reason', async () => {
      const stage = map('loop');
      const task = stage.task(rangeSplit(0, 1));
      const { started, ended } = fixture.launch(task);
      await started;
      fixture.executor.kill(task.taskAttemptId, 'a reason');
      expect(failureOf(await ended)).to.deep.equal({ kind: 'killed', reason: 'a reason' });
      expect(await map('double').result(rangeSplit(1, 1))).to.deep.equal([2]);
    });

    it('is noticed between batches, without the loss of the thread', async () => {
      const stage = fixture.stage(rangePlan(['map'], ['double'], { kind: 'count' }));
      const task = stage.task(rangeSplit(0, 1e12));
      const { started, ended } = fixture.launch(task);
      await started;
      fixture.executor.kill(task.taskAttemptId, 'enough');
      expect(failureOf(await ended)).to.deep.equal({ kind: 'killed', reason: 'enough' });
    });

    it('is seen by isInterrupted', async () => {
      await fixture.stop();
      fixture = new ExecutorFixture({ killGraceMs: 60_000 });
      const task = map('waitForKill').task(rangeSplit(0, 1));
      const { started, ended } = fixture.launch(task);
      await started;
      fixture.executor.kill(task.taskAttemptId, 'please');
      // The function returned, so the attempt ended as it wished.
      expect((await ended).kind).to.be.oneOf(['succeeded', 'failed']);
    });

    it('of a task that waits for a slot reports killed', async () => {
      const loop = map('loop');
      const busy = [0, 1].map(() => loop.task(rangeSplit(0, 1)));
      const running = busy.map((task) => fixture.launch(task));
      const waiting = loop.task(rangeSplit(0, 1));
      const { ended } = fixture.launch(waiting);
      fixture.executor.kill(waiting.taskAttemptId, 'not needed');
      expect(failureOf(await ended)).to.deep.equal({
        kind: 'killed',
        reason: 'not needed',
        notBegun: true,
      });
      for (const task of busy) fixture.executor.kill(task.taskAttemptId, 'over');
      await Promise.all(running.map((one) => one.ended));
    });

    it('of a task that is gone does nothing', () => {
      fixture.executor.kill(12_345, 'unknown');
    });
  });

  it('console, stdout and stderr of a task go to the log, line by line with its mark', async () => {
    await fixture.stop();
    const path = join(tmpdir(), `heddle-executor-test-${process.pid}.log`);
    const logDescriptor = openSync(path, 'w+');
    try {
      fixture = new ExecutorFixture({ logDescriptor });
      const stage = map('logs');
      const task = stage.task(rangeSplit(4, 1, 1, 3));
      await fixture.launch(task).ended;
      const mark = `[task ${task.taskAttemptId} stage ${stage.stage.stageId} partition 3] `;
      expect(readFileSync(path, 'utf8')).to.equal(
        ['log 4', 'second line', 'error 4', 'part of a line', 'no newline']
          .map((line) => `${mark}${line}\n`)
          .join(''),
      );
    } finally {
      closeSync(logDescriptor);
      rmSync(path);
    }
  });

  it('accumulators are reported by each attempt from zero; reading one in a task is refused', async () => {
    const accumulators = [{ id: 5, kind: 'sum' }] as const;
    const plan = rangePlan(['map'], ['addToAccumulator'], { kind: 'count' }, { accumulators });
    const stage = fixture.stage(plan);
    for (let i = 0; i < 4; i++) {
      const update = await stage.launch(rangeSplit(1, 4));
      if (update.kind !== 'succeeded') throw new Error('failed');
      expect(update.accumulators).to.deep.equal([
        { accumulatorId: 5, value: encodeValue(10, plainCodeTable) },
      ]);
    }
    const reading = rangePlan(['map'], ['readAccumulator'], { kind: 'count' }, { accumulators });
    const error = await fixture.stage(reading).error(rangeSplit(0, 1));
    expect(error.name).to.equal('WrongSideError');
  });

  it('broadcasts are decoded once in a thread, and gone after their removal', async () => {
    const share = (value: unknown): SharedArrayBuffer => {
      const encoded = encodeValue(value, plainCodeTable);
      const bytes = new SharedArrayBuffer(encoded.length);
      new Uint8Array(bytes).set(encoded);
      return bytes;
    };
    fixture.executor.addBroadcast(9, share({ words: new Set(['a', 'b']) }));
    const value = map('broadcastValue');
    expect(await value.result(rangeSplit(0, 1))).to.deep.equal([{ words: new Set(['a', 'b']) }]);
    const same = map('broadcastIsOne');
    for (let i = 0; i < 6; i++) {
      expect(await same.result(rangeSplit(0, 3))).to.deep.equal([true, true, true]);
    }
    fixture.executor.removeBroadcast(9);
    expect((await value.error(rangeSplit(0, 1))).name).to.equal('BroadcastDestroyedError');
    // A thread that comes later knows the variables that are there.
    fixture.executor.addBroadcast(9, share('again'));
    await map('exit').launch(rangeSplit(0, 1));
    await map('exit').launch(rangeSplit(0, 1));
    expect(await value.result(rangeSplit(0, 1))).to.deep.equal(['again']);
  });

  it('a cached partition is computed once, shared by threads, and safe from changes to its records', async () => {
    const plan = {
      nodes: [
        { rddId: 0, operator: { kind: 'parallelize' }, inputs: [], label: 'source' },
        {
          rddId: 1,
          operator: { kind: 'map', function: { closure: 0, root: 0 } },
          inputs: [0],
          label: 'cached map',
          storageLevel: memoryOnly,
        },
        {
          rddId: 2,
          operator: { kind: 'map', function: { closure: 0, root: 0 } },
          inputs: [1],
          label: 'map after it',
        },
      ],
      closures: [closureOf([{ function: 'mutate' }])],
      sink: { kind: 'collect' },
    } as const;
    const stage = fixture.stage(plan);
    const split = parallelizeSplit([{ n: 1 }, { n: 2 }]);
    const first = await stage.launch(split);
    if (first.kind !== 'succeeded') throw new Error('failed');
    expect(first.blocks).to.have.lengthOf(1);
    expect(first.blocks[0]).to.deep.include({ rddId: 1, partition: 0 });
    expect(fixture.executor.cacheBytes).to.equal(first.blocks[0]!.memoryBytes);
    for (let i = 0; i < 4; i++) {
      // Another source shows that the block is read: the records are the cached ones.
      const update = await stage.launch(parallelizeSplit([{ n: 100 }]));
      expect(resultOf(stage.stage, update)).to.deep.equal([{ n: 3 }, { n: 4 }]);
      expect(update.kind === 'succeeded' && update.blocks).to.deep.equal([]);
    }
    fixture.executor.removeRdd(1);
    expect(fixture.executor.cacheBytes).to.equal(0);
    expect(await stage.result(parallelizeSplit([{ n: 100 }]))).to.deep.equal([{ n: 102 }]);
  });

  it('take(1) of a persisted partition caches the whole partition (B.6)', async () => {
    const nodes = rangePlan(['map'], ['double'], { kind: 'count' }).nodes.map((node) => ({
      ...node,
      ...(node.rddId === 1 ? { storageLevel: memoryOnly } : {}),
    }));
    const closures = [closureOf([{ function: 'double' }])];
    const take = fixture.stage({ nodes, closures, sink: { kind: 'take', limit: 1 } });
    expect(await take.result(rangeSplit(0, 5000))).to.deep.equal([0]);
    expect(fixture.executor.cacheBytes).to.be.greaterThan(0);
    const count = fixture.stage({ nodes, closures, sink: { kind: 'count' } });
    expect(await count.result(rangeSplit(0, 0))).to.equal(5000);
  });

  it('another bundle than the driver runs is refused before any task', async () => {
    await fixture.stop();
    const program = {
      taskFile: new URL('./user-functions.js', import.meta.url).href,
      hash: 'another hash',
    };
    fixture = new ExecutorFixture({ program });
    const failure = failureOf(await map('double').launch(rangeSplit(0, 1)));
    expect(failure).to.deep.include({ kind: 'exception', retryable: false });
    expect(failure).to.have.property('summary').that.includes('CodeMismatchError');
  });

  it('a bundle that cannot be loaded fails every task with the reason', async () => {
    await fixture.stop();
    fixture = new ExecutorFixture({ program: { taskFile: 'file:///no/such/file.js' } });
    for (let i = 0; i < 3; i++) {
      const failure = failureOf(await map('double').launch(rangeSplit(0, 1)));
      expect(failure).to.have.property('summary').that.includes('/no/such/file.js');
    }
  });

  it('results over the limit are a typed error', async () => {
    await fixture.stop();
    fixture = new ExecutorFixture({ maxResultBytes: 10_000 });
    const stage = map('double');
    expect((await stage.error(rangeSplit(0, 1_000_000))).name).to.equal('ResultTooLargeError');
    expect(await stage.result(rangeSplit(0, 1))).to.deep.equal([0]);
  });

  it('a thread that cannot start ends start() and every task with the reason, and not in an endless loop', async () => {
    await fixture.stop();
    fixture = new ExecutorFixture({ threadEntry: new URL('file:///no/such/thread.js') });
    const first = fixture.executor.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(await first).to.have.property('code', 'THREAD_START');
    const failures = await Promise.all(
      [0, 1, 2].map(async () => failureOf(await map('double').launch(rangeSplit(0, 1)))),
    );
    for (const failure of failures) {
      expect(failure).to.have.property('summary').that.includes('/no/such/thread.js');
    }
  });

  it('the next task of a thread that was just killed runs in the new thread', async () => {
    await fixture.stop();
    fixture = new ExecutorFixture({ slots: 1, killGraceMs: 0 });
    const range = fixture.stage(rangePlan(['map'], ['double'], { kind: 'count' }));
    for (let i = 0; i < 4; i++) {
      const task = range.task(rangeSplit(0, 1e12));
      const { started, ended } = fixture.launch(task);
      const next = range.launch(rangeSplit(0, 3));
      await started;
      fixture.executor.kill(task.taskAttemptId, 'next');
      expect(failureOf(await ended)).to.have.property('kind', 'killed');
      expect(resultOf(range.stage, await next)).to.equal(3);
    }
  });

  it('threads that were started before are used when they fit, and ended when not', async () => {
    await fixture.stop();
    const memory = {
      threadHeapMb: 64,
      taskBudgetBytes: 1 << 20,
      threadLimitBytes: 0,
      storageBytes: 1 << 20,
    };
    const threadEntry = new URL('./test-thread.js', import.meta.url);
    const prestarted = new PrestartedThreads({ count: 3, memory, threadEntry });
    const other = { ...memory, threadHeapMb: 65 };
    fixture = new ExecutorFixture({ memory: other, prestarted });
    expect(await map('double').result(rangeSplit(1, 1))).to.deep.equal([2]);
    await fixture.stop();
    fixture = new ExecutorFixture({ memory, prestarted });
    expect(await map('double').result(rangeSplit(1, 1))).to.deep.equal([2]);
    await prestarted.close();
    expect(prestarted.take(workerOptions({ memory, threadEntry }))).to.equal(undefined);
  });

  it('stop ends busy threads, and twice is once', async () => {
    const { started } = fixture.launch(map('loop').task(rangeSplit(0, 1)));
    await started;
    await Promise.all([fixture.executor.stop(), fixture.executor.stop()]);
  });

  it('A-016 runs a thousand empty tasks with the threads it has', async () => {
    const stage = fixture.stage(rangePlan(['map'], ['double'], { kind: 'count' }));
    const tasks = Array.from({ length: 1000 }, () => stage.launch(rangeSplit(0, 0)));
    const updates = await Promise.all(tasks);
    expect(updates.every((update) => update.kind === 'succeeded')).to.equal(true);
  });
});
