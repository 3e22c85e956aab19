import { expect } from 'chai';
import { HeddleContext } from 'heddle';
import { useContext } from './support/context.js';
import { rejection } from './support/expect-error.js';

describe('the application (A.1, B.1)', () => {
  const suite = useContext({ 'my.own.key': 'kept' });

  it('B.1 context-queries: answers questions about itself', async () => {
    const { sc } = suite;
    // Executors may come later than the context, not later than the first task.
    expect(await sc.range(1).count()).to.equal(1);
    expect(sc.appName).to.equal('suites');
    expect(sc.applicationId).to.match(sc.master.startsWith('local') ? /^local-/ : /^application_/);
    expect(sc.version).to.match(/^\d+\.\d+\.\d+$/);
    expect(sc.user).to.be.a('string');
    expect(Date.now() - sc.startTime).to.be.within(0, 600_000);
    expect(sc.conf.get('my.own.key')).to.equal('kept');
    expect(sc.defaultParallelism).to.be.at.least(1);
    expect(sc.defaultMinPartitions).to.equal(Math.min(2, sc.defaultParallelism));
    const executors = sc.statusTracker.getExecutorInfos();
    expect(executors.length).to.be.at.least(1);
    expect(executors[0]!.cores).to.be.at.least(1);
  });

  it('is one for each process (A-002)', async () => {
    expect(await HeddleContext.getOrCreate()).to.equal(suite.sc);
    const other = suite.sc.master === 'local[7]' ? 'local[6]' : 'local[7]';
    expect(await rejection(HeddleContext.getOrCreate({ master: other }))).to.have.property(
      'code',
      'CONTEXT_EXISTS',
    );
  });

  it('begins anew after stop', async () => {
    const { applicationId: first, deployMode } = suite.sc;
    await suite.sc.stop();
    await using again = await HeddleContext.getOrCreate();
    // With its driver in the cluster a program is one application, however many contexts it makes.
    if (deployMode === 'cluster') expect(again.applicationId).to.equal(first);
    else expect(again.applicationId).to.not.equal(first);
    expect(
      await again
        .range(0, 10, 1, 2)
        .map((x) => x + 1)
        .sum(),
    ).to.equal(55);
  });
});

describe('heddle.default.parallelism (A-109, B.0 default-partitions)', () => {
  const suite = useContext({ 'heddle.default.parallelism': 5 });

  it('decides for sources and for shuffles, unless something nearer does', async () => {
    const { sc } = suite;
    expect(sc.defaultParallelism).to.equal(5);
    expect(await sc.range(10).getNumPartitions()).to.equal(5);
    expect(await sc.parallelize([1]).getNumPartitions()).to.equal(5);
    const pairs = sc.range(0, 10, 1, 3).map((x) => [x % 2, x]);
    expect(await pairs.reduceByKey((a, b) => a + b).getNumPartitions()).to.equal(5);
    expect(await pairs.join(pairs).getNumPartitions()).to.equal(5);
    expect(await pairs.distinct().getNumPartitions()).to.equal(5);
    expect(await pairs.reduceByKey((a, b) => a + b, 2).getNumPartitions()).to.equal(2);
    expect(
      await pairs
        .partitionBy(4)
        .reduceByKey((a, b) => a + b)
        .getNumPartitions(),
    ).to.equal(4);
    const reduced = await pairs
      .reduceByKey((a, b) => a + b)
      .glom()
      .collect();
    expect(reduced).to.have.length(5);
    expect(reduced.flat()).to.deep.include.members([
      [0, 20],
      [1, 25],
    ]);
  });
});
