import { InternalError } from '@heddle/common';
import { expect } from 'chai';
import type { MapOutputLocation, ShuffleLineage } from 'heddle/internal';
import { MapOutputTracker } from '../../src/shuffle/map-output-tracker.js';
import { site } from '../support/lineage.js';

function output(
  mapPartition: number,
  executorId = 'a',
  overrides: Partial<MapOutputLocation> = {},
): MapOutputLocation {
  return {
    mapId: `m${mapPartition}-${executorId}`,
    shuffleId: 0,
    mapPartition,
    generation: 0,
    localDirectory: '/tmp',
    partSizesBytes: Float64Array.of(10, 0),
    records: 1,
    executorId,
    host: `host-${executorId}`,
    ...overrides,
  };
}

const SHUFFLE: ShuffleLineage = { shuffleId: 0, numReducePartitions: 2, callSite: site('map') };

function tracker(numMaps = 3): MapOutputTracker {
  const made = new MapOutputTracker();
  made.register(0, numMaps, 2, []);
  return made;
}

describe('MapOutputTracker', () => {
  it('is complete when every map output is there', () => {
    const made = tracker(2);
    expect(made.isComplete(0)).to.equal(false);
    made.add(output(1));
    expect(made.missing(0)).to.deep.equal([0]);
    made.add(output(0));
    expect(made.isComplete(0)).to.equal(true);
    expect(made.isComplete(99)).to.equal(false);
  });

  it('keeps the first output of a partition, and refuses stale generations and unknown shuffles', () => {
    const made = tracker();
    expect(made.add(output(0, 'a'))).to.equal(true);
    expect(made.add(output(0, 'b'))).to.equal(false);
    expect(made.output(0, 0)?.executorId).to.equal('a');
    made.advanceGeneration(0);
    expect(made.add(output(1))).to.equal(false);
    expect(made.add(output(1, 'a', { generation: 1 }))).to.equal(true);
    expect(made.add(output(0, 'a', { shuffleId: 9 }))).to.equal(false);
    expect(() => made.add(output(7, 'a', { generation: 1 }))).to.throw(InternalError);
  });

  it('gives readers the outputs in the order of map partitions, and the same object until it changes', () => {
    const made = tracker(2);
    made.add(output(1));
    made.add(output(0));
    const input = made.input(SHUFFLE);
    expect(input.outputs.map(({ mapPartition }) => mapPartition)).to.deep.equal([0, 1]);
    expect(input).to.include({ shuffleId: 0, generation: 0, numReducePartitions: 2 });
    expect(input).not.to.have.property('firstMissingMapPartition');
    expect(made.input(SHUFFLE)).to.equal(input);
    made.removeExecutor('a');
    expect(made.input(SHUFFLE)).to.deep.include({ outputs: [], firstMissingMapPartition: 0 });
    // What a stage was given before does not change under it.
    expect(input.outputs).to.have.length(2);
  });

  it('says of a shuffle that never ran that everything is missing', () => {
    const input = new MapOutputTracker().input(SHUFFLE);
    expect(input).to.deep.include({ outputs: [], firstMissingMapPartition: 0, generation: 0 });
  });

  it('drops what an executor or a host held, in all shuffles, and says what', () => {
    const made = tracker();
    made.register(1, 1, 1, [0]);
    made.add(output(0, 'a', { host: 'h1' }));
    made.add(output(1, 'b', { host: 'h1' }));
    made.add(output(2, 'c', { host: 'h2' }));
    made.add(output(0, 'a', { shuffleId: 1, host: 'h1' }));
    expect(made.removeExecutor('a')).to.deep.equal([
      { shuffleId: 0, mapPartition: 0 },
      { shuffleId: 1, mapPartition: 0 },
    ]);
    expect(made.removeHost('h1')).to.deep.equal([{ shuffleId: 0, mapPartition: 1 }]);
    expect(made.missing(0)).to.deep.equal([0, 1]);
  });

  it('drops an output only under the id that it was registered with', () => {
    const made = tracker();
    made.add(output(0));
    expect(made.removeOutput(0, 0, 'another')).to.equal(false);
    expect(made.removeOutput(0, 0, 'm0-a')).to.equal(true);
    expect(made.removeOutput(0, 0, 'm0-a')).to.equal(false);
  });

  it('remembers that outputs were complete once, until the generation changes', () => {
    const made = tracker(1);
    expect(made.wasComplete(0)).to.equal(false);
    made.add(output(0));
    made.removeExecutor('a');
    expect(made.wasComplete(0)).to.equal(true);
    made.advanceGeneration(0);
    expect(made.wasComplete(0)).to.equal(false);
    expect(made.generation(0)).to.equal(1);
  });

  it('knows which shuffles were made from which', () => {
    const made = tracker();
    made.register(1, 1, 1, [0]);
    made.register(3, 1, 1, [2]);
    made.register(2, 1, 1, [1, 7]);
    expect(made.descendants(0).sort()).to.deep.equal([1, 2, 3]);
    expect(made.descendants(2)).to.deep.equal([3]);
  });

  it('finds the executors that hold most of a reducer’s input (A-131)', () => {
    const made = tracker(3);
    made.add(output(0, 'a', { partSizesBytes: Float64Array.of(5, 0) }));
    made.add(output(1, 'b', { partSizesBytes: Float64Array.of(90, 0) }));
    made.add(output(2, 'c', { partSizesBytes: Float64Array.of(5, 7) }));
    expect(made.holdersOf(0, 0, 0.2, 1_000)).to.deep.equal([{ executorId: 'b', host: 'host-b' }]);
    expect(made.holdersOf(0, 1, 0.2, 1_000)).to.deep.equal([{ executorId: 'c', host: 'host-c' }]);
    expect(made.holdersOf(0, 0, 0.2, 2)).to.deep.equal([]);
  });
});
