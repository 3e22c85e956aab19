import { expect } from 'chai';
import { YarnPrograms } from '../../src/yarn/yarn-programs.js';
import { deployModes } from '../../src/yarn/yarn-user.js';

/** Short times, so that a test sees executors come and go. */
const dynamic = {
  'heddle.dynamicAllocation.enabled': 'true',
  'heddle.dynamicAllocation.minExecutors': '1',
  'heddle.dynamicAllocation.maxExecutors': '3',
  'heddle.dynamicAllocation.schedulerBacklogTimeout': '300ms',
  'heddle.dynamicAllocation.sustainedSchedulerBacklogTimeout': '300ms',
  'heddle.dynamicAllocation.executorIdleTimeout': '2s',
  'heddle.shuffle.readHostLocalDisk': 'false',
};
const words = ['--executor-memory', '256m'];

/** What the programs have in common: how many executors there are, and waiting for a number of them. */
const helpers = `
  import { HeddleContext, TaskContext } from 'heddle';
  import { existsSync, writeFileSync } from 'node:fs';
  import { setTimeout as delay } from 'node:timers/promises';
  const folder = process.argv[2]!;
  const sc = await HeddleContext.getOrCreate();
  const executors = () => sc.statusTracker.getExecutorInfos().map(({ executorId }) => executorId);
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, executors().length);
    if (most === 3) writeFileSync(folder + '/grown', '');
  }, 50);
  /** Keeps its thread busy until there are three executors, each with a task. */
  function work(): void {
    const end = Date.now() + 60_000;
    while (!existsSync(folder + '/grown') && Date.now() < end);
  }
  async function until(count: number): Promise<string[]> {
    for (let waits = 0; executors().length !== count; waits++) {
      if (waits > 600) throw new Error('executors: ' + executors().join() + ', wanted ' + count);
      await delay(100);
    }
    return executors();
  }
`;

describe('Dynamic allocation on YARN', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('dynamic-allocation');
  });

  after(() => yarn.close());

  afterEach(() => yarn.tidy());

  for (const mode of deployModes) {
    it(`grows with the backlog, gives idle executors back, and still reads their map outputs, in ${mode} mode (A-196)`, async () => {
      const result = await yarn.submit(
        mode,
        `${helpers}
        const atStart = await until(1);
        const counted = sc.range(0, 1200, 1, 12).mapPartitionsWithIndex((partition, numbers) => {
          writeFileSync(folder + '/map-' + partition + '-' + TaskContext.get()!.taskAttemptId, '');
          work();
          return numbers;
        }).map((n): [number, number] => [n % 10, 1]).reduceByKey((a, b) => a + b, 3);
        console.log('first', await counted.values().sum());
        const grown = most;
        const left = await until(1);
        console.log('second', await counted.values().sum());
        clearInterval(sampling);
        console.log(JSON.stringify({ atStart: atStart.length, grown, left: left.length }));
        await sc.stop();`,
        { words, conf: dynamic, args: [yarn.folder] },
      );
      expect(result.exitCode, result.stderr).to.equal(0);
      const printed = await yarn.account.printed(mode, result);
      expect(printed).to.contain('first 1200').and.to.contain('second 1200');
      expect(printed).to.contain('{"atStart":1,"grown":3,"left":1}');
      expect(yarn.marks('map-'), 'no map task ran again').to.have.length(12);
    });
  }

  it('keeps executors with cached blocks for longer (A-196)', async () => {
    const result = await yarn.submit(
      'client',
      `${helpers}
      const slow = sc.range(0, 600, 1, 6).mapPartitions((numbers) => {
        work();
        return numbers;
      }).cache();
      console.log('count', await slow.count());
      const holders = sc.statusTracker.getExecutorInfos().filter(({ cacheBytes }) => cacheBytes > 0).length;
      await delay(6_000);
      const kept = executors().length;
      await slow.unpersist(true);
      const left = await until(1);
      clearInterval(sampling);
      console.log(JSON.stringify({ isKept: holders > 1 && kept === holders, left: left.length }));
      await sc.stop();`,
      { words, conf: dynamic, args: [yarn.folder] },
    );
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(result.stdout).to.contain('{"isKept":true,"left":1}');
  });
});
