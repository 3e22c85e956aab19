import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { compactPartSizes, mostPartBytes } from 'heddle/internal';
import { MapOutputTracker } from '../../src/shuffle/map-output-tracker.js';

const MAPS = 10_000;
const REDUCERS = 10_000;
/** A byte for each of the 100,000,000 parts, and a third of that for all the rest. */
const BUDGET_BYTES = 134_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heldBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('A shuffle of 10,000 map and 10,000 reduce partitions', function () {
  this.timeout(120_000);

  it('F39 is held in 134 MB, and its reducers’ input is known to a tenth', () => {
    const sizes = Float64Array.from({ length: REDUCERS }, (_, part) => (part % 7) * 1_000);
    const { partSizesBytes, partSizeClasses } = compactPartSizes(sizes);
    const before = heldBytes();
    const tracker = new MapOutputTracker();
    tracker.register(0, MAPS, REDUCERS, []);
    for (let map = 0; map < MAPS; map++) {
      tracker.add({
        mapId: `job_1790000000000_0001_1_0_${map}`,
        shuffleId: 0,
        mapPartition: map,
        generation: 0,
        localDirectory: '/tmp/heddle',
        // Each came in a message of its own.
        partSizesBytes: partSizesBytes.slice(),
        ...(partSizeClasses !== undefined && { partSizeClasses: partSizeClasses.slice() }),
        records: 1,
        executorId: `executor-${map % 100}`,
        host: `host-${map % 100}`,
      });
    }
    expect(tracker.isComplete(0)).to.equal(true);
    for (const part of [0, 3, 6, REDUCERS - 1]) {
      const exactBytes = (sizes[part] ?? 0) * MAPS;
      expect(tracker.partBytes(0, part)).to.be.within(exactBytes, exactBytes * 1.1);
    }
    expect(heldBytes() - before).to.be.at.most(BUDGET_BYTES);
    const last = tracker.output(0, MAPS - 1);
    expect(last && mostPartBytes(last, 0)).to.equal(0);
  });
});
