import { expect } from 'chai';
import { TaskStory } from '../support/task-story.js';

const FETCH_FAILED = {
  kind: 'fetchFailed',
  shuffleId: 1,
  mapPartition: 0,
  mapId: 'm0',
  generation: 0,
  summary: 'gone',
} as const;

describe('Launches of several partitions', () => {
  it('take one slot, in order, and each task begins when the one before it has ended', () => {
    const story = new TaskStory();
    story.executor('a', 1);
    expect(story.submit(0, 4, { launchStarts: [0, 3] })).to.deep.equal(['0.0[0] on a then 1 2']);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0[1] begins']);
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0[2] begins']);
    expect(story.succeed('0.0', 2)).to.deep.equal(['0.0[3] on a']);
    expect(story.succeed('0.0', 3)).to.deep.equal(['0.0 over']);
  });

  it('each task has an attempt id of its own, and its attempt number', () => {
    const story = new TaskStory();
    story.executor('a', 1);
    story.submit(0, 3, { launchStarts: [0] });
    expect(story.launched.map((each) => each.taskAttemptId)).to.deep.equal([0, 1, 2]);
    expect(story.launched.map((each) => each.attemptNumber)).to.deep.equal([0, 0, 0]);
  });

  it('one that fails is tried again by itself, while the others go on', () => {
    const story = new TaskStory();
    story.executor('a', 1);
    story.executor('b', 1);
    story.submit(0, 3, { launchStarts: [0] });
    expect(story.fail('0.0', 0)).to.deep.equal(['0.0[1] begins', '0.0[0] on b try 1']);
    story.succeed('0.0', 1);
    story.succeed('0.0', 2);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0 over']);
  });

  it('an executor that dies counts against the task that ran, not against those that waited', () => {
    const story = new TaskStory({ maxTaskFailures: 2 });
    story.executor('a', 1);
    story.submit(0, 3, { launchStarts: [0] });
    story.succeed('0.0', 0);
    story.loseExecutor('a');
    // All run again by themselves; the third one has not failed yet.
    story.executor('b', 2);
    expect(story.loseExecutor('b')).to.include('dag: taskSetFailed');
    const attempts = story.launched.filter(({ partition }) => partition === 2);
    expect(attempts).to.have.length(2);
  });

  it('updates in any order are taken; the slot is free when all have ended', () => {
    const story = new TaskStory();
    story.executor('a', 1);
    story.submit(0, 4, { launchStarts: [0, 3] });
    expect(story.succeed('0.0', 2)).to.deep.equal([]);
    expect(story.succeed('0.0', 1)).to.deep.equal([]);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0[3] on a']);
  });

  it('a fetch failure suspends the task set; those that wait are dropped when they are given back', () => {
    const story = new TaskStory();
    story.executor('a', 1);
    story.submit(0, 3, { launchStarts: [0] });
    expect(story.fail('0.0', 0, FETCH_FAILED)).to.deep.equal(['0.0[1] begins', 'dag: fetchFailed']);
    const killed = { kind: 'killed', reason: 'not begun' } as const;
    story.fail('0.0', 1, killed);
    expect(story.fail('0.0', 2, killed)).to.deep.equal(['0.0 over']);
  });

  it('a partition that another stage attempt did is left out, or killed by itself', () => {
    const story = new TaskStory();
    story.submit(0, 3, { launchStarts: [0] });
    story.handle({ kind: 'partitionDone', stageId: 0, partition: 1 });
    expect(story.executor('a', 1)).to.deep.equal(['0.0[0] on a then 2']);
    expect(story.handle({ kind: 'partitionDone', stageId: 0, partition: 2 })).to.deep.equal([
      'kill 1 on a',
    ]);
  });

  it('prefer the place of the largest of them', () => {
    const story = new TaskStory();
    story.executor('a', 1);
    story.executor('b', 1);
    const near = [['a@host-a'], ['b@host-b']];
    const inputBytes = Float64Array.of(1, 1_000);
    const launches = story.submit(0, 2, { near, launchStarts: [0], inputBytes });
    expect(launches).to.deep.equal(['0.0[0] on b PROCESS_LOCAL then 1']);
  });
});
