import { expect } from 'chai';
import { DagStory } from '../support/dag-story.js';
import { Lineage, shuffleIdOf } from '../support/lineage.js';

/** A map stage (0) of 3 tasks and a result stage (1) of 2, whose maps ran on a, b and a. */
function twoStages(options: ConstructorParameters<typeof DagStory>[0] = {}) {
  const story = new DagStory(options);
  const lineage = new Lineage();
  const node = lineage.shuffle(lineage.source(3), 2);
  story.submit(node);
  story.succeedAll('0.0', ['a', 'b', 'a']);
  return { story, shuffleId: shuffleIdOf(node) };
}

describe('DagScheduler: lost map outputs', () => {
  it('a fetch failure runs the lost map task, then the reducers that failed (A-127, A-132)', () => {
    const { story, shuffleId } = twoStages();
    story.succeed('1.0', 0);
    // Reducer 1 cannot read map output 1.
    expect(story.fetchFail('1.0', 1, shuffleId, 1)).to.deep.equal([
      'end 1.0 unfinished',
      'suspend 1.0',
      'resubmit soon',
    ]);
    expect(story.resubmit()).to.deep.equal(['run 0.1 [1]']);
    expect(story.succeed('0.1', 1)).to.deep.equal(['done 0 [1]', 'end 0.1', 'run 1.1 [1]']);
    expect(story.succeed('1.1', 1)).to.deep.equal([
      'result 0@1=1',
      'done 1 [1]',
      'end 1.1',
      'cancel 0',
      'cancel 1',
      'job 0 succeeded',
    ]);
    story.dag.assertEmpty();
  });

  it('gathers all fetch failures of an attempt into one resubmission', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    // The second one ends nothing that has not ended; its output joins what is missing.
    expect(story.fetchFail('1.0', 1, shuffleId, 2)).to.deep.equal([]);
    expect(story.resubmit()).to.deep.equal(['run 0.1 [1 2]']);
    story.succeedAll('0.1');
    expect(story.succeedAll('1.1')).to.include('job 0 succeeded');
    story.dag.assertEmpty();
  });

  it('takes all outputs of the executor, or of the host, when the failure says so', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 0, { scope: 'executor' });
    expect(story.resubmit()).to.deep.equal(['run 0.1 [0 2]']);
    story.succeedAll('0.1', ['c']);
    story.fetchFail('1.1', 0, shuffleId, 0, { scope: 'host' });
    expect(story.resubmit()).to.deep.equal(['run 0.2 [0 2]']);
    story.cancel({ by: 'all' });
    story.dag.assertEmpty();
  });

  it('the loss of an executor drops all its outputs at once (A-183)', () => {
    const { story, shuffleId } = twoStages();
    expect(story.loseExecutor('a')).to.deep.equal([]);
    // The fetch failure that follows needs not name them one by one.
    story.fetchFail('1.0', 0, shuffleId, 0, { mapId: 'm0' });
    expect(story.resubmit()).to.deep.equal(['run 0.1 [0 2]']);
    story.succeedAll('0.1', ['b']);
    story.succeedAll('1.1');
    story.dag.assertEmpty();
  });

  it('outputs lost while their stage runs are run again in the same attempt', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    story.submit(lineage.shuffle(lineage.source(3), 1));
    story.succeed('0.0', 0, { executor: 'a' });
    story.succeed('0.0', 1, { executor: 'b' });
    expect(story.loseExecutor('a')).to.deep.equal(['again 0.0 [0]']);
    expect(story.succeed('0.0', 2, { executor: 'b' })).to.deep.equal([]);
    expect(story.succeed('0.0', 0, { executor: 'b' })).to.deep.equal(['end 0.0', 'run 1.0 [0]']);
    story.succeedAll('1.0');
    story.dag.assertEmpty();
  });

  it('news of an output that was made again meanwhile does not drop the new one', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    story.resubmit();
    story.succeedAll('0.1');
    // A slow reducer of the old attempt says that the old output 1 is gone.
    expect(story.fetchFail('1.0', 1, shuffleId, 1, { mapId: 'm1' })).to.deep.equal([]);
    expect(story.dag.outputs.isComplete(shuffleId)).to.equal(true);
    story.succeedAll('1.1');
    story.dag.assertEmpty();
  });

  it('late and very late fetch failures make no second attempt beside the first', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    expect(story.resubmit()).to.deep.equal(['run 0.1 [1]']);
    // Late: the map stage runs already. What is newly lost is no part of that attempt: the next one runs it.
    expect(story.fetchFail('1.0', 1, shuffleId, 2)).to.deep.equal([]);
    expect(story.succeedAll('0.1')).to.deep.equal(['done 0 [1]', 'end 0.1', 'run 0.2 [2]']);
    expect(story.succeedAll('0.2')).to.include('run 1.1 [0 1]');
    // Very late: the reducers run again already.
    expect(story.fetchFail('1.0', 1, shuffleId, 0, { mapId: 'm0' })).to.deep.equal([]);
    expect(story.resubmit()).to.deep.equal([]);
    // The new attempt finds out by itself, and then the lost map runs.
    expect(story.fetchFail('1.1', 0, shuffleId, 0, { mapId: 'm0' })).to.include('resubmit soon');
    expect(story.resubmit()).to.deep.equal(['run 0.3 [0]']);
    story.succeedAll('0.3');
    story.succeedAll('1.2');
    story.dag.assertEmpty();
  });

  it('an executor lost during a repair: outputs outside the attempt are repaired after it', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    expect(story.resubmit()).to.deep.equal(['run 0.1 [1]']);
    expect(story.loseExecutor('a')).to.deep.equal([]);
    expect(story.succeedAll('0.1', ['c'])).to.deep.equal([
      'done 0 [1]',
      'end 0.1',
      'run 0.2 [0 2]',
    ]);
    story.succeedAll('0.2', ['c']);
    story.succeedAll('1.1');
    story.dag.assertEmpty();
  });

  it('results of an attempt that was given up count', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    // Reducer 1 had its input already.
    expect(story.succeed('1.0', 1)).to.deep.equal(['result 0@1=1']);
    story.resubmit();
    expect(story.succeedAll('0.1')).to.include('run 1.1 [0]');
    story.succeedAll('1.1');
    story.dag.assertEmpty();
  });

  it('when such results complete the job, nothing is run again', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    story.succeed('1.0', 1);
    // Another copy of reducer 0 was faster than the pause.
    expect(story.succeed('1.0', 0)).to.include('job 0 succeeded');
    expect(story.resubmit()).to.deep.equal([]);
    story.dag.assertEmpty();
  });

  it('late map outputs of an attempt that was given up count as well', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const first = lineage.shuffle(lineage.source(1), 2);
    story.submit(lineage.shuffle(first, 1));
    story.succeedAll('0.0');
    story.succeed('1.0', 0);
    // Map stage 1 loses its input; its other task had read it already and ends well.
    story.fetchFail('1.0', 1, shuffleIdOf(first), 0);
    expect(story.succeed('1.0', 1)).to.deep.equal(['run 2.0 [0]']);
    expect(story.resubmit()).to.deep.equal([]);
    story.succeedAll('2.0');
    story.dag.assertEmpty();
  });

  it('recursive losses run every stage that is needed, and only the missing parts', () => {
    const story = new DagStory();
    const lineage = new Lineage();
    const first = lineage.shuffle(lineage.source(2), 2);
    const second = lineage.shuffle(first, 2);
    story.submit(second);
    story.succeedAll('0.0', ['a', 'b']);
    story.succeedAll('1.0', ['a', 'b']);
    // Executor a goes, and with it one output of each map stage.
    story.loseExecutor('a');
    story.fetchFail('2.0', 0, shuffleIdOf(second), 0, { mapId: 'm2' });
    expect(story.resubmit()).to.deep.equal(['run 0.1 [0]']);
    expect(story.succeedAll('0.1', ['b'])).to.include('run 1.1 [0]');
    expect(story.succeedAll('1.1', ['b'])).to.include('run 2.1 [0 1]');
    story.succeedAll('2.1');
    story.dag.assertEmpty();
  });

  it('gives up after 4 attempts in a row that could not read their input (A-133)', () => {
    const { story, shuffleId } = twoStages();
    for (let attempt = 0; attempt < 3; attempt++) {
      story.fetchFail(`1.${attempt}`, 0, shuffleId, 1);
      story.resubmit();
      expect(story.succeedAll(`0.${attempt + 1}`)).to.include(`run 1.${attempt + 1} [0 1]`);
    }
    expect(story.fetchFail('1.3', 0, shuffleId, 1)).to.deep.equal([
      'end 1.3 unfinished',
      'suspend 1.3',
      'cancel 1',
      'cancel 0',
      'cancel 1',
      'job 0 failed: stageAttempts',
    ]);
    story.dag.assertEmpty();
  });

  it('attempts that are not in a row, or of different stages, do not add up', () => {
    const story = new DagStory({ maxStageAttempts: 2 });
    const lineage = new Lineage();
    const first = lineage.shuffle(lineage.source(1), 1);
    const second = lineage.shuffle(first, 1);
    story.submit(second);
    story.succeedAll('0.0');
    // Stage 1 fails once, then finishes.
    story.fetchFail('1.0', 0, shuffleIdOf(first), 0);
    story.resubmit();
    story.succeedAll('0.1');
    story.succeedAll('1.1');
    // Stage 2 fails once: another stage.
    story.fetchFail('2.0', 0, shuffleIdOf(second), 0);
    expect(story.resubmit()).to.deep.equal(['run 1.2 [0]']);
    // Stage 1 fails again, but had finished in between.
    expect(story.fetchFail('1.2', 0, shuffleIdOf(first), 0)).to.include('resubmit soon');
    story.resubmit();
    story.succeedAll('0.2');
    story.succeedAll('1.3');
    expect(story.succeedAll('2.1')).to.include('job 0 succeeded');
    story.dag.assertEmpty();
  });

  it('ignores task failures of attempts that were given up', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    expect(story.fail('1.0', 1)).to.deep.equal([]);
    story.resubmit();
    expect(story.fail('1.0', 1)).to.deep.equal([]);
    story.cancel({ by: 'all' });
    story.dag.assertEmpty();
  });

  it('a job that is cancelled while it waits to be resubmitted is not resubmitted', () => {
    const { story, shuffleId } = twoStages();
    story.fetchFail('1.0', 0, shuffleId, 1);
    story.cancel({ by: 'id', jobId: 0 });
    expect(story.resubmit()).to.deep.equal([]);
    story.dag.assertEmpty();
  });
});
