import { expect } from 'chai';
import { TaskStory } from '../support/task-story.js';

describe('Delay scheduling (A-142)', () => {
  it('prefers the executor that holds the block, then its host', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h1');
    story.executor('c', 1, 'h2');
    const near = [['c@h2'], ['b@h1'], ['h1']];
    expect(story.submit(0, 3, { near })).to.deep.equal([
      '0.0[1] on b PROCESS_LOCAL',
      '0.0[0] on c PROCESS_LOCAL',
      '0.0[2] on a NODE_LOCAL',
    ]);
  });

  it('holds out for the host of the data, then takes any slot', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    const near = [['h1'], ['h1']];
    expect(story.submit(0, 2, { near })).to.deep.equal(['0.0[0] on a NODE_LOCAL', 'wake at 3000']);
    expect(story.pass(2_999)).to.deep.equal([]);
    expect(story.pass(1)).to.deep.equal(['0.0[1] on b ANY']);
  });

  it('takes the near slot when it becomes free in time', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    story.submit(0, 2, { near: [['h1'], ['h1']] });
    story.pass(1_000);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0[1] on a NODE_LOCAL']);
  });

  it('launches on near slots do not make idle slots wait longer (SPARK-18886)', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    story.submit(0, 10, { near: Array.from({ length: 10 }, () => ['h1']) });
    // Short tasks end on a every second; b stays idle no longer than the wait.
    story.pass(1_000);
    story.succeed('0.0', 0);
    story.pass(1_000);
    story.succeed('0.0', 1);
    expect(story.pass(1_000)).to.deep.equal(['0.0[3] on b ANY']);
    // And from then on it is not made to wait again.
    expect(story.succeed('0.0', 3)).to.deep.equal(['0.0[4] on b ANY']);
  });

  it('does not wait for executors and hosts that are not there', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    expect(story.submit(0, 2, { near: [['x@h7'], ['h8']] })).to.deep.equal(['0.0[0] on a ANY']);
    expect(story.succeed('0.0', 0)).to.deep.equal(['0.0[1] on a ANY']);
  });

  it('holds out for hosts on which executors are about to come, until they are awaited no more', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    expect(story.handle({ kind: 'hostsAwaited', hosts: ['h1', 'h8'] })).to.deep.equal([]);
    expect(story.submit(0, 1, { near: [['h8']] })).to.deep.equal(['wake at 3000']);
    expect(story.submit(1, 1, { near: [['h7']] })).to.deep.equal(['1.0[0] on a ANY']);
    story.succeed('1.0', 0);
    expect(story.executor('b', 1, 'h8')).to.include('0.0[0] on b NODE_LOCAL');
    expect(story.submit(2, 2, { near: [['h8'], ['h8']] })).to.not.include('2.0[0] on a ANY');
    story.loseExecutor('b', false);
    expect(story.handle({ kind: 'hostsAwaited', hosts: [] }).join()).to.contain('on a try 1 ANY');
  });

  it('stops waiting when the near executor is lost', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    story.submit(0, 2, { near: [['h1'], ['h1']] });
    expect(story.loseExecutor('a', false)).to.deep.equal([
      'dag: executorLost',
      '0.0[0] on b try 1 ANY',
    ]);
  });

  it('begins to hold out again when a near executor comes', () => {
    const story = new TaskStory();
    story.executor('b', 1, 'h2');
    story.submit(0, 3, { near: [['h1'], ['h1'], ['h1']] });
    expect(story.executor('a', 1, 'h1')).to.deep.equal(['0.0[1] on a NODE_LOCAL']);
    expect(story.succeed('0.0', 0)).to.deep.equal(['wake at 3000']);
    expect(story.succeed('0.0', 1)).to.deep.equal(['0.0[2] on a NODE_LOCAL']);
  });

  it('with a wait of 0 everything starts at once', () => {
    const story = new TaskStory({ localityWaits: { processMs: 0, nodeMs: 0, rackMs: 0 } });
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    expect(story.submit(0, 2, { near: [['h1'], ['h1']] })).to.deep.equal([
      '0.0[0] on a NODE_LOCAL',
      '0.0[1] on b ANY',
    ]);
  });

  it('tasks without preference never wait, and come after those that are near', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    expect(story.submit(0, 3, { near: [[], ['h1'], []] })).to.deep.equal([
      '0.0[1] on a NODE_LOCAL',
      '0.0[0] on b',
    ]);
  });

  it('goes to the rack before it goes anywhere', () => {
    const rackOf = (host: string) => (host.startsWith('r1') ? 'rack1' : 'rack2');
    const story = new TaskStory({ rackOf });
    story.executor('far', 1, 'r2-x');
    story.executor('near', 1, 'r1-b');
    story.executor('home', 1, 'r1-a');
    story.submit(0, 3, { near: [['r1-a'], ['r1-a'], ['r1-a']] });
    expect(story.pass(3_000)).to.deep.equal(['0.0[1] on near RACK_LOCAL', 'wake at 6000']);
    expect(story.pass(3_000)).to.deep.equal(['0.0[2] on far ANY']);
  });

  it('each level has its own wait', () => {
    const story = new TaskStory({ localityWaits: { processMs: 100, nodeMs: 1_000, rackMs: 0 } });
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h1');
    story.executor('c', 1, 'h2');
    expect(story.submit(0, 3, { near: [['a@h1'], ['a@h1'], ['a@h1']] })).to.include('wake at 100');
    expect(story.pass(100)).to.deep.equal(['0.0[1] on b NODE_LOCAL', 'wake at 1100']);
    expect(story.pass(1_000)).to.deep.equal(['0.0[2] on c ANY']);
  });

  it('an idle slot goes to the next job while the first one holds out', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    story.submit(0, 2, { near: [['h1'], ['h1']] });
    expect(story.submit(1, 1)).to.deep.equal(['1.0[0] on b']);
    // The slot was never idle in between: the wait begins when it becomes free again.
    story.pass(2_000);
    expect(story.succeed('1.0', 0)).to.deep.equal(['1.0 over', 'wake at 5000']);
  });

  it('a level that empties opens the next one for slots that were refused before', () => {
    const story = new TaskStory();
    story.executor('a', 1, 'h1');
    story.executor('b', 1, 'h2');
    // One task wants executor a, the other a host that is not there: b is refused as long as the first waits.
    story.submit(1, 1, { jobId: 0, near: [['a@h1']] });
    story.submit(0, 2, { jobId: 1, near: [['a@h1'], ['h9']] });
    expect(story.succeed('1.0', 0)).to.deep.equal([
      '1.0 over',
      '0.0[0] on a PROCESS_LOCAL',
      '0.0[1] on b ANY',
    ]);
  });
});

describe('Cost of scheduling', () => {
  it('100,000 tasks on 1,000 executors look at each queue entry once', () => {
    const hosts = 1_000;
    const tasks = 100_000;
    const story = new TaskStory();
    for (let host = 0; host < hosts; host++) story.executor(`e${host}`, 4, `h${host}`);
    const near = Array.from({ length: tasks }, (_, task) =>
      [1, 7, 13].map((step) => `h${(task * step) % hosts}`),
    );
    story.submit(0, tasks, { near });
    let visits = 0;
    let done = 0;
    for (const task of story.running.values()) {
      visits = Math.max(visits, story.scheduler.visits(0));
      story.succeed('0.0', task.partition);
      done++;
      if (done % 10_000 === 0) story.pass(3_000);
    }
    expect(done).to.equal(tasks);
    // 3 hosts and the common stack make 4 entries per task; each is dropped once and peeked at a few times.
    expect(visits).to.be.lessThan(tasks * 12);
    expect(story.scheduler.isEmpty).to.equal(true);
  }).timeout(20_000);
});
