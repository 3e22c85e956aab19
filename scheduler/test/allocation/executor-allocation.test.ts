import { expect } from 'chai';
import type { AllocationOptions } from '../../src/allocation/allocation-options.js';
import type { ExecutorUse } from '../../src/allocation/executor-allocation.js';
import { ExecutorAllocation } from '../../src/allocation/executor-allocation.js';

const options: AllocationOptions = {
  minExecutors: 0,
  maxExecutors: 10,
  initialExecutors: 1,
  slotsPerExecutor: 1,
  ratio: 1,
  backlogTimeoutMs: 1_000,
  sustainedBacklogTimeoutMs: 1_000,
  idleTimeoutMs: 60_000,
  cachedIdleTimeoutMs: Infinity,
  shuffleIdleTimeoutMs: Infinity,
  outputsAreServed: false,
};

const idle = (executorId: string, more: Partial<ExecutorUse> = {}): ExecutorUse => ({
  executorId,
  isBusy: false,
  hasBlocks: false,
  hasOutputs: false,
  ...more,
});
const busy = (executorId: string): ExecutorUse => idle(executorId, { isBusy: true });

describe('ExecutorAllocation (dynamic allocation)', () => {
  it('starts with the initial number and keeps it until there is work', () => {
    const allocation = new ExecutorAllocation({ ...options, initialExecutors: 3 });
    const nothing = { pendingTasks: 0, runningTasks: 0, executors: [] };
    expect(allocation.decide(nothing, 0).target).to.equal(3);
    expect(allocation.decide(nothing, 50_000).target).to.equal(3);
  });

  it('adds 1, 2, 4 … executors while tasks wait, up to the maximum', () => {
    const allocation = new ExecutorAllocation(options);
    const load = { pendingTasks: 100, runningTasks: 0, executors: [] };
    const targets = [0, 999, 1_000, 2_000, 3_000, 4_000, 5_000].map(
      (nowMs) => allocation.decide(load, nowMs).target,
    );
    expect(targets).to.deep.equal([1, 1, 2, 4, 8, 10, 10]);
  });

  it('never asks for more than the tasks could use, with the slots and ratio of the settings', () => {
    const allocation = new ExecutorAllocation({ ...options, slotsPerExecutor: 4, ratio: 0.5 });
    const load = { pendingTasks: 20, runningTasks: 4, executors: [] };
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 1_000) allocation.decide(load, nowMs);
    expect(allocation.decide(load, 11_000).target).to.equal(3);
  });

  it('lowers the target at once when less is needed, and begins with 1 again', () => {
    const allocation = new ExecutorAllocation(options);
    const load = { pendingTasks: 100, runningTasks: 0, executors: [] };
    for (const nowMs of [0, 1_000, 2_000, 3_000]) allocation.decide(load, nowMs);
    expect(
      allocation.decide({ pendingTasks: 0, runningTasks: 2, executors: [] }, 3_100).target,
    ).to.equal(2);
    expect(allocation.decide(load, 3_200).target).to.equal(2);
    expect(allocation.decide(load, 4_200).target).to.equal(3);
  });

  it('sends away executors that were idle for the timeout, but not below the minimum', () => {
    const allocation = new ExecutorAllocation({ ...options, minExecutors: 1, initialExecutors: 3 });
    const executors = [idle('a'), idle('b'), busy('c')];
    const load = { pendingTasks: 0, runningTasks: 1, executors };
    expect(allocation.decide(load, 0)).to.deep.include({ remove: [], wakeAtMs: 60_000 });
    expect(allocation.decide(load, 60_000).remove).to.deep.equal(['a', 'b']);
    const alone = { pendingTasks: 0, runningTasks: 0, executors: [idle('c')] };
    allocation.decide(alone, 60_000);
    expect(allocation.decide(alone, 200_000).remove).to.deep.equal([]);
  });

  it('an executor that had work in between is idle from then on', () => {
    const allocation = new ExecutorAllocation({ ...options, initialExecutors: 0 });
    const at = (executor: ExecutorUse, nowMs: number): readonly string[] =>
      allocation.decide({ pendingTasks: 0, runningTasks: 0, executors: [executor] }, nowMs).remove;
    at(idle('a'), 0);
    at(busy('a'), 50_000);
    expect(at(idle('a'), 61_000)).to.deep.equal([]);
    expect(at(idle('a'), 121_000)).to.deep.equal(['a']);
  });

  it('keeps executors with cached blocks for the longer timeout', () => {
    const allocation = new ExecutorAllocation({
      ...options,
      initialExecutors: 0,
      cachedIdleTimeoutMs: 300_000,
    });
    const load = {
      pendingTasks: 0,
      runningTasks: 0,
      executors: [idle('a', { hasBlocks: true })],
    };
    allocation.decide(load, 0);
    expect(allocation.decide(load, 299_999).remove).to.deep.equal([]);
    expect(allocation.decide(load, 300_000).remove).to.deep.equal(['a']);
  });

  it('executors with map outputs may go when these are served without them, else not', () => {
    for (const outputsAreServed of [true, false]) {
      const allocation = new ExecutorAllocation({
        ...options,
        initialExecutors: 0,
        outputsAreServed,
      });
      const load = {
        pendingTasks: 0,
        runningTasks: 0,
        executors: [idle('a', { hasOutputs: true })],
      };
      allocation.decide(load, 0);
      expect(allocation.decide(load, 60_000).remove).to.deep.equal(outputsAreServed ? ['a'] : []);
    }
  });
});
