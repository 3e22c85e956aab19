import { expect } from 'chai';
import { DagStory } from '../support/dag-story.js';
import { Lineage, shuffleIdOf } from '../support/lineage.js';

describe('DagScheduler: jobs and stages', () => {
  it('runs a job without shuffle as one result stage, results in any order (A-123, A-143)', () => {
    const story = new DagStory();
    const node = new Lineage().source(2);
    expect(story.submit(node)).to.deep.equal(['job 0 started with stages 0', 'run 0.0 [0 1]']);
    expect(story.succeed('0.0', 1)).to.deep.equal(['result 0@1=1']);
    expect(story.succeed('0.0', 0)).to.deep.equal([
      'result 0@0=0',
      'end 0.0',
      'cancel 0',
      'job 0 succeeded',
    ]);
    story.dag.assertEmpty();
  });

  it('a job over no partitions succeeds at once, also on an RDD of none', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    expect(story.submit(lineage.source(0))).to.deep.equal([
      'job 0 started with stages 0',
      'job 0 succeeded',
    ]);
    expect(story.submit(lineage.shuffle(lineage.source(3), 2), { partitions: [] })).to.deep.equal([
      'job 1 started with stages 1 2',
      'job 1 succeeded',
    ]);
    story.dag.assertEmpty();
  });

  it('a shuffle of an RDD without partitions is complete before it runs', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    expect(story.submit(lineage.shuffle(lineage.source(0), 2))).to.deep.equal([
      'job 0 started with stages 0 1',
      'run 1.0 [0 1]',
    ]);
    story.succeedAll('1.0');
    story.dag.assertEmpty();
  });

  it('gives a repeated partition to each of its positions and runs it once', () => {
    const story = new DagStory();
    story.submit(new Lineage().source(4), { partitions: [2, 0, 2] });
    expect(story.taskSets.get('0.0')?.partitions).to.deep.equal([0, 2]);
    expect(story.succeed('0.0', 2)).to.deep.equal(['result 0@0=2, result 0@2=2']);
    expect(story.succeed('0.0', 0)).to.include('result 0@1=0');
    story.dag.assertEmpty();
  });

  it('refuses a partition that does not exist, as a failure of the job', () => {
    const story = new DagStory();
    const said = story.submit(new Lineage().source(2), { partitions: [0, 2] });
    expect(said).to.deep.equal(['job 0 started with stages ', 'job 0 failed: broken']);
    story.dag.assertEmpty();
  });

  it('takes the first result of a partition and no other', () => {
    const story = new DagStory();
    story.submit(new Lineage().source(2));
    expect(story.succeed('0.0', 0)).to.deep.equal(['result 0@0=0']);
    expect(story.succeed('0.0', 0, { bytes: Uint8Array.of(7) })).to.deep.equal([]);
    story.succeed('0.0', 1);
    story.dag.assertEmpty();
  });

  it('runs the reduce side when the last map output is there (A-126)', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    expect(story.submit(lineage.shuffle(lineage.map(lineage.source(2)), 2))).to.deep.equal([
      'job 0 started with stages 0 1',
      'run 0.0 [0 1]',
    ]);
    expect(story.succeed('0.0', 0)).to.deep.equal([]);
    expect(story.succeed('0.0', 1)).to.deep.equal(['end 0.0', 'run 1.0 [0 1]']);
    expect(story.succeedAll('1.0')).to.deep.equal([
      'result 0@0=0',
      'result 0@1=1',
      'end 1.0',
      'cancel 0',
      'cancel 1',
      'job 0 succeeded',
    ]);
    story.dag.assertEmpty();
  });

  it('runs independent stages side by side (A-130)', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const join = lineage.cogroup([lineage.source(2), lineage.source(3)], 2);
    expect(story.submit(join)).to.deep.equal([
      'job 0 started with stages 0 1 2',
      'run 0.0 [0 1]',
      'run 1.0 [0 1 2]',
    ]);
    expect(story.succeedAll('1.0')).to.deep.equal(['end 1.0']);
    expect(story.succeedAll('0.0')).to.deep.equal(['end 0.0', 'run 2.0 [0 1]']);
    story.succeedAll('2.0');
    story.dag.assertEmpty();
  });

  it('skips a map stage whose outputs an earlier job left (A-129)', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const shuffled = lineage.shuffle(lineage.source(2), 2);
    story.submit(shuffled);
    story.succeedAll('0.0');
    story.succeedAll('1.0');
    story.dag.assertEmpty();
    // The second job shows the map stage, as stage 2, and never runs it.
    expect(story.submit(lineage.map(shuffled))).to.deep.equal([
      'job 1 started with stages 2 3',
      'run 3.0 [0 1]',
    ]);
    story.succeedAll('3.0');
    story.dag.assertEmpty();
  });

  it('runs only the map tasks whose outputs were lost between two jobs (A-127)', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const shuffled = lineage.shuffle(lineage.source(3), 1);
    story.submit(shuffled);
    story.succeedAll('0.0', ['a', 'b', 'a']);
    story.succeedAll('1.0');
    expect(story.loseExecutor('b')).to.deep.equal([]);
    expect(story.submit(shuffled)).to.deep.equal(['job 1 started with stages 2 3', 'run 2.0 [1]']);
    story.succeedAll('2.0');
    story.succeedAll('3.0');
    story.dag.assertEmpty();
  });

  it('forgets the outputs of a shuffle that is removed', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const shuffled = lineage.shuffle(lineage.source(1), 1);
    story.submit(shuffled);
    story.succeedAll('0.0');
    story.succeedAll('1.0');
    story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(shuffled) });
    expect(story.dag.outputs.has(shuffleIdOf(shuffled))).to.equal(false);
    expect(story.submit(shuffled)).to.include('run 2.0 [0]');
    story.succeedAll('2.0');
    story.succeedAll('3.0');
    story.dag.assertEmpty();
  });

  it('a shuffle that is removed while a job writes it is written again', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const shuffled = lineage.shuffle(lineage.source(2), 1);
    story.submit(shuffled);
    story.succeed('0.0', 0);
    expect(
      story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(shuffled) }),
    ).to.deep.equal(['again 0.0 [0]']);
    story.succeed('0.0', 0);
    expect(story.succeed('0.0', 1)).to.deep.equal(['end 0.0', 'run 1.0 [0]']);
    story.succeedAll('1.0');
    story.dag.assertEmpty();
  });
});

