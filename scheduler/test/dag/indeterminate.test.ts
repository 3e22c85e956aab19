import { expect } from 'chai';
import { DagStory } from '../support/dag-story.js';
import { Lineage, shuffleIdOf } from '../support/lineage.js';

/**
 * source → shuffle 0 → indeterminate map stage 1 → shuffle 1 → result stage 2, both map stages done.
 * Think of `repartition` over shuffled records.
 */
function indeterminateChain(streamResults = false) {
  const story = new DagStory();
  const lineage = new Lineage();
  const first = lineage.shuffle(lineage.source(2), 2, { determinacy: 'indeterminate' });
  const second = lineage.shuffle(first, 2);
  story.submit(second, { streamResults });
  story.succeedAll('0.0', ['a', 'b']);
  story.succeedAll('1.0', ['a', 'b']);
  return { story, lineage, first, second, shuffleId: shuffleIdOf(second) };
}

describe('DagScheduler: indeterminate stages (A-134)', () => {
  it('losing one output runs all tasks again, in the next generation, and discards results', () => {
    const { story, shuffleId } = indeterminateChain();
    // A result that is there is not given away yet.
    expect(story.succeed('2.0', 0)).to.deep.equal([]);
    story.fetchFail('2.0', 1, shuffleId, 0);
    expect(story.resubmit()).to.deep.equal(['cancel 1', 'cancel 2', 'run 1.1 [0 1] generation 1']);
    expect(story.succeedAll('1.1')).to.deep.equal([
      'done 1 [0]',
      'done 1 [1]',
      'end 1.1',
      'run 2.1 [0 1] generation 1',
    ]);
    expect(story.succeedAll('2.1')).to.deep.equal([
      'done 2 [0]',
      'result 0@0=0',
      'result 0@1=1',
      'done 2 [1]',
      'end 2.1',
      'cancel 0',
      'cancel 1',
      'cancel 2',
      'job 0 succeeded',
    ]);
    story.dag.assertEmpty();
  });

  it('refuses late outputs and late results of the older generation', () => {
    const { story, shuffleId } = indeterminateChain();
    story.fetchFail('2.0', 1, shuffleId, 0);
    story.resubmit();
    expect(story.succeed('1.0', 0)).to.deep.equal([]);
    expect(story.succeed('2.0', 0)).to.deep.equal([]);
    expect(story.dag.outputs.missing(shuffleId)).to.deep.equal([0, 1]);
    story.succeedAll('1.1');
    // A late fetch failure of the old generation says nothing about the new one.
    expect(story.fetchFail('2.0', 0, shuffleId, 1, { mapId: 'm3' })).to.deep.equal([]);
    story.succeedAll('2.1');
    story.dag.assertEmpty();
  });

  it('an output lost before any reader could have seen it is simply made again', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const first = lineage.source(2, { determinacy: 'indeterminate' });
    story.submit(lineage.shuffle(first, 1));
    story.succeed('0.0', 0, { executor: 'b' });
    expect(story.loseExecutor('b')).to.deep.equal(['again 0.0 [0]']);
    story.succeed('0.0', 0);
    expect(story.succeed('0.0', 1)).to.deep.equal(['end 0.0', 'run 1.0 [0]']);
    story.succeedAll('1.0');
    story.dag.assertEmpty();
  });

  it('rolls back everything that was made from it, also by other jobs, and their readers', () => {
    const { story, lineage, first, second } = indeterminateChain();
    story.succeedAll('2.0');
    // Job 1 reads the shuffle behind; its map stage 4 (shuffle 2) has done half of its work.
    story.submit(lineage.shuffle(second, 1));
    expect(story.taskSets.get('4.0')?.partitions).to.deep.equal([0, 1]);
    story.succeed('4.0', 0, { executor: 'c' });
    story.loseExecutor('a');
    // Job 2 reads shuffle 0 and shuffle 1 again: what was lost must be made again.
    const again = story.submit(lineage.cogroup([second, first], 1));
    expect(again.filter((text) => text.startsWith('run'))).to.deep.equal(['run 6.0 [0]']);
    // When the indeterminate stage runs again, job 1's half of shuffle 2 is of no use any more.
    const rerun = story.succeedAll('6.0', ['b']);
    expect(rerun).to.include('cancel 4');
    expect(rerun).to.include('run 3.0 [0 1] generation 1');
    story.succeedAll('3.0', ['b']);
    expect(story.taskSets.get('4.1')).to.deep.include({ partitions: [0, 1], generation: 1 });
    story.cancel({ by: 'all' });
    story.dag.assertEmpty();
  });

  it('fails the job when results were given to the program already', () => {
    const { story, shuffleId } = indeterminateChain(true);
    expect(story.succeed('2.0', 0)).to.deep.equal(['result 0@0=0']);
    story.fetchFail('2.0', 1, shuffleId, 0);
    expect(story.resubmit()).to.include('job 0 failed: resultsGiven');
    story.dag.assertEmpty();
  });

  it('drops cached partitions that were computed from the outputs that were rolled back', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const first = lineage.source(1, { determinacy: 'indeterminate' });
    const cached = lineage.shuffle(first, 2).cache();
    story.submit(lineage.map(cached));
    story.succeedAll('0.0');
    const blocks = [{ rddId: cached.rddId, partition: 0, memoryBytes: 5, diskBytes: 0 }];
    story.succeed('1.0', 0, { blocks });
    story.fetchFail('1.0', 1, shuffleIdOf(cached), 0);
    expect(story.resubmit()).to.include(`drop cache of ${cached.rddId}`);
    expect(story.dag.blocks.isEmpty).to.equal(true);
    story.cancel({ by: 'all' });
    story.dag.assertEmpty();
  });

  it('a determinate stage keeps its other outputs (A-127)', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const node = lineage.shuffle(lineage.source(2, { determinacy: 'unordered' }), 1);
    story.submit(node);
    story.succeedAll('0.0');
    story.fetchFail('1.0', 0, shuffleIdOf(node), 1);
    expect(story.resubmit()).to.deep.equal(['run 0.1 [1]']);
    story.cancel({ by: 'all' });
    story.dag.assertEmpty();
  });
});
