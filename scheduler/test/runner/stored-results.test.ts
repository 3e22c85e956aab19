import { expect } from 'chai';
import { ResultTooLargeError, plainCodeTable } from 'heddle/internal';
import type { SchedulerOptions } from '../../src/index.js';
import { SchedulerRunner } from '../../src/index.js';
import type { LaunchedTask } from '../support/fakes.js';
import { FakeBackend, FakeCompiler, jobRequest } from '../support/fakes.js';
import { Lineage } from '../support/lineage.js';

async function start(options: Partial<SchedulerOptions> = {}) {
  const backend = new FakeBackend();
  const runner = new SchedulerRunner({
    backend,
    compiler: new FakeCompiler(),
    codeTable: plainCodeTable,
    ...options,
  });
  await runner.start();
  for (const executorId of ['a', 'b']) backend.addExecutor(executorId, 2);
  return { backend, runner, lineage: new Lineage() };
}

const bytesOf = ({ task }: LaunchedTask): Uint8Array<ArrayBuffer> =>
  new Uint8Array(40).fill(task.partition);

describe('results that stay on their executors (IndirectTaskResult)', () => {
  it('are fetched before anybody hears that the task ended', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = (launched) => backend.successKept(launched, bytesOf(launched), 40);
    const request = jobRequest(lineage.source(6));
    await runner.runJob(request);
    expect(request.results.map((bytes) => bytes?.[39])).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(backend.kept.size).to.equal(0);
    runner.assertEmpty();
  });

  it('come again from another attempt when they are lost, and when they are not whole', async () => {
    const ways: Promise<Uint8Array>[] = [
      Promise.reject(new Error('cut')),
      Promise.resolve(new Uint8Array(3)),
    ];
    for (const lost of ways) {
      lost.catch(() => undefined);
      const { backend, runner, lineage } = await start();
      backend.autoReply = (launched) =>
        backend.successKept(
          launched,
          launched.task.attemptNumber === 0 ? lost : bytesOf(launched),
          40,
        );
      const request = jobRequest(lineage.source(1));
      await runner.runJob(request);
      expect(backend.launched.map(({ task }) => task.attemptNumber)).to.deep.equal([0, 1]);
      expect(request.results[0]).to.have.length(40);
      runner.assertEmpty();
    }
  });

  it('are computed again when their executor ends before they were fetched', async () => {
    const { backend, runner, lineage } = await start();
    const never = Promise.withResolvers<Uint8Array>();
    backend.autoReply = (launched) => {
      if (launched.executorId === 'b') return backend.success(launched, bytesOf(launched));
      setImmediate(() => backend.removeExecutor('a'));
      return backend.successKept(launched, never.promise, 40);
    };
    const request = jobRequest(lineage.source(1));
    await runner.runJob(request);
    expect(backend.launched.map(({ executorId }) => executorId)).to.deep.equal(['a', 'b']);
    never.reject(new Error('too late'));
    runner.assertEmpty();
  });

  it('F39 fail the job by their announced sizes, before more of them is fetched than may be', async () => {
    const { backend, runner, lineage } = await start({ maxResultSizeBytes: 100 });
    backend.autoReply = (launched) => backend.successKept(launched, bytesOf(launched), 60);
    const error = await runner.runJob(jobRequest(lineage.source(8))).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ResultTooLargeError);
    expect(error).to.include({ sizeBytes: 120, limitBytes: 100 });
    const fetched = backend.calls.filter((call) => call.startsWith('fetchResult'));
    expect(fetched).to.have.length.at.most(1);
    // The executors are told to forget what nobody wants.
    while (backend.kept.size > 0) await new Promise((resolve) => setImmediate(resolve));
    while (backend.running.size > 0) await new Promise((resolve) => setImmediate(resolve));
    runner.assertEmpty();
  });
});