describe('DagScheduler: cached partitions (A-128)', () => {
  const cachedOn = (rddId: number, partition: number) => ({
    blocks: [{ rddId, partition, memoryBytes: 10, diskBytes: 0 }],
  });

  it('a fully cached RDD cuts the walk: its parents are skipped', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const cached = lineage.shuffle(lineage.source(2), 2).cache();
    story.submit(cached);
    story.succeedAll('0.0');
    story.succeed('1.0', 0, cachedOn(cached.rddId, 0));
    story.succeed('1.0', 1, { ...cachedOn(cached.rddId, 1), executor: 'b' });
    // All map outputs are gone, and nobody needs them.
    story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(cached) });
    expect(story.submit(lineage.map(cached))).to.deep.equal([
      'job 1 started with stages 2 3',
      'run 3.0 [0 1]',
    ]);
    // Tasks prefer the executors that hold the blocks.
    expect(story.taskSets.get('3.0')?.locations).to.deep.equal([
      [{ executorId: 'a', host: 'host-a' }],
      [{ executorId: 'b', host: 'host-b' }],
    ]);
    story.succeedAll('3.0');
    story.dag.assertEmpty();
  });

  it('a partly cached RDD does not cut the walk, nor one that was unpersisted or reported gone', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const cached = lineage.shuffle(lineage.source(1), 2).cache();
    story.submit(cached);
    story.succeedAll('0.0');
    story.succeed('1.0', 0, cachedOn(cached.rddId, 0));
    story.succeed('1.0', 1);
    story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(cached) });
    expect(story.submit(cached)).to.include('run 2.0 [0]');
    story.succeedAll('2.0');
    story.succeed('3.0', 0);
    story.succeed('3.0', 1, cachedOn(cached.rddId, 1));
    // Now it is cached; then a later task reports that the block has been evicted.
    story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(cached) });
    expect(story.submit(cached)).to.include('run 5.0 [0 1]');
    story.succeed('5.0', 0, {
      blocks: [{ rddId: cached.rddId, partition: 1, memoryBytes: 0, diskBytes: 0, isGone: true }],
    });
    story.succeed('5.0', 1);
    expect(story.submit(cached)).to.include('run 6.0 [0]');
    story.succeedAll('6.0');
    story.succeed('7.0', 0, cachedOn(cached.rddId, 0));
    story.succeed('7.0', 1, cachedOn(cached.rddId, 1));
    story.handle({ kind: 'rddUnpersisted', rddId: cached.rddId });
    story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(cached) });
    expect(story.submit(cached)).to.include('run 8.0 [0]');
    story.cancel({ by: 'all' });
    story.dag.assertEmpty();
  });

  it('blocks of a lost executor are computed again', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const cached = lineage.shuffle(lineage.source(1), 1).cache();
    story.submit(cached);
    story.succeedAll('0.0', ['b']);
    story.succeed('1.0', 0, { ...cachedOn(cached.rddId, 0), executor: 'b' });
    story.loseExecutor('b');
    expect(story.submit(cached)).to.include('run 2.0 [0]');
    story.cancel({ by: 'all' });
    story.dag.assertEmpty();
  });

  it('when a task reads a shuffle that the cache was to stand in for, the shuffle runs after all', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const cached = lineage.shuffle(lineage.source(1), 1).cache();
    story.submit(cached);
    story.succeedAll('0.0');
    story.succeed('1.0', 0, cachedOn(cached.rddId, 0));
    story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(cached) });
    story.submit(cached);
    // The block was evicted, which nobody knew; the task finds no map output to read either.
    expect(story.fetchFail('3.0', 0, shuffleIdOf(cached), 0, { mapId: '' })).to.deep.equal([
      'end 3.0 unfinished',
      'suspend 3.0',
      'resubmit soon',
    ]);
    expect(story.resubmit()).to.deep.equal(['run 2.0 [0]']);
    expect(story.succeedAll('2.0')).to.deep.equal(['end 2.0', 'run 3.1 [0]']);
    story.succeedAll('3.1');
    story.dag.assertEmpty();
  });
});

