import { expect } from 'chai';
import { LeaseKeeper } from '../../src/control/lease-keeper.js';

const times = { leaseMs: 10_000, abandonMs: 15_000 };

describe('the lease of an executor', () => {
  it('runs from the sending of the last beat that was answered, not from the answer', () => {
    let nowMs = 1_000;
    const lease = new LeaseKeeper(times, () => nowMs);
    const first = lease.begin();
    nowMs += 4_000;
    lease.echoed(first);
    nowMs += 5_900;
    expect(lease.look()).to.deep.equal({ kind: 'valid' });
    nowMs += 200;
    expect(lease.look()).to.include({ kind: 'suspended', silentMs: 10_100 });
    lease.echoed(lease.begin());
    expect(lease.look()).to.deep.equal({ kind: 'valid' });
  });

  it('is not prolonged by an answer to an old beat that waited in a socket (F08)', () => {
    let nowMs = 0;
    const lease = new LeaseKeeper(times, () => nowMs);
    const first = lease.begin();
    lease.echoed(first);
    const second = lease.begin();
    // SIGSTOP for a minute; the answer to the second beat came long ago.
    nowMs += 60_000;
    lease.echoed(second);
    const state = lease.look();
    expect(state).to.include({ kind: 'suspended', silentMs: 60_000 });
  });

  it('tells time in which the process did not run from a silent driver', () => {
    let nowMs = 0;
    const stopped = new LeaseKeeper(times, () => nowMs);
    const silent = new LeaseKeeper(times, () => nowMs);
    for (const lease of [stopped, silent]) lease.echoed(lease.begin());
    for (let i = 0; i < 30; i++) {
      nowMs += 1_000;
      silent.look();
    }
    expect(silent.look()).to.deep.equal({ kind: 'abandoned', silentMs: 30_000 });
    expect(stopped.look()).to.include({ kind: 'suspended', sleptMs: 30_000 });
    expect(stopped.remainingMs()).to.equal(15_000);
  });

  it('lasts while nobody has answered yet, and ignores echoes of beats that were never sent', () => {
    let nowMs = 0;
    const lease = new LeaseKeeper(times, () => nowMs);
    lease.begin();
    nowMs += 20_000;
    lease.echoed(99);
    expect(lease.look()).to.deep.equal({ kind: 'valid' });
  });

  it('outlasts any silence of a hub whose process lives, and ends with it (F10)', () => {
    let nowMs = 0;
    let lives = true;
    let asked = 0;
    const lease = new LeaseKeeper(
      times,
      () => nowMs,
      () => {
        asked++;
        return lives;
      },
    );
    lease.echoed(lease.begin());
    for (let i = 0; i < 15; i++) {
      nowMs += 1_000;
      lease.look();
    }
    expect(asked, 'questions before the silence was too long').to.equal(0);
    for (let i = 0; i < 60; i++) {
      nowMs += 1_000;
      expect(lease.look()).to.include({ kind: 'suspended' });
    }
    lives = false;
    expect(lease.look()).to.deep.equal({ kind: 'abandoned', silentMs: 75_000 });
    lives = true;
    lease.echoed(lease.begin());
    expect(lease.look()).to.deep.equal({ kind: 'valid' });
  });
});
