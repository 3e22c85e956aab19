import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RDD } from 'heddle';
import { useContext } from './support/context.js';
import { rejection } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';

describe('jobs and stages (A.6)', () => {
  const suite = useContext();

  it('an action is a job (A-123)', async () => {
    const { sc } = suite;
    expect(await jobsOf(sc, () => sc.range(0, 10, 1, 3).count())).to.include({ jobs: 1, tasks: 3 });
  });

  it('fifty actions at once all settle (A-124)', async () => {
    const { sc } = suite;
    const counts = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        sc
          .range(0, 30, 1, 3)
          .map((x) => [x % 3, i])
          .reduceByKey((a, b) => a + b)
          .count(),
      ),
    );
    expect(counts).to.deep.equal(Array<number>(50).fill(3));
    expect(sc.statusTracker.getActiveJobIds()).to.deep.equal([]);
    expect(sc.statusTracker.getActiveStageIds()).to.deep.equal([]);
  });

  it('a diamond makes its shared stage once (A-125)', async () => {
    const { sc } = suite;
    const shared = sc
      .range(0, 20, 1, 3)
      .map((x) => [x % 5, 1])
      .reduceByKey((a, b) => a + b, 2);
    const diamond = shared.mapValues((n) => n * 10).union(shared.mapValues((n) => n * 100));
    const seen = await jobsOf(sc, async () => {
      expect(await diamond.values().sum()).to.equal(20 * 110);
    });
    expect(seen).to.include({ stages: 2, tasks: 3 + 2 });
  });

  it('word count is a map stage and a result stage (A-126)', async () => {
    const { sc } = suite;
    const counts = sc
      .range(0, 20, 1, 3)
      .map((x) => [x % 5, 1])
      .reduceByKey((a, b) => a + b, 2);
    expect((await jobsOf(sc, () => counts.count())).tasksOfStages).to.deep.equal([3, 2]);
  });

  it('cached partitions cut the graph (A-128)', async () => {
    const { sc } = suite;
    const ran = sc.accumulator(0);
    const cached = sc
      .range(0, 20, 1, 3)
      .map((x) => [x % 5, 1])
      .reduceByKey((a, b) => a + b, 2)
      .map((pair) => {
        ran.add(1);
        return pair;
      })
      .cache();
    await cached.count();
    expect(ran.value).to.equal(5);
    const seen = await jobsOf(sc, () => cached.map(([k]) => k).count());
    expect(seen).to.include({ stages: 1, tasks: 2 });
    expect(ran.value).to.equal(5);
  });

  it('stages that do not need each other run at once (A-130)', async () => {
    const { sc } = suite;
    const directory = mkdtempSync(join(tmpdir(), 'heddle-meeting-'));
    try {
      // Each map task goes on only when the other one has begun.
      const side = (mine: string, other: string): RDD<[number, string]> =>
        sc.range(0, 1, 1, 1).map((x): [number, string] => {
          writeFileSync(join(directory, mine), '');
          const deadline = performance.now() + 40_000;
          while (!existsSync(join(directory, other))) {
            if (performance.now() > deadline) throw new Error(`${other} did not begin meanwhile`);
          }
          return [x, mine];
        });
      const joined = await side('left', 'right').join(side('right', 'left'), 2).collect();
      expect(joined).to.deep.equal([[0, ['left', 'right']]]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('shuffle outputs are used again by later jobs (A-129)', async () => {
    const { sc } = suite;
    const read = sc.accumulator(0);
    const reduced = sc
      .range(0, 20, 1, 3)
      .map((x) => {
        read.add(1);
        return [x % 5, 1];
      })
      .reduceByKey((a, b) => a + b, 2);
    await reduced.count();
    const second = await jobsOf(sc, () => reduced.map(([k]) => k).collect());
    expect(second).to.include({ stages: 1, tasks: 2 });
    expect(read.value).to.equal(20);
  });

  it('B.1 jobGroup, B.1 statusTracker: tasks of a job belong to its group, and it ends with a known status', async () => {
    const { sc } = suite;
    await sc.withJobGroup('known', () => sc.range(5).count());
    const [jobId] = sc.statusTracker.getJobIdsForGroup('known');
    expect(sc.statusTracker.getJobInfo(jobId!)).to.include({ jobId, status: 'SUCCEEDED' });
    await rejection(
      sc.withJobGroup('failing', () =>
        sc.range(5).foreach(() => {
          throw new Error('no');
        }),
      ),
    );
    const [failed] = sc.statusTracker.getJobIdsForGroup('failing');
    expect(sc.statusTracker.getJobInfo(failed!)).to.include({ status: 'FAILED' });
  });

  describe('cancelling (A-023, B.1 jobGroup, B.5 signal)', () => {
    /** Works until it is killed. */
    const endless = (): Promise<void> =>
      suite.sc.range(0, 2, 1, 2).foreach(() => {
        for (;;);
      });

    it('by a signal, also of an endless loop; the application goes on', async () => {
      const controller = new AbortController();
      const running = suite.sc.range(0, 2, 1, 2).foreach(
        () => {
          for (;;);
        },
        { signal: controller.signal },
      );
      setTimeout(() => controller.abort(), 200);
      expect(await rejection(running)).to.have.property('code', 'JOB_CANCELLED');
      expect(await suite.sc.range(0, 10, 1, 4).count()).to.equal(10);
    });

    it('by group, from another flow', async () => {
      const { sc } = suite;
      const running = sc.withJobGroup('to cancel', endless);
      setTimeout(() => void sc.cancelJobGroup('to cancel'), 200);
      expect(await rejection(running)).to.have.property('code', 'JOB_CANCELLED');
      expect(await sc.range(0, 10, 1, 4).count()).to.equal(10);
    });

    it('by tag, and all jobs', async () => {
      const { sc } = suite;
      const tagged = sc.withJobTags(['slow'], endless);
      setTimeout(() => void sc.cancelJobsWithTag('slow'), 200);
      expect(await rejection(tagged)).to.have.property('code', 'JOB_CANCELLED');
      const any = endless();
      setTimeout(() => void sc.cancelAllJobs(), 200);
      expect(await rejection(any)).to.have.property('code', 'JOB_CANCELLED');
      expect(await sc.range(0, 10, 1, 4).count()).to.equal(10);
    });
  });
});

describe('the end of a context (B.1 stop)', () => {
  const suite = useContext();

  it('stop fails what runs, and everything after', async () => {
    const { sc } = suite;
    const rdd = sc.range(0, 2, 1, 2);
    const running = rdd.foreach(() => {
      for (;;);
    });
    setTimeout(() => void sc.stop(), 200);
    const error = await rejection(running);
    expect(error.code).to.be.oneOf(['JOB_CANCELLED', 'CONTEXT_STOPPED']);
    expect(await rejection(rdd.count())).to.have.property('code', 'CONTEXT_STOPPED');
    await sc.stop();
  });
});
