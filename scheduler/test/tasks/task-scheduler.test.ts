import { expect } from 'chai';
import { BOOM, TaskStory } from '../support/task-story.js';

describe('TaskScheduler: offers', () => {
  it('fills free slots at once, round the executors, lowest partitions first', () => {
    const story = new TaskStory();
    story.executor('a', 2);
    story.executor('b', 2);
    expect(story.submit(0, 5)).to.deep.equal([
      '0.0[0] on a',
      '0.0[1] on b',
      '0.0[2] on a',
      '0.0[3] on b',
    ]);
  });

  it('gives a slot that becomes free the next task in the same step, without a tick (A-137)', () => {
    const story = new TaskStory();
    story.executor('a');
    story.submit(0, 2);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0[1] on a']);
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0 over']);
    expect(story.scheduler.isEmpty).to.equal(true);
  });

  it('starts with the first executor that comes (A-148)', () => {
    const story = new TaskStory();
    expect(story.submit(0, 2)).to.deep.equal([]);
    expect(story.executor('a')).to.deep.equal(['0.0[0] on a']);
    expect(story.executor('b')).to.deep.equal(['0.0[1] on b']);
  });

  it('spreads small jobs over executors instead of using the first one again', () => {
    const story = new TaskStory();
    story.executor('a', 2);
    story.executor('b', 2);
    story.submit(0, 1);
    story.succeed('0.0', 0);
    expect(story.submit(1, 1)).to.deep.equal(['1.0[0] on b']);
  });

  it('ignores what it hears of attempts that it does not know', () => {
    const story = new TaskStory();
    story.executor('a');
    const update = { kind: 'running', taskAttemptId: 77, executorId: 'a' } as const;
    expect(story.handle({ kind: 'taskUpdate', update })).to.deep.equal([]);
    expect(story.handle({ kind: 'launchFailed', taskAttemptId: 77 })).to.deep.equal([]);
    expect(story.loseExecutor('nobody')).to.deep.equal([]);
  });
});

describe('TaskScheduler: pools', () => {
  it('FIFO: the earlier job goes first, then the earlier stage (A-140)', () => {
    const story = new TaskStory();
    story.executor('a');
    story.submit(5, 2, { jobId: 1 });
    story.submit(3, 1, { jobId: 2 });
    story.submit(4, 1, { jobId: 1 });
    expect(story.succeed('5.0', 0)).to.deep.equal(['4.0[0] on a']);
    expect(story.succeed('4.0', 0)).to.deep.equal(['5.0[1] on a', '4.0 over'].reverse());
    expect(story.succeed('5.0', 1)).to.deep.equal(['5.0 over', '3.0[0] on a']);
  });

  it('FIFO: a later job gets the slots that the earlier one has no use for (A-136)', () => {
    const story = new TaskStory();
    story.executor('a', 3);
    story.submit(0, 1);
    expect(story.submit(1, 1)).to.deep.equal(['1.0[0] on a']);
  });

  it('FAIR: a short job does not wait for a long one in another pool (A-141)', () => {
    const story = new TaskStory({ mode: 'FAIR' });
    story.executor('a', 2);
    story.submit(0, 100, { pool: 'long' });
    story.submit(1, 2, { pool: 'short' });
    // Of the two slots of the long job the first that becomes free goes to the short one.
    expect(story.succeed('0.0', 0)).to.deep.equal(['1.0[0] on a']);
    expect(story.succeed('1.0', 0)).to.deep.equal(['1.0[1] on a']);
  });

  it('FAIR: a pool of weight 2 gets twice the slots (A-141)', () => {
    const pools = [
      { name: 'heavy', weight: 2, minShare: 0, mode: 'FIFO' as const },
      { name: 'light', weight: 1, minShare: 0, mode: 'FIFO' as const },
    ];
    const story = new TaskStory({ mode: 'FAIR', pools });
    story.submit(0, 100, { pool: 'heavy' });
    story.submit(1, 100, { pool: 'light' });
    story.executor('a', 9);
    const heavy = story.launched.filter(({ stageId }) => stageId === 0);
    expect(heavy).to.have.length(6);
    expect(story.launched).to.have.length(9);
  });

  it('FAIR: a pool gets its minimum share before others get more', () => {
    const pools = [{ name: 'sure', weight: 1, minShare: 3, mode: 'FIFO' as const }];
    const story = new TaskStory({ mode: 'FAIR', pools });
    story.submit(0, 100);
    story.submit(1, 100, { pool: 'sure' });
    story.executor('a', 4);
    expect(story.launched.filter(({ stageId }) => stageId === 1)).to.have.length(3);
  });

  it('FAIR inside a pool: task sets take turns', () => {
    const pools = [{ name: 'default', weight: 1, minShare: 0, mode: 'FAIR' as const }];
    const story = new TaskStory({ mode: 'FAIR', pools });
    story.submit(0, 10);
    story.submit(1, 10);
    story.executor('a', 4);
    expect(story.launched.map(({ stageId }) => stageId)).to.deep.equal([0, 1, 0, 1]);
  });

  it('forgets pools that programs named when their last task set is over', () => {
    const story = new TaskStory({ mode: 'FAIR' });
    story.executor('a', 2);
    story.submit(0, 1, { pool: 'mine' });
    story.succeed('0.0', 0);
    expect(story.scheduler.isEmpty).to.equal(true);
  });
});

