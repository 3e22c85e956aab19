import { expect } from 'chai';
import { TaskStory } from '../support/task-story.js';

const speculation = { quantile: 0.75, multiplier: 1.5, intervalMs: 100, minTaskRuntimeMs: 100 };

/** Four tasks, of which three took a second; the fourth still runs on d. */
function slowTask(options: ConstructorParameters<typeof TaskStory>[0] = {}): TaskStory {
  const story = new TaskStory({ speculation, ...options });
  for (const id of ['a', 'b', 'c', 'd']) story.executor(id, 1);
  story.submit(0, 4);
  story.pass(1_000);
  for (const partition of [0, 1, 2]) story.succeed('0.0', partition);
  return story;
}

describe('Speculation (A-146)', () => {
  it('is off by default', () => {
    const story = slowTask({});
    expect(story.wakeAtMs).to.be.a('number');
    const without = new TaskStory();
    for (const id of ['a', 'b']) without.executor(id, 1);
    without.submit(0, 2);
    without.pass(1_000);
    expect(without.succeed('0.0', 0)).to.deep.equal([]);
    expect(without.pass(1_000_000)).to.deep.equal([]);
  });

  it('starts a copy of a task that takes 1.5 times the median, once 75 % have ended', () => {
    const story = slowTask();
    expect(story.pass(400)).to.deep.equal([]);
    expect(story.pass(200).slice(0, 1)).to.deep.equal(['0.0[3] on a try 1 copy']);
    // One copy, not more.
    expect(story.pass(100_000)).to.deep.equal([]);
  });

  it('the copy that wins ends the task; the loser is killed and does not count', () => {
    const story = slowTask();
    story.pass(600);
    const [, copy] = [...story.running.values()];
    expect(copy?.isSpeculative).to.equal(true);
    const original = story.attempt('0.0', 3);
    story.running.delete(original.taskAttemptId);
    expect(story.succeed('0.0', 3)).to.deep.equal([`kill ${original.taskAttemptId} on d`]);
    story.running.set(original.taskAttemptId, original);
    expect(story.fail('0.0', 3, { kind: 'killed', reason: 'lost the race' })).to.deep.equal([
      '0.0 over',
    ]);
  });

  it('a copy that fails leaves the original alone, and the other way round', () => {
    const story = slowTask();
    story.pass(600);
    expect(story.fail('0.0', 3)).to.not.include('0.0[3] on b try 2');
    expect(story.running.size).to.equal(1);
  });

  it('never runs a copy on the executor of the original, nor on its host when there is another', () => {
    const story = new TaskStory({ speculation });
    story.executor('a', 2, 'h1');
    story.executor('b', 2, 'h1');
    story.submit(0, 4);
    story.pass(1_000);
    for (const partition of [0, 1, 2]) story.succeed('0.0', partition);
    story.pass(600);
    // Partition 3 runs on b.
    expect(story.launched.at(-1)).to.include({ executorId: 'a', isSpeculative: true });
    const two = new TaskStory({ speculation });
    two.executor('a', 1, 'h1');
    two.executor('b', 1, 'h1');
    two.executor('c', 2, 'h2');
    two.submit(0, 4);
    two.pass(1_000);
    const slow = two.attempt('0.0', 0);
    for (const partition of [1, 2, 3]) two.succeed('0.0', partition);
    two.pass(600);
    expect(slow.host).to.equal('h1');
    expect(two.launched.at(-1)).to.include({ executorId: 'c', isSpeculative: true });
  });

  it('leaves tasks alone that are shorter than the least run time', () => {
    const story = new TaskStory({ speculation: { ...speculation, minTaskRuntimeMs: 60_000 } });
    story.executor('a', 1);
    story.executor('b', 1);
    story.submit(0, 2);
    story.pass(1_000);
    story.succeed('0.0', 0);
    expect(story.pass(50_000)).to.deep.equal([]);
  });

  it('does not take a task for slow that waits for its turn behind others', () => {
    const story = new TaskStory({ speculation });
    story.executor('a', 1);
    story.executor('b', 1);
    story.submit(0, 8, { launchStarts: [0, 7] });
    story.pass(1_000);
    for (const partition of [0, 1, 2, 3, 4, 5]) story.succeed('0.0', partition);
    story.succeed('0.0', 7);
    const before = story.launched.length;
    story.pass(100);
    expect(story.launched.length).to.equal(before);
  });
});
