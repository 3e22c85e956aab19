import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { StorageLevel, TaskContext } from 'heddle';
import { useContext } from './support/context.js';
import { eventually } from './support/executors.js';
import { rejection } from './support/expect-error.js';

/** A sign that tasks and the driver leave for each other: a file, since all run on one machine. */
class Signs {
  readonly directory = mkdtempSync(join(tmpdir(), 'heddle-flows-'));
  #count = 0;

  /** Path of a sign that nobody has given yet. */
  next(name: string): string {
    this.#count += 1;
    return join(this.directory, `${name}-${this.#count}`);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

describe('groups, tags and properties of flows (B.1)', function () {
  // Task threads are ended and made again: on a busy machine that takes its time.
  this.timeout(200_000);
  const suite = useContext();
  let signs: Signs;

  before(() => {
    signs = new Signs();
  });
  after(() => signs.remove());

  /** One task that gives a sign and runs until it is killed; resolves to its job when it has begun. */
  const endless = async (): Promise<{ readonly job: Promise<void> }> => {
    const begun = signs.next('begun');
    const job = suite.sc.range(0, 1, 1, 1).foreach(() => {
      writeFileSync(begun, '');
      for (;;);
    });
    job.catch(() => undefined);
    await eventually('the task begins', () => existsSync(begun));
    return { job };
  };

  const jobsOfGroup = (group?: string): number =>
    suite.sc.statusTracker.getJobIdsForGroup(group).length;

  it('B.1 jobGroup: two flows keep their groups through what they await, and one is cancelled alone', async () => {
    const { sc } = suite;
    const flow = async (group: string): Promise<{ readonly job: Promise<void> }> => {
      await Promise.resolve();
      sc.setJobGroup(group, `what ${group} does`, { interruptOnCancel: true });
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(await sc.range(0, 4, 1, 2).count()).to.equal(4);
      return group === 'doomed'
        ? await endless()
        : { job: sc.range(0, 4, 1, 2).foreach(() => undefined) };
    };
    const [doomed, spared] = await Promise.all([flow('doomed'), flow('spared')]);
    expect([jobsOfGroup('doomed'), jobsOfGroup('spared')]).to.deep.equal([2, 2]);
    await sc.cancelJobGroup('no such group');
    await sc.cancelJobGroup('doomed');
    const error = await rejection(doomed.job);
    expect(error).to.have.property('code', 'JOB_CANCELLED');
    expect(error.message).to.contain('doomed');
    await spared.job;
    // A cancelled group is not closed: later jobs of it run.
    expect(await sc.withJobGroup('doomed', () => sc.range(3).count())).to.equal(3);
    expect(jobsOfGroup('doomed')).to.equal(3);
  });

  it('B.1 jobGroup: clearJobGroup ends the group in its flow only, and withJobGroup inside a group is another', async () => {
    const { sc } = suite;
    const without = jobsOfGroup();
    await sc.withJobGroup('outer', async () => {
      await sc.withJobGroup('inner', () => sc.range(3).count());
      await sc.range(3).count();
      sc.clearJobGroup();
      await sc.range(3).count();
    });
    expect([jobsOfGroup('outer'), jobsOfGroup('inner')]).to.deep.equal([1, 1]);
    expect(jobsOfGroup()).to.equal(without + 1);
  });

  it('B.1 jobGroup: any one of a job’s tags cancels it; tags that were taken away do not', async () => {
    const { sc } = suite;
    for (const tag of ['etl', 'daily']) {
      const { job } = await sc.withJobTags(['etl', 'gone', 'daily'], async () => {
        sc.removeJobTag('gone');
        sc.removeJobTag('never there');
        return await endless();
      });
      await sc.cancelJobsWithTag('gone');
      expect(sc.statusTracker.getActiveJobIds()).to.have.length(1);
      await sc.cancelJobsWithTag(tag);
      expect(await rejection(job)).to.have.property('code', 'JOB_CANCELLED');
    }
    const cleared = await sc.withJobTags(['etl'], async () => {
      sc.clearJobTags();
      return await endless();
    });
    await sc.cancelJobsWithTag('etl');
    expect(sc.statusTracker.getActiveJobIds()).to.have.length(1);
    await sc.cancelAllJobs();
    expect(await rejection(cleared.job)).to.have.property('code', 'JOB_CANCELLED');
    expect(await rejection(sc.cancelJobsWithTag('a,b'))).to.have.property('code', 'ARGUMENT');
  });

  it('B.5 signal: an action whose signal was aborted before starts no job', async () => {
    const { sc } = suite;
    await sc.withJobGroup('aborted before', async () => {
      const signal = AbortSignal.abort();
      const actions: readonly (() => Promise<unknown>)[] = [
        () => sc.range(3).count({ signal }),
        () => sc.range(3).takeSample(false, 1, { signal }),
        () => sc.range(3).toLocalIterator({ signal }).next(),
        () => sc.runJob(sc.range(3), () => 1, { signal }),
      ];
      for (const act of actions) {
        expect(await rejection(act())).to.have.property('code', 'JOB_CANCELLED');
      }
    });
    expect(jobsOfGroup('aborted before')).to.equal(0);
  });

  it('B.1 localProperty: tasks see those of the flow that called the action, through timers and promises', async () => {
    const { sc } = suite;
    const seen = (): Promise<(string | undefined)[]> =>
      sc
        .range(0, 2, 1, 2)
        .map(() => TaskContext.get()?.getLocalProperty('team'))
        .collect();
    const later = async (team: string | undefined): Promise<(string | undefined)[]> => {
      sc.setLocalProperty('team', team);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return await Promise.all([seen(), Promise.resolve().then(seen)]).then((all) => all.flat());
    };
    const flows = ['red', 'blue', undefined].map((team) =>
      sc.withLocalProperties({ team: 'of the parent' }, () => later(team)),
    );
    expect(await Promise.all(flows)).to.deep.equal([
      ['red', 'red', 'red', 'red'],
      ['blue', 'blue', 'blue', 'blue'],
      [undefined, undefined, undefined, undefined],
    ]);
    expect(sc.getLocalProperty('team')).to.equal(undefined);
    expect(await seen()).to.deep.equal([undefined, undefined]);
  });

  it('B.1 statusTracker: shows a job, its stage and its executor while they run, and what they held', async () => {
    const { sc } = suite;
    const { statusTracker } = sc;
    const [begun, end] = [signs.next('begun'), signs.next('end')];
    const cached = sc
      .range(0, 1_000, 1, 2)
      .map((x) => [x, 'a text that takes some room'])
      .persist(StorageLevel.MEMORY_ONLY);
    const running = sc.withJobGroup('shown', () =>
      cached
        .mapPartitionsWithIndex((index, records) => {
          const count = records.toArray().length;
          if (index === 1) {
            writeFileSync(begun, '');
            const deadline = performance.now() + 100_000;
            while (!existsSync(end)) {
              if (performance.now() > deadline) throw new Error('the driver gave no sign');
            }
          }
          return [count];
        })
        .collect(),
    );
    running.catch(() => undefined);
    await eventually('the second task runs', () => existsSync(begun));
    const [shown] = statusTracker.getJobIdsForGroup('shown');
    expect(statusTracker.getActiveJobIds()).to.deep.equal([shown]);
    const job = statusTracker.getJobInfo(shown!)!;
    expect(job).to.include({ jobId: shown, status: 'RUNNING' });
    const [stageId] = job.stageIds;
    expect(statusTracker.getActiveStageIds()).to.deep.equal([stageId]);
    await eventually('the first task has ended', () => {
      const stage = statusTracker.getStageInfo(stageId!)!;
      return stage.numCompletedTasks === 1 && stage.numActiveTasks === 1;
    });
    const stage = statusTracker.getStageInfo(stageId!)!;
    expect(stage).to.include({ stageId, attemptId: 0, numTasks: 2, numFailedTasks: 0 });
    expect(stage.name).to.match(/^collect at flows\.suite\.ts:\d+$/);
    const executors = statusTracker.getExecutorInfos();
    expect(executors.reduce((sum, { runningTasks }) => sum + runningTasks, 0)).to.equal(1);
    for (const { executorId, host, cores } of executors) {
      expect(executorId).to.be.a('string');
      expect(host).to.be.a('string');
      expect(cores).to.be.at.least(1);
    }
    writeFileSync(end, '');
    expect(await running).to.deep.equal([500, 500]);
    expect(statusTracker.getJobInfo(shown!)).to.include({ status: 'SUCCEEDED' });
    expect(statusTracker.getActiveJobIds()).to.deep.equal([]);
    await eventually('cached bytes are known', () =>
      statusTracker.getExecutorInfos().some(({ cacheBytes }) => cacheBytes > 100),
    );
    await cached.unpersist(true);
    expect(statusTracker.getJobInfo(1e9)).to.equal(undefined);
    expect(statusTracker.getStageInfo(1e9)).to.equal(undefined);
    expect(statusTracker.getJobIdsForGroup('no such group')).to.deep.equal([]);
  });

  it('B.1 statusTracker: counts the tasks that failed', async () => {
    const { sc } = suite;
    await rejection(
      sc.withJobGroup('failing', () =>
        sc.range(0, 1, 1, 1).foreach(() => {
          throw new Error('each attempt fails');
        }),
      ),
    );
    const { statusTracker } = sc;
    const [jobId] = statusTracker.getJobIdsForGroup('failing');
    const job = statusTracker.getJobInfo(jobId!)!;
    expect(job.status).to.equal('FAILED');
    const stage = statusTracker.getStageInfo(job.stageIds[0]!)!;
    expect(stage).to.include({ numTasks: 1, numCompletedTasks: 0, numActiveTasks: 0 });
    // One attempt in local mode, `heddle.task.maxFailures` of them elsewhere.
    expect(stage.numFailedTasks).to.be.at.least(1);
  });
});

describe('toLocalIterator ahead of its reader (B.5 toLocalIterator)', function () {
  this.timeout(200_000);
  const suite = useContext();
  let signs: Signs;

  before(() => {
    signs = new Signs();
  });
  after(() => signs.remove());

  it('with prefetch the next partition is computed while this one is read, without it not', async () => {
    const { sc } = suite;
    for (const prefetch of [true, false]) {
      const computed = signs.next('second');
      const rdd = sc.range(0, 6, 1, 3).mapPartitionsWithIndex((index, records) => {
        if (index === 1) writeFileSync(computed, '');
        return records;
      });
      const iterator = rdd.toLocalIterator({ prefetch });
      expect((await iterator.next()).value).to.equal(0);
      if (prefetch)
        await eventually('the second partition is computed', () => existsSync(computed));
      // A whole job later nothing was asked for yet.
      else expect([await sc.range(3).count(), existsSync(computed)]).to.deep.equal([3, false]);
      expect((await iterator.next()).value).to.equal(1);
      expect((await iterator.next()).value).to.equal(2);
      expect(existsSync(computed)).to.equal(true);
      await iterator.return?.();
    }
  });

  it('the end of the loop cancels what was computed ahead', async () => {
    const { sc } = suite;
    const begun = signs.next('ahead');
    const rdd = sc.range(0, 4, 1, 2).mapPartitionsWithIndex((index, records) => {
      if (index === 0) return records;
      writeFileSync(begun, '');
      for (;;);
    });
    const seen: number[] = [];
    for await (const x of rdd.toLocalIterator({ prefetch: true })) {
      seen.push(x);
      await eventually('the second partition is begun', () => existsSync(begun));
      break;
    }
    expect(seen).to.deep.equal([0]);
    await eventually('nothing runs', () => sc.statusTracker.getActiveJobIds().length === 0);
    expect(await sc.range(0, 10, 1, 4).count()).to.equal(10);
  });

  it('a failure ahead is thrown where its partition is reached', async () => {
    const rdd = suite.sc.range(0, 4, 1, 2).map((x) => {
      if (x === 2) throw new Error('the second partition fails');
      return x;
    });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const x of rdd.toLocalIterator({ prefetch: true })) seen.push(x);
    };
    expect(await rejection(read())).to.have.property('code', 'JOB_FAILED');
    expect(seen).to.deep.equal([0, 1]);
  });
});