describe('TaskScheduler: failures (A-138)', () => {
  it('a task that fails 3 times and then passes does not fail the stage (A-139)', () => {
    const story = new TaskStory();
    story.executor('a');
    story.submit(0, 1);
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(story.fail('0.0', 0)).to.deep.equal([`0.0[0] on a try ${attempt}`]);
    }
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0 over']);
  });

  it('a task that fails 4 times fails the stage, and nothing else of it is launched (A-139)', () => {
    const story = new TaskStory();
    story.executor('a');
    story.submit(0, 2);
    for (let attempt = 1; attempt <= 3; attempt++) story.fail('0.0', 0);
    expect(story.fail('0.0', 0)).to.deep.equal(['dag: taskSetFailed', '0.0 over']);
    expect(story.scheduler.isEmpty).to.equal(true);
  });

  it('failures of different tasks do not add up', () => {
    const story = new TaskStory({ maxTaskFailures: 2 });
    story.executor('a', 2);
    story.submit(0, 2);
    expect(story.fail('0.0', 0)).to.deep.equal(['0.0[0] on a try 1']);
    expect(story.fail('0.0', 1)).to.deep.equal(['0.0[1] on a try 1']);
    expect(story.fail('0.0', 1)).to.include('dag: taskSetFailed');
  });

  it('with local[N,F] F decides: 1 failure and it is over', () => {
    const story = new TaskStory({ maxTaskFailures: 1 });
    story.executor('a');
    story.submit(0, 1);
    expect(story.fail('0.0', 0)).to.deep.equal(['dag: taskSetFailed', '0.0 over']);
  });

  it('an error that no retry can cure fails the stage at once', () => {
    const story = new TaskStory();
    story.executor('a');
    story.submit(0, 1);
    expect(story.fail('0.0', 0, { ...BOOM, retryable: false })).to.include('dag: taskSetFailed');
  });

  it('kills, denied commits and executors that were taken away never count (A-139)', () => {
    const story = new TaskStory({ maxTaskFailures: 1 });
    story.submit(0, 1);
    for (let round = 0; round < 10; round++) {
      story.executor(`e${round}`);
      expect(story.fail('0.0', 0, { kind: 'killed', reason: 'preempted' })).to.have.length(1);
      expect(story.fail('0.0', 0, { kind: 'commitDenied', summary: 'no' })).to.have.length(1);
      expect(story.loseExecutor(`e${round}`, false)).to.deep.equal(['dag: executorLost']);
    }
    story.executor('last');
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0 over']);
  });

  it('executors that die under a task count: 4 of them are enough', () => {
    const story = new TaskStory();
    story.submit(0, 1);
    for (let round = 0; round < 3; round++) {
      story.executor(`e${round}`);
      expect(story.loseExecutor(`e${round}`)).to.deep.equal(['dag: executorLost']);
    }
    story.executor('e3');
    expect(story.loseExecutor('e3')).to.deep.equal([
      'dag: executorLost',
      'dag: taskSetFailed',
      '0.0 over',
    ]);
  });

  it('a retry goes to another executor (A-182)', () => {
    const story = new TaskStory();
    story.executor('a');
    story.executor('b');
    story.submit(0, 1);
    expect(story.fail('0.0', 0)).to.deep.equal(['0.0[0] on b try 1']);
    expect(story.fail('0.0', 0)).to.deep.equal(['0.0[0] on a try 2']);
  });

  it('a retry waits a while for another executor that is busy, then goes where it can', () => {
    const story = new TaskStory();
    story.executor('a');
    story.executor('b');
    story.submit(0, 2);
    expect(story.fail('0.0', 0)).to.deep.equal(['wake at 3000']);
    expect(story.pass(2_999)).to.deep.equal([]);
    expect(story.pass(1)).to.deep.equal(['0.0[0] on a try 1']);
  });

  it('the other executor takes it as soon as it has a slot', () => {
    const story = new TaskStory();
    story.executor('a');
    story.executor('b');
    story.submit(0, 2);
    story.fail('0.0', 0);
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0[0] on b try 1']);
  });

  it('tasks of a lost executor run on the others; what it still says is ignored (A-183)', () => {
    const story = new TaskStory();
    story.executor('a', 2);
    story.submit(0, 2);
    story.executor('b');
    const zombie = story.attempt('0.0', 0);
    expect(story.loseExecutor('a')).to.deep.equal(['dag: executorLost', '0.0[1] on b try 1']);
    story.running.set(zombie.taskAttemptId, zombie);
    expect(story.succeed('0.0', 0)).to.deep.equal([]);
  });

  it('a fetch failure suspends the task set: what runs may end, nothing new begins (A-132)', () => {
    const story = new TaskStory();
    story.executor('a', 2);
    story.submit(0, 4);
    const failure = {
      kind: 'fetchFailed',
      shuffleId: 0,
      mapPartition: 1,
      mapId: 'm',
      generation: 0,
      summary: 'gone',
    } as const;
    expect(story.fail('0.0', 0, failure)).to.deep.equal(['dag: fetchFailed']);
    expect(story.submit(0, 3, { stageAttempt: 1, partitions: [0, 2, 3] })).to.deep.equal([
      '0.1[0] on a',
    ]);
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0 over', '0.1[2] on a']);
  });

  it('failures in a suspended task set neither count nor are retried', () => {
    const story = new TaskStory({ maxTaskFailures: 1 });
    story.executor('a', 2);
    story.submit(0, 2);
    story.handle({ kind: 'taskSetSuspended', stageId: 0, stageAttempt: 0 });
    expect(story.fail('0.0', 0)).to.deep.equal([]);
    expect(story.fail('0.0', 1)).to.deep.equal(['0.0 over']);
  });

  it('a cancelled stage kills what runs; slots come back when the kills have worked', () => {
    const story = new TaskStory();
    story.executor('a', 2);
    story.submit(0, 3);
    expect(story.handle({ kind: 'stageCancelled', stageId: 0, reason: 'enough' })).to.deep.equal([
      'kill 0 on a',
      'kill 1 on a',
    ]);
    expect(story.submit(1, 1)).to.deep.equal([]);
    expect(story.fail('0.0', 0, { kind: 'killed', reason: 'enough' })).to.deep.equal([
      '1.0[0] on a',
    ]);
    // The other one was faster than its kill.
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0 over']);
  });

  it('a partition that another attempt finished is killed and not run again', () => {
    const story = new TaskStory();
    story.executor('a');
    story.submit(0, 2);
    // An older attempt of the stage brings both partitions: one runs, one waits.
    expect(story.handle({ kind: 'partitionDone', stageId: 0, partition: 1 })).to.deep.equal([]);
    expect(story.handle({ kind: 'partitionDone', stageId: 0, partition: 0 })).to.deep.equal([
      'kill 0 on a',
    ]);
    expect(story.fail('0.0', 0, { kind: 'killed', reason: 'done' })).to.deep.equal(['0.0 over']);
  });

  it('partitions that were done and are lost run again in the same task set', () => {
    const story = new TaskStory();
    story.executor('a');
    story.submit(0, 2);
    story.succeed('0.0', 0);
    const lost = { kind: 'partitionsLost', stageId: 0, stageAttempt: 0, partitions: [0] } as const;
    expect(story.handle(lost)).to.deep.equal([]);
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0[0] on a try 1']);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0 over']);
  });
});
