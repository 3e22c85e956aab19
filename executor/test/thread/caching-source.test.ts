import { expect } from 'chai';
import type { StorageLevelSpec } from 'heddle/internal';
import { plainCodeTable } from 'heddle/internal';
import { BlockWriter } from '../../src/storage/block-writer.js';
import type { StoreBlockMessage } from '../../src/storage/block-messages.js';
import type { BatchSource } from '../../src/task-environment.js';
import { CachingSource } from '../../src/thread/caching-source.js';

const level: StorageLevelSpec = {
  useDisk: false,
  useMemory: true,
  useOffHeap: false,
  deserialized: true,
  replication: 1,
};

describe('CachingSource', () => {
  let stored: StoreBlockMessage[];
  let closed: number;

  const source = (batches: unknown[][]): BatchSource => ({
    next: () => batches.shift(),
    close: () => {
      closed++;
    },
  });

  const caching = (batches: unknown[][], roomBytes: number, failing = false): CachingSource => {
    stored = [];
    closed = 0;
    const writer = new BlockWriter({
      block: { rddId: 1, partition: 0 },
      level,
      code: plainCodeTable,
      memoryLimitBytes: roomBytes,
      localDirectories: [],
      taskAttemptId: 1,
    });
    return new CachingSource(
      source(batches),
      writer,
      (block) => stored.push(block),
      () => failing,
    );
  };

  it('stores what it passes on, once it has passed everything', () => {
    const cached = caching([[1, 2], [3]], 1_000_000);
    expect(cached.next()).to.deep.equal([1, 2]);
    expect(cached.next()).to.deep.equal([3]);
    expect(stored).to.deep.equal([]);
    expect(cached.next()).to.equal(undefined);
    expect(stored).to.have.lengthOf(1);
    expect(stored[0]).to.deep.include({ rddId: 1, partition: 0, records: 3 });
    cached.close();
    cached.close();
    expect(stored).to.have.lengthOf(1);
  });

  it('reads the rest when its reader ends early', () => {
    const cached = caching([[1], [2], [3]], 1_000_000);
    cached.next();
    cached.close();
    expect(stored[0]).to.have.property('records', 3);
    expect(closed).to.be.greaterThan(0);
  });

  it('reads nothing more when the task fails, or when the block has no room', () => {
    const batches = [[1], [2], [3]];
    const failing = caching(batches, 1_000_000, true);
    failing.next();
    failing.close();
    expect(batches).to.have.lengthOf(2);
    expect(stored).to.deep.equal([]);
    const long = [['x'.repeat(2_000_000)], ['y'], ['z']];
    const crowded = caching(long, 10);
    crowded.next();
    crowded.close();
    expect(long).to.have.lengthOf(2);
    expect(stored).to.deep.equal([]);
    expect(closed).to.be.greaterThan(0);
  });
});
