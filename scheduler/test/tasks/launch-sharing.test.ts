import { expect } from 'chai';
import { DEFAULT_EXCLUSION } from '../../src/exclusion/exclusion-options.js';
import { DEFAULT_SHARING, LaunchSharing } from '../../src/tasks/launch-sharing.js';
import { TaskStory } from '../support/task-story.js';

const sharing = { ...DEFAULT_SHARING, provenBy: 1, mostTasks: 4, shares: 1 };
const GIVEN_BACK = { kind: 'killed', reason: 'given back', notBegun: true } as const;

describe('How many tasks share a launch', () => {
  it('one, until enough of them have ended', () => {
    const tasks = new LaunchSharing({ ...DEFAULT_SHARING, provenBy: 3 });
    const seen: number[] = [];
    for (let ended = 0; ended < 4; ended++) {
      seen.push(tasks.tasksAtOnce(1_000, 2));
      tasks.ended(1);
    }
    expect(seen).to.deep.equal([1, 1, 1, 20]);
  });

  it('as many as take the time of a launch, by the slowest of the last ones', () => {
    const tasks = new LaunchSharing({ ...DEFAULT_SHARING, provenBy: 1 });
    tasks.ended(5);
    tasks.ended(0.1);
    expect(tasks.tasksAtOnce(1_000, 2)).to.equal(5);
    tasks.ended(60_000);
    expect(tasks.tasksAtOnce(1_000, 2)).to.equal(1);
  });

  it('never more than a part of what each slot could have', () => {
    const tasks = new LaunchSharing({ ...DEFAULT_SHARING, provenBy: 1, shares: 4 });
    tasks.ended(0);
    expect(tasks.tasksAtOnce(1_000_000, 2)).to.equal(DEFAULT_SHARING.mostTasks);
    expect(tasks.tasksAtOnce(80, 2)).to.equal(10);
    expect(tasks.tasksAtOnce(3, 2)).to.equal(1);
    expect(tasks.tasksAtOnce(3, 0)).to.equal(1);
  });

  it('one again after a failure', () => {
    const tasks = new LaunchSharing({ ...DEFAULT_SHARING, provenBy: 1 });
    tasks.ended(1);
    tasks.doubted();
    expect(tasks.tasksAtOnce(1_000, 2)).to.equal(1);
  });
});

describe('Launches that short tasks share', () => {
  it('take one slot; the others of the set go out as slots become free', () => {
    const story = new TaskStory({ sharing });
    story.executor('a', 1);
    expect(story.submit(0, 6)).to.deep.equal(['0.0[0] on a']);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0[1] on a then 2 3 4', 'wake at 250']);
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0[2] begins']);
    story.succeed('0.0', 2);
    story.succeed('0.0', 3);
    expect(story.succeed('0.0', 4)).to.deep.equal(['0.0[5] on a']);
    expect(story.succeed('0.0', 5)).to.include('0.0 over');
  });

  it('hold tasks of one locality only, and none that are far from their data', () => {
    const waits = { processMs: 0, nodeMs: 0, rackMs: 0 };
    const story = new TaskStory({ sharing, localityWaits: waits });
    story.executor('a', 1);
    const near = [['a@host-a'], ['host-a'], ['a@host-a'], ['a@host-a'], ['far'], ['far'], ['far']];
    expect(story.submit(0, near.length, { near })).to.deep.equal(['0.0[0] on a PROCESS_LOCAL']);
    const next = story.succeed('0.0', 0);
    expect(next[0]).to.equal('0.0[2] on a PROCESS_LOCAL then 3');
    story.succeed('0.0', 2);
    expect(story.succeed('0.0', 3)).to.deep.equal(['0.0[1] on a NODE_LOCAL']);
    // Those without a living host near them go alone.
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0[4] on a ANY']);
  });

  it('give back what waits when the task before takes long, and that runs elsewhere', () => {
    const story = new TaskStory({ sharing });
    story.executor('a', 1);
    story.submit(0, 5);
    story.succeed('0.0', 0);
    story.succeed('0.0', 1);
    // Partition 2 runs, 3 and 4 wait behind it.
    story.executor('b', 1);
    expect(story.pass(249)).to.deep.equal([]);
    const last = story.attempt('0.0', 4).taskAttemptId;
    expect(story.pass(1)).to.include(`recall ${last} on a`);
    expect(story.fail('0.0', 3, GIVEN_BACK)).to.deep.equal(['0.0[3] on b']);
    // Its attempt does not count: its number is the same.
    expect(story.launched.map(({ attemptNumber }) => attemptNumber).at(-1)).to.equal(0);
    expect(story.fail('0.0', 4, GIVEN_BACK)).to.deep.equal([]);
    expect(story.succeed('0.0', 2)).to.deep.equal(['0.0[4] on a']);
    story.succeed('0.0', 3);
    expect(story.succeed('0.0', 4)).to.include('0.0 over');
  });

  it('are recalled once; a task that began meanwhile goes on', () => {
    const story = new TaskStory({ sharing });
    story.executor('a', 1);
    story.submit(0, 4);
    story.succeed('0.0', 0);
    expect(story.pass(250).filter((text) => text.startsWith('recall'))).to.have.length(1);
    expect(story.pass(10_000)).to.deep.equal([]);
    story.succeed('0.0', 1);
    story.succeed('0.0', 2);
    expect(story.succeed('0.0', 3)).to.include('0.0 over');
    expect(story.scheduler.isEmpty).to.equal(true);
  });

  it('are given back by an executor that is to leave', () => {
    const story = new TaskStory({ sharing });
    story.executor('a', 1);
    story.submit(0, 4);
    story.succeed('0.0', 0);
    const last = story.attempt('0.0', 3).taskAttemptId;
    expect(story.handle({ kind: 'executorDraining', executorId: 'a' })).to.deep.equal([
      `recall ${last} on a`,
    ]);
  });

  it('are given back by an executor that the task set avoids from now on', () => {
    const exclusion = { ...DEFAULT_EXCLUSION, stageMaxFailedTasksPerExecutor: 1 };
    const story = new TaskStory({ sharing, exclusion });
    story.executor('a', 1);
    story.executor('b', 1);
    story.submit(0, 12);
    story.succeed('0.0', 0);
    const running = story.attempt('0.0', 2);
    const { executorId } = running;
    const last = Math.max(
      ...[...story.running.values()]
        .filter((task) => task.executorId === executorId)
        .map(({ taskAttemptId }) => taskAttemptId),
    );
    expect(story.fail('0.0', 2)).to.include(`recall ${last} on ${executorId}`);
  });

  it('the planned launches of a stage are given back too', () => {
    const story = new TaskStory({ sharing });
    story.executor('a', 1);
    story.submit(0, 3, { launchStarts: [0] });
    expect(story.pass(250)).to.include('recall 2 on a');
  });
});
