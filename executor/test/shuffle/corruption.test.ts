import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { MapOutputStatus, ShuffleInput, ShuffleWriteSpec } from 'heddle/internal';
import { ShuffleFetchError } from '../../src/shuffle/errors.js';
import { openShuffleOperator } from '../../src/shuffle/open-shuffle-operator.js';
import { drain, makeEnvironment, useLocalDirectory, writeShuffle } from './test-environment.js';

const spec: ShuffleWriteSpec = {
  shuffleId: 5,
  partitioner: { kind: 'hash', numPartitions: 2 },
  mapSideCombine: false,
  keyed: true,
};
const records = Array.from({ length: 300 }, (_, i) => [i, `value ${i % 7}`]);

describe('damaged map outputs', () => {
  const local = useLocalDirectory();
  let input: ShuffleInput;
  let status: MapOutputStatus;

  const path = (file: string): string => join(local.path, 'output', status.mapId, file);

  /** Budgets on both sides of "small enough to be held in memory". */
  const budgets = [64 * 1024 * 1024, 1024];

  function read(memoryBudgetBytes: number, reducePartition = 0, from = input): unknown[] {
    const env = makeEnvironment({
      directories: [local.path],
      partition: reducePartition,
      shuffleInputs: [from],
      memoryBudgetBytes,
    });
    return drain(
      openShuffleOperator(
        { kind: 'shuffleRead', shuffleId: 5, keyed: true },
        [],
        reducePartition,
        env,
      ),
    );
  }

  function expectFetchError(memoryBudgetBytes: number, what: string, from = input): void {
    let thrown: unknown;
    try {
      read(memoryBudgetBytes, 0, from);
    } catch (error) {
      thrown = error;
    }
    expect(thrown, what).to.be.instanceOf(ShuffleFetchError);
    const error = thrown as ShuffleFetchError;
    expect(error.shuffleId).to.equal(5);
    expect(error.mapPartition).to.equal(0);
    expect(error.mapId).to.equal(status.mapId);
  }

  beforeEach(() => {
    const written = writeShuffle(spec, [records], {
      directories: [local.path],
      shuffleCompression: 'zstd',
    });
    input = written.input;
    status = written.statuses[0]!;
  });

  for (const budget of budgets) {
    const how = budget === 1024 ? 'read in pieces' : 'read at once';

    it(`A-162 any flipped byte of a part is a fetch failure, and nothing is decoded (${how})`, () => {
      const good = readFileSync(path('file.out'));
      const length = status.partSizesBytes[0]!;
      expect(read(budget)).to.have.length.greaterThan(100);
      for (let at = 0; at < length; at++) {
        const damaged = Buffer.from(good);
        damaged[at]! ^= 1 << (at % 8);
        writeFileSync(path('file.out'), damaged);
        expectFetchError(budget, `byte ${at} of ${length}`);
      }
      writeFileSync(path('file.out'), good);
      expect(read(budget)).to.have.length.greaterThan(100);
    });

    it(`a part that is cut off at any place is a fetch failure (${how})`, () => {
      const length = status.partSizesBytes[0]!;
      for (let size = Math.floor(length) - 1; size >= 0; size -= 97) {
        truncateSync(path('file.out'), size);
        expectFetchError(budget, `cut to ${size}`);
      }
    });

    it(`a part that belongs to another reducer or map task is refused (${how})`, () => {
      const other = writeShuffle(spec, [records], { directories: [local.path], generation: 0 });
      const otherPath = join(local.path, 'output', other.statuses[0]!.mapId, 'file.out');
      // The same records, the same sizes: only the identity in the seal tells them apart.
      expect(other.statuses[0]!.partSizesBytes).to.deep.equal(status.partSizesBytes);
      writeFileSync(path('file.out'), readFileSync(otherPath));
      expectFetchError(budget, 'bytes of another map output');
    });
  }

  it('any flipped byte of the index entry is a fetch failure', () => {
    const good = readFileSync(path('file.out.index'));
    for (const at of [...Array(8).keys(), ...Array.from({ length: 8 }, (_, i) => 16 + i)]) {
      const damaged = Buffer.from(good);
      damaged[at]! ^= 4;
      writeFileSync(path('file.out.index'), damaged);
      expectFetchError(budgets[0]!, `index byte ${at}`);
    }
  });

  for (const file of ['file.out', 'file.out.index']) {
    it(`a missing ${file} is a fetch failure`, () => {
      rmSync(path(file));
      expectFetchError(budgets[0]!, file);
    });
  }

  it('F02 refuses outputs of another generation than the stage reads', () => {
    expectFetchError(budgets[0]!, 'newer stage', { ...input, generation: 1 });
    const stale = input.outputs.map((output) => ({ ...output, generation: 1 }));
    expectFetchError(budgets[0]!, 'relabelled output', {
      ...input,
      generation: 1,
      outputs: stale,
    });
  });

  it('A-164 empty parts are not even opened', () => {
    const empty = writeShuffle(
      { ...spec, partitioner: { kind: 'hash', numPartitions: 2 } },
      [[], records],
      { directories: [local.path] },
    );
    expect(empty.statuses[0]!.partSizesBytes).to.deep.equal(Float64Array.of(0, 0));
    rmSync(join(local.path, 'output', empty.statuses[0]!.mapId), { recursive: true });
    expect(read(budgets[0]!, 0, empty.input)).to.deep.equal(read(budgets[0]!));
  });

  it('a file that changes between its verification and its use is noticed', () => {
    const env = makeEnvironment({
      directories: [local.path],
      shuffleInputs: [
        writeShuffle(spec, [Array.from({ length: 60_000 }, (_, i) => [i, Math.sin(i)])], {
          directories: [local.path],
        }).input,
      ],
      memoryBudgetBytes: 1024,
    });
    const output = env.stage.shuffleInputs[0]!.outputs[0]!;
    const source = openShuffleOperator(
      { kind: 'shuffleRead', shuffleId: 5, keyed: true },
      [],
      0,
      env,
    );
    expect(source.next()).to.have.length.greaterThan(0);
    const length = output.partSizesBytes[0]!;
    const descriptor = openSync(join(local.path, 'output', output.mapId, 'file.out'), 'r+');
    writeSync(descriptor, Buffer.from('damage'), 0, 6, length - 100);
    closeSync(descriptor);
    expect(() => drain(source)).to.throw(ShuffleFetchError);
  });
});
