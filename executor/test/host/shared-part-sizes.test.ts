import { expect } from 'chai';
import { compactPartSizes, mostPartBytes, type StageBinary } from 'heddle/internal';
import { withSharedPartSizes } from '../../src/host/shared-part-sizes.js';
import { rangePlan } from './executor-fixture.js';

function stageOf(maps: number, reducers: number): StageBinary {
  return {
    stageId: 1,
    stageAttempt: 0,
    jobId: 1,
    plan: rangePlan(['map'], ['double'], { kind: 'count' }),
    shuffleInputs: [
      {
        shuffleId: 0,
        generation: 0,
        numReducePartitions: reducers,
        outputs: Array.from({ length: maps }, (_, map) => ({
          mapId: `m${map}`,
          shuffleId: 0,
          mapPartition: map,
          generation: 0,
          localDirectory: '/tmp',
          ...compactPartSizes(new Float64Array(reducers).fill(map * 100)),
          records: 1,
          executorId: 'a',
          host: 'a',
        })),
      },
    ],
    properties: {},
  };
}

describe('Size classes of map outputs', () => {
  it('F39 are in one piece of memory that threads share, when there are many', () => {
    const stage = stageOf(1_100, 1_000);
    const shared = withSharedPartSizes(stage);
    const outputs = shared.shuffleInputs[0]?.outputs ?? [];
    expect(new Set(outputs.map((output) => output.partSizeClasses?.buffer)).size).to.equal(1);
    expect(outputs[0]?.partSizeClasses?.buffer).to.be.instanceOf(SharedArrayBuffer);
    for (const [map, output] of outputs.entries()) {
      const before = stage.shuffleInputs[0]?.outputs[map];
      expect(before && mostPartBytes(output, 999)).to.equal(before && mostPartBytes(before, 999));
    }
    // What a thread gets is no copy.
    const received = structuredClone(shared).shuffleInputs[0]?.outputs[1_099]?.partSizeClasses;
    received![0] = 0;
    expect(outputs[1_099]?.partSizeClasses?.[0]).to.equal(0);
  });

  it('go with their stage when there are few', () => {
    const stage = stageOf(10, 300);
    expect(withSharedPartSizes(stage)).to.equal(stage);
  });
});
