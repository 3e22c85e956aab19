import { expect } from 'chai';
import type { TaskUpdate } from 'heddle/internal';
import { JobFailedError, plainCodeTable } from 'heddle/internal';
import { SchedulerRunner } from '../../src/index.js';
import { FakeBackend, FakeCompiler, jobRequest } from '../support/fakes.js';
import { Lineage } from '../support/lineage.js';

type Succeeded = Extract<TaskUpdate, { kind: 'succeeded' }>;

async function start() {
  const backend = new FakeBackend();
  const merged: number[] = [];
  const runner = new SchedulerRunner({
    backend,
    compiler: new FakeCompiler(),
    codeTable: plainCodeTable,
    accumulators: { merge: (accumulatorId) => void merged.push(accumulatorId) },
  });
  await runner.start();
  backend.addExecutor('a', 1);
  backend.addExecutor('b', 1);
  return { backend, runner, merged, lineage: new Lineage() };
}

async function failureOf(job: Promise<void>): Promise<unknown> {
  return await job.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('Executors that lie', () => {
  it('A20 cannot end the tasks of others: what they say of them is ignored', async () => {
    const { backend, runner, merged, lineage } = await start();
    const request = jobRequest(lineage.source(2));
    const job = runner.runJob(request);
    const [first, second] = [...backend.running.values()];
    expect([first!.executorId, second!.executorId].sort()).to.deep.equal(['a', 'b']);
    const lie: Succeeded = {
      ...(backend.success(second!, Uint8Array.of(99)) as Succeeded),
      executorId: first!.executorId,
      accumulators: [{ accumulatorId: 7, value: Uint8Array.of(1) }],
    };
    for (let time = 0; time < 3; time++) backend.events!.taskUpdate(lie);
    backend.events!.taskUpdate({ ...lie, taskAttemptId: 123_456 });
    expect(runner.stageInfo(0)).to.deep.include({ numActiveTasks: 2, numCompletedTasks: 0 });
    backend.reply(backend.success(first!, Uint8Array.of(1)));
    backend.reply(backend.success(second!, Uint8Array.of(2)));
    await job;
    expect(request.results.map((bytes) => bytes?.[0]).sort()).to.deep.equal([1, 2]);
    expect(merged).to.deep.equal([]);
    runner.assertEmpty();
  });

  it('A20 cannot make records of their own map outputs vanish: a wrong number of sizes ends the job', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = (launched) => {
      const update = backend.success(launched) as Succeeded;
      if (update.result.kind !== 'mapOutput') return update;
      const status = { ...update.result.status, partSizesBytes: Float64Array.of(1) };
      return { ...update, result: { kind: 'mapOutput', status } };
    };
    const failure = await failureOf(
      runner.runJob(jobRequest(lineage.shuffle(lineage.source(2), 3))),
    );
    expect(failure).to.be.instanceOf(JobFailedError);
    expect((failure as Error).message).to.match(/told of 1 parts of a map output that has 3/);
    // Whoever is honest again is trusted again.
    backend.autoReply = (launched) => backend.success(launched);
    await runner.runJob(jobRequest(lineage.shuffle(lineage.source(2), 3)));
    runner.assertEmpty();
  });

  it('A20 cannot pass a result off as another kind, nor their outputs as those of another shuffle', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = (launched) => {
      const update = backend.success(launched) as Succeeded;
      return { ...update, result: { kind: 'value', bytes: new Uint8Array(0) } };
    };
    const job = jobRequest(lineage.shuffle(lineage.source(2), 3));
    expect(await failureOf(runner.runJob(job))).to.be.instanceOf(JobFailedError);
    backend.autoReply = (launched) => {
      const update = backend.success(launched) as Succeeded;
      if (update.result.kind !== 'mapOutput') return update;
      const status = { ...update.result.status, shuffleId: 4_711, mapPartition: 9, generation: 5 };
      return { ...update, result: { kind: 'mapOutput', status } };
    };
    await runner.runJob(jobRequest(lineage.shuffle(lineage.source(2), 3)));
    const reduce = backend.launched.at(-1)!;
    const outputs = reduce.stage.shuffleInputs[0]!.outputs;
    expect(outputs.map((each) => each.mapPartition)).to.deep.equal([0, 1]);
    expect(new Set(outputs.map((each) => each.shuffleId))).to.not.include(4_711);
    runner.assertEmpty();
  });
});
