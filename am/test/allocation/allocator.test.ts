import { expect } from 'chai';
import fc from 'fast-check';
import type { Container } from '@heddle/hadoop-rpc';
import { AllocatorStory } from './allocator-story.js';

describe('Allocator', () => {
  it('asks for containers anywhere when it knows no hosts (A-055)', () => {
    const story = new AllocatorStory();
    story.wish(4);
    expect(story.beat().asks).to.deep.equal(['2 * 4 relaxed']);
    expect(story.beat().asks, 'nothing changed').to.deep.equal([]);
  });

  it('asks hard for the hosts of the data, with their racks and any closed (A-056)', () => {
    const story = new AllocatorStory();
    story.wish(4, [
      { host: 'a', weight: 300 },
      { host: 'c', weight: 100 },
    ]);
    expect(story.beat().asks).to.have.members([
      '1 a 3 relaxed',
      '1 c 1 relaxed',
      '1 /r1 3 hard',
      '1 /r2 1 hard',
      '1 * 4 hard',
    ]);
  });

  it('opens the racks when patience is at its end, then any node (A-056)', () => {
    const story = new AllocatorStory();
    story.wish(1, [{ host: 'a', weight: 1 }]);
    story.beat();
    story.nowMs = 2_999;
    expect(story.beat().asks).to.deep.equal([]);
    story.nowMs = 3_000;
    expect(story.beat().asks).to.deep.equal(['1 /r1 1 relaxed']);
    story.nowMs = 4_500;
    expect(story.beat().asks).to.deep.equal(['1 * 1 relaxed']);
  });

  it('does not ask for hosts when that is switched off, nor for hosts that are no nodes (A-070)', () => {
    const off = new AllocatorStory({ asksForHosts: false });
    off.wish(2, [{ host: 'a', weight: 1 }]);
    expect(off.beat().asks).to.deep.equal(['2 * 2 relaxed']);
    const unknown = new AllocatorStory();
    unknown.wish(2, [{ host: 'elsewhere', weight: 1 }]);
    expect(unknown.beat().asks).to.deep.equal(['2 * 2 relaxed']);
  });

  it('counts a grant off as the ResourceManager does, and says nothing it knows', () => {
    const story = new AllocatorStory();
    story.wish(3, [
      { host: 'a', weight: 2 },
      { host: 'c', weight: 1 },
    ]);
    story.beat();
    story.run(story.container('a', 1));
    expect(story.beat().asks).to.deep.equal([]);
  });

  it('adjusts what it asked for as the wish changes', () => {
    const story = new AllocatorStory();
    story.wish(4);
    story.beat();
    story.wish(2);
    expect(story.beat().asks).to.deep.equal(['2 * 2 relaxed']);
    story.wish(0);
    expect(story.beat().asks).to.deep.equal(['2 * 0 relaxed']);
  });

  it('gives back what is more than wished, and what is too small (F36, A-055)', () => {
    const story = new AllocatorStory();
    story.wish(1);
    story.beat();
    const [first, surplus] = [story.container('a'), story.container('b')];
    const small = story.container('c', 2, 512);
    const launched = story.grant(small, first, surplus).filter(({ kind }) => kind === 'launch');
    expect(launched).to.have.length(1);
    expect(story.beat().releases).to.have.members([small.id.id, surplus.id.id]);
    expect(story.beat().releases, 'released once').to.deep.equal([]);
  });

  it('replaces an executor that failed, once, however often its end is told (F36, A-058)', () => {
    const story = new AllocatorStory();
    story.wish(1);
    story.beat();
    const container = story.container('a');
    const executorId = story.run(container);
    const ended = story.complete(container, 1, 'boom').filter(({ kind }) => kind === 'ended');
    expect(ended).to.have.length(1);
    expect(ended[0]).to.include({ executorId, wasRegistered: true });
    expect(story.complete(container, 1, 'boom')).to.deep.equal([]);
    expect(story.beat().asks).to.deep.equal(['2 * 1 relaxed']);
  });

  it('handles a container that ends before its start is confirmed (F36)', () => {
    const story = new AllocatorStory();
    story.wish(1);
    story.beat();
    const container = story.container('a');
    story.grant(container);
    story.complete(container, 1);
    const late = story.tell({ kind: 'started', container });
    expect(late.map(({ kind }) => kind)).to.deep.equal(['stop']);
    expect(story.beat().asks).to.deep.equal(['2 * 1 relaxed']);
  });

  it('gives a container back that could not be started, and asks again (F37)', () => {
    const story = new AllocatorStory();
    story.wish(1);
    story.beat();
    const container = story.container('a');
    story.grant(container);
    story.tell({
      kind: 'startFailed',
      container: 'container_1700000000000_0007_01_000001',
      reason: 'This token is expired',
      counts: false,
      nowMs: 0,
    });
    const beat = story.beat();
    expect(beat.releases).to.deep.equal([container.id.id]);
    expect(beat.asks).to.deep.equal(['2 * 1 relaxed']);
  });

  it('gives up after too many failures, and starts nothing then (A-061, F04)', () => {
    const story = new AllocatorStory({ maxExecutorFailures: 3 });
    story.wish(1);
    for (let i = 0; i < 3; i += 1) {
      story.beat();
      const container = story.container('a');
      story.run(container);
      story.complete(container, 50, '');
    }
    const given = story.done.filter((one) => one.kind === 'giveUp');
    expect(given).to.have.length(1);
    expect(given[0]).to.have.property('failures', 3);
    expect(story.grant(story.container('a')).some(({ kind }) => kind === 'launch')).to.equal(false);
  });

  it('forgets failures that are older than the window (A-061)', () => {
    const story = new AllocatorStory({ maxExecutorFailures: 2, failureWindowMs: 1_000 });
    story.wish(1);
    for (let i = 0; i < 5; i += 1) {
      story.nowMs = i * 2_000;
      story.beat();
      const container = story.container('b');
      story.run(container);
      story.complete(container, 1);
    }
    expect(story.done.some((one) => one.kind === 'giveUp')).to.equal(false);
  });

  for (const [exitStatus, why] of [
    [-102, 'preempted'],
    [-100, 'node lost'],
    [-106, 'stopped by the ResourceManager'],
    [0, 'ended by itself'],
  ] as const) {
    it(`does not count an executor that was ${why} (${exitStatus}) as a failure (A-060)`, () => {
      const story = new AllocatorStory({ maxExecutorFailures: 1 });
      story.wish(1);
      story.beat();
      const container = story.container('a');
      story.run(container);
      const [ended] = story.complete(container, exitStatus, '');
      expect(ended).to.have.nested.property('end.countsAsFailure', false);
      expect(story.done.some((one) => one.kind === 'giveUp')).to.equal(false);
    });
  }

  it('judges an ended container by what was asked for before its exit code', () => {
    const story = new AllocatorStory({ maxExecutorFailures: 1 });
    story.wish(1);
    story.beat();
    const container = story.container('a');
    const executorId = story.run(container);
    expect(story.tell({ kind: 'endWanted', executorId }).map(({ kind }) => kind)).to.deep.equal([
      'stop',
    ]);
    const [ended] = story.complete(container, 143, 'Container killed by the ApplicationMaster.');
    expect(ended).to.have.nested.property('end.countsAsFailure', false);
  });

  it('asks for everything again after a restart of the ResourceManager (A-071, F15)', () => {
    const story = new AllocatorStory({ excludedNodes: ['b'] });
    story.wish(3);
    story.beat();
    story.run(story.container('a'));
    const neverStarted = story.container('c');
    story.grant(neverStarted);
    story.tell({ kind: 'resynced' });
    const instructions = story.tell({ kind: 'beat', nowMs: 0 });
    const call = instructions.find((one) => one.kind === 'allocate')!;
    expect(call.asks.map(({ containers }) => containers)).to.deep.equal([2]);
    expect(call.exclusions).to.deep.equal(['b']);
    expect(story.allocator.running).to.have.length(1);
  });

  it('replaces an executor that does not report in time (F36)', () => {
    const story = new AllocatorStory({ startTimeoutMs: 1_000 });
    story.wish(1);
    story.beat();
    const container = story.container('a');
    story.grant(container);
    story.tell({ kind: 'started', container });
    story.nowMs = 1_001;
    const beat = story.beat();
    expect(beat.rest.map(({ kind }) => kind)).to.include('stop');
    expect(beat.asks).to.deep.equal(['2 * 1 relaxed']);
  });

  it('leaves a host alone on which executors fail again and again, not the whole cluster', () => {
    const story = new AllocatorStory({ maxExecutorFailures: 100 });
    story.wish(1);
    const exclusions: string[] = [];
    for (const host of ['a', 'a', 'b', 'b', 'c', 'c']) {
      const call = story.tell({ kind: 'beat', nowMs: 0 }).find((one) => one.kind === 'allocate')!;
      exclusions.push(...call.exclusions);
      const container = story.container(host);
      story.run(container);
      story.complete(container, 1);
    }
    expect(exclusions).to.deep.equal(['a']);
    const later = story
      .tell({ kind: 'beat', nowMs: 61_000 })
      .find((one) => one.kind === 'allocate')!;
    expect(later.readmissions).to.deep.equal(['a']);
  });

  it('keeps its promises whatever happens in whatever order (F36)', () => {
    const hosts = ['a', 'b', 'c', 'elsewhere'];
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('wish' as const),
        target: fc.nat({ max: 5 }),
        host: fc.constantFrom(...hosts),
      }),
      fc.record({
        kind: fc.constant('grant' as const),
        host: fc.constantFrom(...hosts),
        priority: fc.constantFrom(1, 2),
      }),
      fc.record({
        kind: fc.constant('complete' as const),
        pick: fc.nat(),
        exit: fc.constantFrom(0, 1, -100, -102, -103, 137),
      }),
      fc.record({ kind: fc.constant('start' as const), pick: fc.nat() }),
      fc.record({ kind: fc.constant('register' as const), pick: fc.nat() }),
      fc.record({ kind: fc.constant('end' as const), pick: fc.nat() }),
      fc.constant({ kind: 'beat' as const }),
      fc.constant({ kind: 'resync' as const }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 5_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const story = new AllocatorStory({ maxExecutorFailures: 1_000 });
        const granted: Container[] = [];
        let target = 0;
        const pick = <T>(items: readonly T[], n: number): T | undefined =>
          items[n % Math.max(1, items.length)];
        for (const one of steps) {
          switch (one.kind) {
            case 'wish':
              target = one.target;
              story.wish(target, [{ host: one.host, weight: 1 }]);
              break;
            case 'grant': {
              const container = story.container(one.host, one.priority);
              granted.push(container);
              story.grant(container);
              break;
            }
            case 'complete': {
              const container = pick(granted, one.pick);
              if (container !== undefined) story.complete(container, one.exit);
              break;
            }
            case 'start': {
              const container = pick(granted, one.pick);
              if (container !== undefined) story.tell({ kind: 'started', container });
              break;
            }
            case 'register':
              story.tell({ kind: 'registered', executorId: String(1 + (one.pick % 20)) });
              break;
            case 'end':
              story.tell({ kind: 'endWanted', executorId: String(1 + (one.pick % 20)) });
              break;
            case 'beat':
              story.beat();
              break;
            case 'resync':
              story.tell({ kind: 'resynced' });
              break;
            case 'wait':
              story.nowMs += one.ms;
          }
        }
        const launches = story.done
          .filter((one) => one.kind === 'launch')
          .map(({ executorId }) => executorId);
        expect(new Set(launches).size, 'no executor id is used twice').to.equal(launches.length);
        const ended = story.done
          .filter((one) => one.kind === 'ended')
          .map(({ executorId }) => executorId);
        expect(new Set(ended).size, 'every end is told once').to.equal(ended.length);
        story.beat();
        const { registered, starting, outstanding } = story.allocator.summary;
        expect(outstanding, 'what is missing is asked for').to.equal(
          Math.max(0, target - registered - starting),
        );
      }),
      { numRuns: 300 },
    );
  });
});
