import { expect } from 'chai';
import type { Split, TaskUpdate } from 'heddle/internal';
import { ExecutorFixture, rangePlan, resultOf, type TestStage } from './executor-fixture.js';

type Ended = Exclude<TaskUpdate, { kind: 'running' }>;

describe('tasks that follow each other in one slot', () => {
  let fixture: ExecutorFixture;
  beforeEach(() => {
    fixture = new ExecutorFixture({ slots: 1 });
  });
  afterEach(() => fixture.stop());

  const stageOf = (name: string): TestStage =>
    fixture.stage(rangePlan(['map'], [name], { kind: 'collect' }));

  /** Launches tasks as one; gives their ids and their ends, in order. */
  function launch(
    stage: TestStage,
    splits: readonly Split[],
  ): {
    readonly ids: readonly number[];
    readonly started: Promise<void>;
    readonly ended: Promise<Ended>[];
  } {
    const tasks = splits.map((split) => stage.task(split));
    const [first, ...followers] = tasks;
    if (first === undefined) throw new Error('no task');
    const behind = followers.map((task) => fixture.expectEnd(task.taskAttemptId));
    const { started, ended } = fixture.launch({ ...first, followers });
    return { ids: tasks.map((task) => task.taskAttemptId), started, ended: [ended, ...behind] };
  }

  const kindOf = (update: Ended): string =>
    update.kind === 'failed' ? update.failure.kind : update.kind;

  it('each has its own result, in order, and metrics of its own', async () => {
    const stage = stageOf('double');
    const { ids, ended } = launch(
      stage,
      Array.from({ length: 50 }, (_, i) => split(i, i % 3)),
    );
    const updates = await Promise.all(ended);
    expect(updates.map(({ taskAttemptId }) => taskAttemptId)).to.deep.equal(ids);
    updates.forEach((update, i) => expect(resultOf(stage.stage, update)).to.have.length(i % 3));
    expect(updates.every(({ metrics }) => metrics.peakHeapBytes > 0)).to.equal(true);
  });

  it('one that throws fails alone', async () => {
    const { ended } = launch(stageOf('failAtOdd'), [split(0, 1), split(1, 1), split(2, 1)]);
    const updates = await Promise.all(ended);
    expect(updates.map(kindOf)).to.deep.equal(['succeeded', 'exception', 'succeeded']);
  });

  it('one that takes its thread with it fails; those behind it have nothing to do with it', async () => {
    const { ended } = launch(stageOf('exitAtOdd'), [split(0, 1), split(1, 1), split(2, 1)]);
    const updates = await Promise.all(ended);
    expect(kindOf(updates[1]!)).to.equal('threadLost');
    expect(kindOf(updates[2]!)).to.equal('killed');
    // The slot has a new thread.
    expect(await stageOf('double').result(split(1, 1))).to.deep.equal([2]);
  });

  it('one that was killed before its turn never runs', async () => {
    const stage = stageOf('loop');
    const quick = stageOf('double');
    const { ids, started, ended } = launch(stage, [split(0, 1), split(1, 1), split(2, 1)]);
    await started;
    fixture.executor.kill(ids[1]!, 'not needed');
    fixture.executor.kill(ids[2]!, 'not needed either');
    fixture.executor.kill(ids[0]!, 'enough');
    const updates = await Promise.all(ended);
    expect(updates.map(kindOf)).to.deep.equal(['killed', 'killed', 'killed']);
    expect(await quick.result(split(1, 1))).to.deep.equal([2]);
  });

  it('the one in the middle can be killed while the others run', async () => {
    const stage = stageOf('loopAtOdd');
    const { ids, ended } = launch(stage, [split(0, 1), split(1, 1), split(2, 1)]);
    await ended[0];
    fixture.executor.kill(ids[1]!, 'too slow');
    expect(kindOf(await ended[1]!)).to.equal('killed');
    // If its thread had to be ended, the one behind it is given back without blame.
    expect(kindOf(await ended[2]!)).to.be.oneOf(['killed', 'succeeded']);
  });

  it('those that wait behind a busy one are given back at once, and never run', async () => {
    const stage = stageOf('loopAtOdd');
    const { ids, ended } = launch(stage, [split(1, 1), split(2, 1), split(4, 1)]);
    // The thread is busy without end, and hears nothing.
    fixture.executor.recall(ids[2]!);
    const givenBack = { kind: 'killed', reason: 'given back before its turn', notBegun: true };
    for (const position of [1, 2]) {
      const update = await ended[position]!;
      expect(update.kind === 'failed' && update.failure).to.deep.equal(givenBack);
    }
    expect(fixture.executor.runningTaskIds()).to.deep.equal([ids[0]]);
    fixture.executor.kill(ids[0]!, 'end');
    expect(kindOf(await ended[0]!)).to.equal('killed');
    // Those that follow are none of them.
    const later = launch(stage, [split(6, 1), split(8, 1)]);
    expect((await Promise.all(later.ended)).map(kindOf)).to.deep.equal(['succeeded', 'succeeded']);
  });

  it('a recall of tasks that have begun, or ended, changes nothing', async () => {
    const { ids, ended } = launch(stageOf('waitForKill'), [split(0, 1)]);
    fixture.executor.recall(ids[0]!);
    fixture.executor.recall(12_345);
    fixture.executor.kill(ids[0]!, 'end');
    expect(kindOf(await ended[0]!)).to.equal('killed');
    fixture.executor.recall(ids[0]!);
    expect(await stageOf('double').result(split(1, 1))).to.deep.equal([2]);
  });

  it('heartbeats name all of them', async () => {
    const { ids, started, ended } = launch(stageOf('loop'), [split(0, 1), split(1, 1)]);
    await started;
    expect(fixture.executor.runningTaskIds()).to.deep.equal(ids);
    for (const id of ids) fixture.executor.kill(id, 'end');
    await Promise.all(ended);
  });
});

/** Numbers from the partition's own index on. */
function split(index: number, count: number): Split {
  return { index, source: { kind: 'range', start: index, step: 1, count } };
}
