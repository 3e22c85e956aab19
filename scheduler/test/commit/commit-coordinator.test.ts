import { expect } from 'chai';
import { CommitCoordinator } from '../../src/index.js';

const ask = (taskAttemptId: number, partition = 0, generation = 0, saveId = 1) => ({
  saveId,
  generation,
  partition,
  taskAttemptId,
});

describe('CommitCoordinator', () => {
  it('lets the first attempt of a partition commit, and says the same when asked again', () => {
    const coordinator = new CommitCoordinator();
    expect(coordinator.mayCommit(ask(10))).to.equal(true);
    expect(coordinator.mayCommit(ask(11))).to.equal(false);
    expect(coordinator.mayCommit(ask(10))).to.equal(true);
  });

  it('gives the right away again when its holder fails, and only then', () => {
    const coordinator = new CommitCoordinator();
    coordinator.mayCommit(ask(10));
    // The attempt that was denied fails: that changes nothing.
    coordinator.attemptFailed(11);
    expect(coordinator.mayCommit(ask(12))).to.equal(false);
    coordinator.attemptFailed(10);
    expect(coordinator.mayCommit(ask(12))).to.equal(true);
    expect(coordinator.mayCommit(ask(10))).to.equal(false);
  });

  it('keeps saves, generations and partitions apart', () => {
    const coordinator = new CommitCoordinator();
    expect(coordinator.mayCommit(ask(1, 0, 0, 1))).to.equal(true);
    expect(coordinator.mayCommit(ask(2, 1, 0, 1))).to.equal(true);
    expect(coordinator.mayCommit(ask(3, 0, 1, 1))).to.equal(true);
    expect(coordinator.mayCommit(ask(4, 0, 0, 2))).to.equal(true);
  });

  it('forgets a save when its job has ended', () => {
    const coordinator = new CommitCoordinator();
    coordinator.mayCommit(ask(1));
    coordinator.saveEnded(1);
    expect(coordinator.isEmpty).to.equal(true);
  });
});