describe('DagScheduler: several jobs', () => {
  it('two jobs share the map stage that both need; it lives until both have ended', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const shuffled = lineage.shuffle(lineage.source(2), 1);
    expect(story.submit(shuffled)).to.deep.equal([
      'job 0 started with stages 0 1',
      'run 0.0 [0 1]',
    ]);
    expect(story.submit(lineage.map(shuffled))).to.deep.equal(['job 1 started with stages 0 2']);
    // The first job is cancelled: the map stage goes on for the second.
    expect(story.cancel({ by: 'id', jobId: 0 })).to.deep.equal(['job 0 cancelled']);
    expect(story.succeedAll('0.0')).to.deep.equal(['end 0.0', 'run 2.0 [0]']);
    story.succeedAll('2.0');
    story.dag.assertEmpty();
  });

  it('a job that joined a waiting stage gets what that waits for when the other job goes', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const first = lineage.shuffle(lineage.source(1), 1);
    const cached = lineage.shuffle(first, 1).cache();
    const last = lineage.shuffle(cached, 1);
    story.submit(cached);
    story.succeedAll('0.0');
    story.succeedAll('1.0');
    const blocks = [{ rddId: cached.rddId, partition: 0, memoryBytes: 1, diskBytes: 0 }];
    story.succeed('2.0', 0, { blocks });
    for (const node of [first, cached]) {
      story.handle({ kind: 'shuffleRemoved', shuffleId: shuffleIdOf(node) });
    }
    // Job 1 believes in the cache, and finds out that the block is gone: it runs both maps again.
    expect(story.submit(last)).to.include('run 4.0 [0]');
    story.fetchFail('4.0', 0, shuffleIdOf(cached), 0, { mapId: '' });
    expect(story.resubmit()).to.deep.equal(['run 6.0 [0]']);
    // Job 2 joins stage 4, and believes in the cache too. Then job 1 is cancelled.
    expect(story.submit(last)).to.deep.equal(['job 2 started with stages 3 4 7']);
    expect(story.cancel({ by: 'id', jobId: 1 })).to.deep.equal([
      'end 6.0 unfinished',
      'cancel 6',
      'job 1 cancelled',
      'run 8.0 [0]',
    ]);
    for (const what of ['8.0', '3.0', '4.1', '7.0']) story.succeedAll(what);
    story.dag.assertEmpty();
  });

  it('a shared stage that fails fails both jobs', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const shuffled = lineage.shuffle(lineage.source(1), 1);
    story.submit(shuffled);
    story.submit(lineage.map(shuffled));
    expect(story.fail('0.0', 0)).to.deep.equal([
      'end 0.0 unfinished',
      'cancel 0',
      'job 0 failed: task',
      'cancel 0',
      'job 1 failed: task',
    ]);
    story.dag.assertEmpty();
  });

  it('a stage that one job needs and another only skips fails only the one that needs it', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const shuffled = lineage.shuffle(lineage.source(2), 1);
    story.submit(shuffled);
    story.succeedAll('0.0', ['a', 'b']);
    story.succeedAll('1.0');
    // Job 1 skips the map stage (stage 2 for it). Then an output is lost, and job 2 needs it.
    expect(story.submit(lineage.map(shuffled))).to.include('run 3.0 [0]');
    story.loseExecutor('b');
    expect(story.submit(lineage.map(shuffled))).to.deep.equal([
      'job 2 started with stages 2 4',
      'run 2.0 [1]',
    ]);
    expect(story.fail('2.0', 1)).to.deep.equal([
      'end 2.0 unfinished',
      'cancel 2',
      'job 2 failed: task',
    ]);
    expect(story.succeedAll('3.0')).to.include('job 1 succeeded');
    story.dag.assertEmpty();
  });

  it('cancels by group, by tag, by id and all, with nothing left', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const source = lineage.source(1);
    story.submit(source, { jobGroup: 'g' });
    story.submit(source, { tags: ['t', 'u'] });
    story.submit(source);
    story.submit(source);
    expect(story.cancel({ by: 'group', group: 'other' })).to.deep.equal([]);
    expect(story.cancel({ by: 'group', group: 'g' })).to.deep.equal([
      'end 0.0 unfinished',
      'cancel 0',
      'job 0 cancelled',
    ]);
    expect(story.cancel({ by: 'tag', tag: 'u' })).to.include('job 1 cancelled');
    expect(story.cancel({ by: 'id', jobId: 2 })).to.include('job 2 cancelled');
    expect(story.cancel({ by: 'all' })).to.include('job 3 cancelled');
    story.dag.assertEmpty();
    // What still comes in from the tasks that were killed is of no interest.
    expect(story.succeed('0.0', 0)).to.deep.equal([]);
    story.dag.assertEmpty();
  });

  it('a result that its owner refuses fails the job and no other', () => {
    const story = new DagStory();
    const source = new Lineage().source(2);
    story.submit(source);
    story.submit(source);
    story.succeed('0.0', 0);
    expect(story.handle({ kind: 'resultRefused', jobId: 0, error: new Error('no') })).to.deep.equal(
      ['end 0.0 unfinished', 'cancel 0', 'job 0 failed: resultRefused'],
    );
    story.succeedAll('1.0');
    story.dag.assertEmpty();
  });

  it('a stage that cannot be compiled fails its job', () => {
    const story = new DagStory();
    story.submit(new Lineage().source(1));
    expect(story.handle({ kind: 'stageBroken', stageId: 0, error: new Error('no') })).to.include(
      'job 0 failed: broken',
    );
    story.dag.assertEmpty();
  });

  it('an RDD that throws when asked for locations fails its job and not the scheduler', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const bad = lineage.source(1, {
      hosts: () => {
        throw new Error('no locations');
      },
    });
    expect(story.submit(bad)).to.deep.equal([
      'job 0 started with stages 0',
      'job 0 failed: broken',
    ]);
    expect(story.submit(lineage.shuffle(bad, 1))).to.include('job 1 failed: broken');
    expect(story.submit(lineage.source(1))).to.include('run 3.0 [0]');
    story.succeedAll('3.0');
    story.dag.assertEmpty();
  });
});

