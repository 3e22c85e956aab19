import { expect } from 'chai';
import type { ShuffleOperator, ShuffleWriteSpec } from 'heddle/internal';
import { ShuffleFetchError } from '../../src/shuffle/errors.js';
import { reduceAll, useLocalDirectory, writeShuffle } from './test-environment.js';

describe('Reading a shuffle whose outputs have gaps', () => {
  const directory = useLocalDirectory();
  const spec: ShuffleWriteSpec = {
    shuffleId: 3,
    partitioner: { kind: 'hash', numPartitions: 1 },
    mapSideCombine: false,
    keyed: true,
  };

  it('is a fetch failure that names the missing map partition, never a part of the records (A-128)', () => {
    const options = { directories: [directory.path] };
    const { input } = writeShuffle(spec, [[['a', 1]], [['b', 2]]], options);
    const gap = { ...input, outputs: input.outputs.slice(0, 1), firstMissingMapPartition: 1 };
    const operator: ShuffleOperator = { kind: 'shuffleRead', shuffleId: 3, keyed: true };
    expect(() => reduceAll(operator, [gap], options))
      .to.throw(ShuffleFetchError)
      .that.includes({ shuffleId: 3, mapPartition: 1, mapId: '', generation: 0 });
  });
});
