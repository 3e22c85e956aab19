import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields, Logger } from '@heddle/common';
import { silentLogger } from '@heddle/common';
import { expect } from 'chai';
import type { TaskUpdate } from 'heddle/internal';
import {
  ContextStoppedError,
  EmptyRddError,
  FetchFailedError,
  JobCancelledError,
  JobFailedError,
  ResultTooLargeError,
  TaskThreadLostError,
  encodeError,
  plainCodeTable,
} from 'heddle/internal';
import type { ListenerEvent, SchedulerOptions, Timers } from '../../src/index.js';
import { EventLog, SchedulerRunner } from '../../src/index.js';
import type { LaunchedTask } from '../support/fakes.js';
import { FakeBackend, FakeCompiler, failedUpdate, jobRequest } from '../support/fakes.js';
import { Lineage } from '../support/lineage.js';

/** Timers that go off on the next turn of the event loop, whatever their delay. */
const impatient: Timers = {
  start(_delayMs, action) {
    const timer = setImmediate(action);
    return () => clearImmediate(timer);
  },
};

async function start(options: Partial<SchedulerOptions> = {}) {
  const backend = new FakeBackend();
  const compiler = new FakeCompiler();
  const runner = new SchedulerRunner({
    backend,
    compiler,
    timers: impatient,
    codeTable: plainCodeTable,
    ...options,
  });
  await runner.start();
  backend.addExecutor('a', 2);
  backend.autoReply = (launched) =>
    backend.success(launched, Uint8Array.of(launched.task.partition));
  return { backend, compiler, runner, lineage: new Lineage() };
}

