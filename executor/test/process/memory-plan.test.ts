import { ConfigError } from '@heddle/common';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  checkExecutorMemory,
  containerBytes,
  planExecutorMemory,
} from '../../src/process/memory-plan.js';

const mib = 2 ** 20;

describe('the memory of an executor process', () => {
  it('is what it was given, divided: main thread, fetching, cache and threads together', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 256, max: 65_536 }),
        fc.integer({ min: 1, max: 16 }),
        (memoryMb, slots) => {
          fc.pre(memoryMb / slots >= 256);
          const plan = planExecutorMemory(memoryMb * mib, slots);
          const used =
            plan.mainHeapMb * mib +
            plan.fetchBytes +
            plan.storageBytes +
            slots * plan.threadHeapMb * mib;
          expect(used).to.be.at.most(memoryMb * mib);
          expect(used).to.be.at.least(memoryMb * mib - (slots + 2) * mib);
          expect(plan.taskBudgetBytes).to.be.below(plan.threadHeapMb * mib);
        },
      ),
    );
  });

  it('is as docs/memory.md says', () => {
    const plan = planExecutorMemory(1_024 * mib, 1);
    expect(plan).to.include({ mainHeapMb: 128, fetchBytes: 48 * mib, threadHeapMb: 636 });
    expect(plan.storageBytes).to.equal(212 * mib);
    const large = planExecutorMemory(4_096 * mib, 4);
    expect(large).to.include({ mainHeapMb: 256, threadHeapMb: 711, storageBytes: 948 * mib });
  });

  it('too small for its threads is refused with the least that would do', () => {
    const refusal = (memoryMb: number, slots: number): string | undefined => {
      try {
        checkExecutorMemory(memoryMb * mib, slots);
        return undefined;
      } catch (error) {
        expect(error).to.be.instanceOf(ConfigError).with.property('key', 'heddle.executor.memory');
        return (error as Error).message;
      }
    };
    expect(refusal(128, 1)).to.equal(undefined);
    for (const [memoryMb, slots] of [
      [128, 2],
      [512, 200],
      [1_024, 64],
    ] as const) {
      const message = refusal(memoryMb, slots);
      expect(message).to.contain(`${memoryMb} MiB`).and.contain(`${slots} task threads`);
      const enoughMb = Number(/give it (\d+) MiB/.exec(message!)![1]);
      expect(refusal(enoughMb - 1, slots)).to.be.a('string');
      expect(refusal(enoughMb, slots)).to.equal(undefined);
    }
  });

  it('needs a container with overhead: a tenth, at least 384 MiB, or what a setting says', () => {
    expect(containerBytes(1_024 * mib, undefined)).to.equal(1_408 * mib);
    expect(containerBytes(10_240 * mib, undefined)).to.equal(11_264 * mib);
    expect(containerBytes(1_024 * mib, 100 * mib)).to.equal(1_124 * mib);
  });
});