describe('DagScheduler: results', () => {
  it('stops a job whose results are too large in total, naming the limit (A-145)', () => {
    const story = new DagStory({ maxResultSizeBytes: 100 });
    story.submit(new Lineage().source(3));
    expect(story.succeed('0.0', 0, { bytes: new Uint8Array(60) })).to.deep.equal(['result 0@0=0']);
    expect(story.succeed('0.0', 1, { bytes: new Uint8Array(60) })).to.deep.equal([
      'end 0.0 unfinished',
      'cancel 0',
      'job 0 failed: resultTooLarge',
    ]);
    story.dag.assertEmpty();
  });

  it('results up to the limit pass, and a limit of 0 is none', () => {
    for (const maxResultSizeBytes of [120, 0]) {
      const story = new DagStory({ maxResultSizeBytes });
      story.submit(new Lineage().source(2));
      story.succeed('0.0', 0, { bytes: new Uint8Array(60) });
      expect(story.succeed('0.0', 1, { bytes: new Uint8Array(60) })).to.include('job 0 succeeded');
    }
  });

  it('merges accumulators once per partition, in result stages and in map stages (A-177)', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const accumulators = [{ accumulatorId: 5, value: new Uint8Array(0) }];
    story.submit(lineage.shuffle(lineage.source(2), 1));
    expect(story.succeed('0.0', 0, { executor: 'b', accumulators })).to.deep.equal(['merge 5']);
    story.loseExecutor('b');
    // The map task runs again: its update has been counted.
    expect(story.succeed('0.0', 0, { accumulators })).to.deep.equal([]);
    story.succeed('0.0', 1);
    expect(story.succeed('1.0', 0, { accumulators })).to.deep.equal([
      'merge 5',
      'result 0@0=0',
      'end 1.0',
      'cancel 0',
      'cancel 1',
      'job 0 succeeded',
    ]);
    story.dag.assertEmpty();
  });
});