/** The error that a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was expected to reject');
}

function thrown({ task, executorId }: LaunchedTask, error: Error, retryable = true): TaskUpdate {
  return failedUpdate(task.taskAttemptId, executorId, {
    kind: 'exception',
    error: encodeError(error, plainCodeTable),
    summary: `${error.name}: ${error.message}`,
    retryable,
  });
}

function recordingLogger(lines: { level: string; message: string; fields: LogFields }[]): Logger {
  const record =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  const logger: Logger = {
    error: record('error'),
    warn: record('warn'),
    info: record('info'),
    debug: record('debug'),
    child: () => logger,
  };
  return logger;
}

describe('SchedulerRunner: jobs', () => {
  it('runs a word count as a map stage and a result stage, results in the order of partitions (A-123, A-126, A-143)', async () => {
    const { backend, runner, lineage } = await start();
    const request = jobRequest(lineage.shuffle(lineage.map(lineage.source(3)), 2));
    await runner.runJob(request);
    expect(request.results.map((bytes) => bytes?.[0])).to.deep.equal([0, 1]);
    expect(backend.launched.map(({ task }) => [task.stageId, task.partition])).to.deep.equal([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
    ]);
    expect(backend.launched[3]?.stage.shuffleInputs[0]?.outputs).to.have.length(3);
    runner.assertEmpty();
    expect(backend.stages.size).to.equal(0);
  });

  it('makes a stage known to executors once, not with every task (A-135)', async () => {
    const { backend, runner, lineage } = await start();
    await runner.runJob(jobRequest(lineage.source(50)));
    expect(new Set(backend.launched.map(({ stage }) => stage))).to.have.length(1);
  });

  it('runs jobs that were started together at the same time (A-136)', async () => {
    const { backend, runner, lineage } = await start();
    const source = lineage.source(1);
    backend.autoReply = undefined;
    const jobs = Promise.all([
      runner.runJob(jobRequest(source)),
      runner.runJob(jobRequest(source)),
    ]);
    expect(backend.running.size).to.equal(2);
    expect(runner.activeJobIds()).to.deep.equal([0, 1]);
    for (const launched of [...backend.running.values()]) backend.reply(backend.success(launched));
    await jobs;
    runner.assertEmpty();
  });

  it('settles 50 jobs at once while an executor dies (A-124)', async () => {
    const { backend, runner, lineage } = await start();
    backend.addExecutor('b', 2);
    const jobs = Array.from({ length: 50 }, () =>
      runner.runJob(jobRequest(lineage.shuffle(lineage.source(3), 2))),
    );
    setImmediate(() => backend.removeExecutor('a'));
    await Promise.all(jobs);
    runner.assertEmpty();
  });

  it('gives properties and pool of the flow to the stage', async () => {
    const { backend, runner, lineage } = await start({ schedulingMode: 'FAIR' });
    const properties = { 'heddle.scheduler.pool': 'mine', 'my.key': 'v' };
    await runner.runJob(jobRequest(lineage.source(1), { properties }));
    expect(backend.launched[0]?.stage.properties).to.deep.equal(properties);
  });

  it('what onResult throws fails the job with just that error, also on the last result', async () => {
    const { runner, lineage } = await start();
    for (const bad of [0, 2]) {
      const request = jobRequest(lineage.source(3), {
        onResult: (position) => {
          if (position === bad) throw new EmptyRddError('reduce');
        },
      });
      expect(await rejection(runner.runJob(request))).to.be.instanceOf(EmptyRddError);
      expect(runner.jobInfo(runner.activeJobIds().length)?.status).not.to.equal('RUNNING');
    }
  });

  it('a job may be started from within onResult', async () => {
    const { runner, lineage } = await start();
    const inner: Promise<void>[] = [];
    await runner.runJob(
      jobRequest(lineage.source(1), {
        onResult: () => void inner.push(runner.runJob(jobRequest(lineage.source(1)))),
      }),
    );
    await Promise.all(inner);
    expect(inner).to.have.length(1);
    runner.assertEmpty();
  });

  it('knows executors, jobs and stages', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = undefined;
    const job = runner.runJob(jobRequest(lineage.source(3).cache(), { jobGroup: 'g' }));
    expect(runner.executors()).to.deep.equal([
      { executorId: 'a', host: 'host-a', cores: 2, runningTasks: 2, cacheBytes: 0 },
    ]);
    expect(runner.jobInfo(0)).to.deep.equal({ jobId: 0, status: 'RUNNING', stageIds: [0] });
    expect(runner.stageInfo(0)).to.deep.include({ numTasks: 3, numActiveTasks: 2 });
    expect(runner.jobIdsForGroup('g')).to.deep.equal([0]);
    backend.autoReply = (launched) => backend.success(launched);
    for (const launched of [...backend.running.values()]) {
      const blocks = [
        { rddId: 0, partition: launched.task.partition, memoryBytes: 5, diskBytes: 1 },
      ];
      backend.reply({ ...backend.success(launched), blocks } as TaskUpdate);
    }
    await job;
    expect(runner.executors()[0]).to.deep.include({ runningTasks: 0, cacheBytes: 12 });
    await runner.unpersist(0, true);
    expect(runner.executors()[0]?.cacheBytes).to.equal(0);
    expect(backend.calls).to.include('removeRdd 0');
  });
});

describe('SchedulerRunner: failures', () => {
  it('a task that fails 4 times fails the job with the error of the last attempt as cause (A-139)', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = (launched) =>
      launched.task.partition === 1
        ? thrown(launched, new RangeError(`attempt ${launched.task.attemptNumber}`))
        : backend.success(launched);
    const error = await rejection(runner.runJob(jobRequest(lineage.source(3))));
    expect(error).to.be.instanceOf(JobFailedError);
    const failed = error as JobFailedError;
    expect(failed).to.include({
      jobId: 0,
      stageId: 0,
      partition: 1,
      attempts: 4,
      code: 'JOB_FAILED',
    });
    expect(failed.cause).to.be.instanceOf(RangeError).with.property('message', 'attempt 3');
    expect(failed.message).to.equal(
      'job 0 (collect at app.ts:99) failed: the task of partition 1 in stage 0 (collect at app.ts:99) ' +
        'failed 4 times, the last time with RangeError: attempt 3',
    );
    expect(backend.launched.filter(({ task }) => task.partition === 1)).to.have.length(4);
    await new Promise((resolve) => setImmediate(resolve));
    runner.assertEmpty();
  });

  it('the other attempts of a job that failed are killed', async () => {
    const { backend, runner, lineage } = await start({ maxTaskFailures: 1 });
    backend.autoReply = (launched) =>
      launched.task.partition === 1 ? thrown(launched, new Error('boom')) : undefined;
    await rejection(runner.runJob(jobRequest(lineage.source(2))));
    expect(backend.calls).to.deep.equal(['kill 0: stage 0 failed']);
    await new Promise((resolve) => setImmediate(resolve));
    runner.assertEmpty();
  });

  it('an error that cannot be decoded is told by its text', async () => {
    const { backend, runner, lineage } = await start({ maxTaskFailures: 1 });
    backend.autoReply = ({ task, executorId }) =>
      failedUpdate(task.taskAttemptId, executorId, {
        kind: 'exception',
        error: Uint8Array.of(1, 255),
        summary: 'MyError: no table for it',
        retryable: true,
      });
    const error = await rejection(runner.runJob(jobRequest(lineage.source(1))));
    expect((error as Error).message).to.include('MyError: no table for it');
    expect((error as JobFailedError).cause).to.be.instanceOf(Error);
  });

  it('a thread that dies under the task 4 times fails the job, and the next job works', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = ({ task, executorId }) =>
      failedUpdate(task.taskAttemptId, executorId, {
        kind: 'threadLost',
        reason: 'exit',
        summary: 'the task called process.exit(42)',
      });
    const error = await rejection(runner.runJob(jobRequest(lineage.source(1))));
    expect((error as JobFailedError).cause)
      .to.be.instanceOf(TaskThreadLostError)
      .with.property('reason', 'exit');
    backend.autoReply = (launched) => backend.success(launched);
    await runner.runJob(jobRequest(lineage.source(1)));
  });

  it('a lost map output is made again, and the job gets its result (A-132)', async () => {
    const { backend, runner, lineage } = await start();
    let losses = 0;
    backend.autoReply = (launched) => {
      const output = launched.stage.shuffleInputs[0]?.outputs[1];
      if (output === undefined || losses++ > 0) return backend.success(launched);
      return failedUpdate(launched.task.taskAttemptId, launched.executorId, {
        kind: 'fetchFailed',
        shuffleId: output.shuffleId,
        mapPartition: 1,
        mapId: output.mapId,
        generation: 0,
        summary: 'checksum is wrong',
      });
    };
    await runner.runJob(jobRequest(lineage.shuffle(lineage.source(3), 1)));
    expect(
      backend.launched.map(({ task }) => `${task.stageId}.${task.stageAttempt}`),
    ).to.deep.equal(['0.0', '0.0', '0.0', '1.0', '0.1', '1.1']);
    runner.assertEmpty();
  });

  it('endless fetch failures fail the job after 4 attempts, with the reason (A-133)', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = (launched) => {
      const output = launched.stage.shuffleInputs[0]?.outputs[0];
      if (output === undefined) return backend.success(launched);
      return failedUpdate(launched.task.taskAttemptId, launched.executorId, {
        kind: 'fetchFailed',
        shuffleId: output.shuffleId,
        mapPartition: 0,
        mapId: output.mapId,
        generation: 0,
        summary: 'the disk is gone',
      });
    };
    const error = await rejection(runner.runJob(jobRequest(lineage.shuffle(lineage.source(1), 1))));
    expect(error).to.be.instanceOf(JobFailedError);
    expect(error).to.include({ stageId: 1, attempts: 4 });
    expect((error as JobFailedError).cause).to.be.instanceOf(FetchFailedError);
    expect((error as Error).message).to.include('the disk is gone');
  });

  it('results over the limit fail the job, naming size and limit (A-145)', async () => {
    const { backend, runner, lineage } = await start({ maxResultSizeBytes: 100 });
    backend.autoReply = (launched) => backend.success(launched, new Uint8Array(60));
    const error = await rejection(runner.runJob(jobRequest(lineage.source(5))));
    expect(error).to.be.instanceOf(ResultTooLargeError);
    expect(error).to.include({ sizeBytes: 120, limitBytes: 100 });
    expect((error as Error).message).to.include('heddle.driver.maxResultSize');
  });

  it('a plan or a split that cannot be made fails the job, gives the slot back, and breaks nothing', async () => {
    const { compiler, runner, lineage } = await start();
    compiler.planError = new Error('no plan');
    const noPlan = await rejection(runner.runJob(jobRequest(lineage.source(2))));
    expect(noPlan).to.be.instanceOf(JobFailedError);
    expect((noPlan as JobFailedError).cause).to.equal(compiler.planError);
    compiler.planError = undefined;
    compiler.splitError = new Error('no split');
    const noSplit = await rejection(runner.runJob(jobRequest(lineage.source(2))));
    expect((noSplit as JobFailedError).cause).to.equal(compiler.splitError);
    compiler.splitError = undefined;
    await runner.runJob(jobRequest(lineage.source(2)));
    runner.assertEmpty();
  });
});

describe('SchedulerRunner: cancelling', () => {
  it('an AbortSignal cancels the tasks and rejects with JobCancelledError', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = () => undefined;
    const controller = new AbortController();
    const job = runner.runJob(jobRequest(lineage.source(2), { signal: controller.signal }));
    const reason = new Error('the user left');
    controller.abort(reason);
    const error = await rejection(job);
    expect(error).to.be.instanceOf(JobCancelledError);
    expect(error).to.include({ jobId: 0, cause: reason });
    expect((error as Error).message).to.equal(
      'job 0 (collect at app.ts:99) was cancelled: Error: the user left',
    );
    expect(backend.calls).to.have.length(2);
    await new Promise((resolve) => setImmediate(resolve));
    runner.assertEmpty();
  });

  it('a signal that is aborted already runs nothing', async () => {
    const { backend, runner, lineage } = await start();
    const signal = AbortSignal.abort();
    const error = await rejection(runner.runJob(jobRequest(lineage.source(2), { signal })));
    expect(error).to.be.instanceOf(JobCancelledError);
    expect(backend.launched).to.have.length(0);
  });

  it('a signal that is aborted after the job has ended does nothing', async () => {
    const { runner, lineage } = await start();
    const controller = new AbortController();
    await runner.runJob(jobRequest(lineage.source(1), { signal: controller.signal }));
    controller.abort();
    runner.assertEmpty();
  });

  it('cancels a group, a tag, and all', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = () => undefined;
    const source = lineage.source(1);
    const inGroup = runner.runJob(jobRequest(source, { jobGroup: 'g' }));
    const tagged = runner.runJob(jobRequest(source, { tags: ['t'] }));
    const plain = runner.runJob(jobRequest(source));
    runner.cancelJobGroup('g', 'not needed');
    expect(await rejection(inGroup)).to.be.instanceOf(JobCancelledError);
    runner.cancelJobsWithTag('t', 'not needed');
    expect(await rejection(tagged)).to.be.instanceOf(JobCancelledError);
    expect(runner.activeJobIds()).to.deep.equal([2]);
    runner.cancelAllJobs('not needed');
    expect(((await rejection(plain)) as Error).message).to.include('not needed');
  });

  it('stop fails what runs and what comes after, and ends the backend once', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = () => undefined;
    const running = rejection(runner.runJob(jobRequest(lineage.source(1))));
    await Promise.all([runner.stop(), runner.stop()]);
    expect(await running).to.be.instanceOf(ContextStoppedError);
    const later = await rejection(runner.runJob(jobRequest(lineage.source(1))));
    expect(later).to.be.instanceOf(ContextStoppedError);
    expect(backend.calls.filter((call) => call === 'stop')).to.have.length(1);
  });
});

describe('SchedulerRunner: commits', () => {
  const saveRequest = (lineage: Lineage, partitions: number) =>
    jobRequest(lineage.source(partitions), {
      sink: {
        build: () => ({
          kind: 'saveAsTextFile',
          output: { temporaryDirectory: '/out/._heddle', saveId: 7 },
        }),
      },
    });

  const ask = ({ task }: LaunchedTask, generation = 0) => ({
    saveId: 7,
    generation,
    partition: task.partition,
    taskAttemptId: task.taskAttemptId,
  });

  it('lets a running attempt commit, and the next one after it has failed', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = undefined;
    const job = runner.runJob(saveRequest(lineage, 1));
    const [first] = backend.launched;
    if (first === undefined) throw new Error('nothing was launched');
    expect(backend.events?.mayCommit(ask(first))).to.equal(true);
    // Another generation, and another partition than its own.
    expect(backend.events?.mayCommit(ask(first, 1))).to.equal(false);
    expect(backend.events?.mayCommit({ ...ask(first), partition: 1 })).to.equal(false);
    backend.reply(thrown(first, new Error('after the commit')));
    const [, second] = backend.launched;
    if (second === undefined) throw new Error('it was not tried again');
    expect(backend.events?.mayCommit(ask(first))).to.equal(false);
    expect(backend.events?.mayCommit(ask(second))).to.equal(true);
    backend.reply(backend.success(second));
    await job;
    expect(backend.events?.mayCommit(ask(second))).to.equal(false);
    runner.assertEmpty();
  });

  it('lets no attempt commit whose executor was given up, or whose job has ended', async () => {
    const { backend, runner, lineage } = await start();
    backend.autoReply = () => undefined;
    const job = runner.runJob(saveRequest(lineage, 2));
    const [one, two] = backend.launched;
    if (one === undefined || two === undefined) throw new Error('nothing was launched');
    runner.cancelAllJobs('enough');
    await rejection(job);
    expect(backend.events?.mayCommit(ask(one))).to.equal(false);
    backend.removeExecutor('a');
    expect(backend.events?.mayCommit(ask(two))).to.equal(false);
    runner.assertEmpty();
  });
});

describe('SchedulerRunner: what it tells', () => {
  it('warns of functions that captured much data, naming the call (A-179)', async () => {
    const lines: Parameters<typeof recordingLogger>[0] = [];
    const { compiler, runner, lineage } = await start({ logger: recordingLogger(lines) });
    compiler.captureBytes = 1024 ** 2;
    await runner.runJob(jobRequest(lineage.source(1)));
    expect(lines.filter(({ level }) => level === 'warn')).to.have.length(0);
    compiler.captureBytes = 2 * 1024 ** 2;
    await runner.runJob(jobRequest(lineage.source(10)));
    const warnings = lines.filter(({ level }) => level === 'warn');
    expect(warnings).to.have.length(1);
    expect(warnings[0]?.fields).to.include({
      capturedBytes: 2 * 1024 ** 2,
      largestAt: 'filter at app.ts:7',
    });
  });

  it('an accumulator that cannot merge does not take the job with it', async () => {
    const merged: number[] = [];
    const { backend, runner, lineage } = await start({
      accumulators: {
        merge: (id) => {
          merged.push(id);
          throw new Error('bad merge');
        },
      },
    });
    backend.autoReply = (launched) =>
      ({
        ...backend.success(launched),
        accumulators: [{ accumulatorId: 4, value: new Uint8Array(0) }],
      }) as TaskUpdate;
    await runner.runJob(jobRequest(lineage.source(2)));
    expect(merged).to.deep.equal([4, 4]);
  });

  it('tells listeners the whole story of a job, in order', async () => {
    const events: ListenerEvent[] = [];
    const { runner, lineage } = await start({
      listeners: [{ onEvent: (event) => void events.push(event) }],
      application: {
        applicationId: 'app-1',
        appName: 'words',
        user: 'me',
        master: 'local[2]',
        version: '0.1.0',
        startTimeMs: 1,
      },
      settings: { 'heddle.app.name': 'words', 'my.secret': 'hush' },
    });
    await runner.runJob(
      jobRequest(lineage.shuffle(lineage.source(1), 1), {
        description: 'count words',
        tags: ['t'],
      }),
    );
    await runner.stop();
    expect(events.map(({ kind }) => kind)).to.deep.equal([
      'applicationStart',
      'environmentUpdate',
      'executorAdded',
      'jobStart',
      'stageSubmitted',
      'taskStart',
      'taskEnd',
      'stageCompleted',
      'stageSubmitted',
      'taskStart',
      'taskEnd',
      'stageCompleted',
      'jobEnd',
      'applicationEnd',
    ]);
    expect(JSON.stringify(events)).not.to.include('hush');
    const [, , , jobStart] = events;
    expect(jobStart).to.deep.include({ kind: 'jobStart', description: 'count words', tags: ['t'] });
    if (jobStart?.kind === 'jobStart') {
      expect(jobStart.stages.map(({ kind, name }) => `${kind}: ${name}`)).to.deep.equal([
        'shuffleMap: textFile at app.ts:0',
        'result: collect at app.ts:99',
      ]);
    }
  });

  it('shows the stage that a second job skips as one that is never submitted (A-129)', async () => {
    const events: ListenerEvent[] = [];
    const { runner, lineage } = await start({
      listeners: [{ onEvent: (event) => void events.push(event) }],
    });
    const shuffled = lineage.shuffle(lineage.source(1), 1);
    await runner.runJob(jobRequest(shuffled));
    await runner.runJob(jobRequest(shuffled));
    const submitted = events.flatMap((event) =>
      event.kind === 'stageSubmitted' ? [event.stage.stageId] : [],
    );
    expect(runner.jobInfo(1)?.stageIds).to.deep.equal([2, 3]);
    expect(submitted).to.deep.equal([0, 1, 3]);
  });

  it('writes the event log of an application, complete when it stops', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'heddle-runner-'));
    try {
      const eventLog = await EventLog.open({
        directory,
        name: 'app.ndjson',
        engineVersion: '0.1.0',
        logger: silentLogger,
      });
      const { runner, lineage } = await start({ eventLog });
      await runner.runJob(jobRequest(lineage.source(2)));
      await runner.stop();
      const kinds = readFileSync(eventLog.path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind);
      expect(kinds[0]).to.equal('log');
      expect(kinds.filter((kind) => kind === 'taskEnd')).to.have.length(2);
      expect(kinds.slice(-2)).to.deep.equal(['applicationEnd', 'logEnd']);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('passes broadcasts, shuffles and log levels to the backend', async () => {
    const { backend, runner } = await start();
    runner.addBroadcast(1, new SharedArrayBuffer(1));
    await runner.removeBroadcast(1, true);
    await runner.removeShuffle(3, false);
    runner.setLogLevel('debug');
    expect(backend.calls).to.deep.equal([
      'addBroadcast 1',
      'removeBroadcast 1',
      'removeShuffle 3',
      'setLogLevel debug',
    ]);
  });
});
