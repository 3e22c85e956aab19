import { expect } from 'chai';
import { defaultExecutorMemory, planMemory } from '../../src/launch/memory-plan.js';

const mib = 2 ** 20;

describe('the memory of an executor', () => {
  it('is half of the machine by default, within bounds for each thread', () => {
    expect(defaultExecutorMemory(4, 8_192 * mib)).to.equal(4_096 * mib);
    expect(defaultExecutorMemory(2, 65_536 * mib)).to.equal(4_096 * mib);
    expect(defaultExecutorMemory(8, 2_048 * mib)).to.equal(4_096 * mib);
  });

  it('is divided so that blocks and heaps together are what was asked for', () => {
    for (const threads of [1, 2, 7, 64]) {
      const plan = planMemory(8_192 * mib, threads);
      const heapBytes = plan.threadHeapMb * mib * threads;
      expect(plan.storageBytes + heapBytes).to.be.within(8_192 * mib - threads * mib, 8_192 * mib);
      expect(plan.taskBudgetBytes).to.be.lessThan(plan.threadHeapMb * mib);
      expect(plan.threadLimitBytes).to.be.at.least(plan.threadHeapMb * mib);
    }
  });

  it('gives a thread a heap that it can start with, however little there is', () => {
    expect(planMemory(128 * mib, 16).threadHeapMb).to.equal(64);
  });
});
