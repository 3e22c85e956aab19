import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@heddle/common';
import { expect } from 'chai';
import { plainCodeTable, type StorageLevelSpec } from 'heddle/internal';
import { blockName, type BlockId } from '../../src/storage/block-memory.js';
import type { AvailableBlock, BlockMessage } from '../../src/storage/block-messages.js';
import { CachedBlockError, openBlock } from '../../src/storage/block-reader.js';
import { BlockStore } from '../../src/storage/block-store.js';
import { BlockWriter } from '../../src/storage/block-writer.js';
import { drain, useLocalDirectory } from '../shuffle/test-environment.js';

const level = (useMemory: boolean, useDisk: boolean): StorageLevelSpec => ({
  useMemory,
  useDisk,
  useOffHeap: false,
  deserialized: true,
  replication: 1,
});
const MEMORY_ONLY = level(true, false);
const MEMORY_AND_DISK = level(true, true);
const DISK_ONLY = level(false, true);

const records = Array.from({ length: 3000 }, (_, i) => ({ id: i, name: `row ${i}`, half: i / 2 }));

describe('block store', () => {
  const local = useLocalDirectory();
  let dropped: string[];
  let store: BlockStore;

  const makeStore = (memoryLimitBytes: number): BlockStore =>
    new BlockStore({
      memoryLimitBytes,
      localDirectories: [local.path],
      logger: silentLogger,
      onDropped: (id) => dropped.push(blockName(id)),
    });
  beforeEach(() => {
    dropped = [];
    store = makeStore(1024 * 1024);
  });
  afterEach(() => store.close());

  const files = (): string[] => readdirSync(join(local.path, 'scratch'));

  /** What a task does with a persisted RDD: encodes it in batches and sends the block. */
  function cache(
    id: BlockId,
    of: StorageLevelSpec,
    content: readonly unknown[] = records,
    memoryLimitBytes = store.roomFor(id.rddId),
  ) {
    const writer = new BlockWriter({
      block: id,
      level: of,
      code: plainCodeTable,
      memoryLimitBytes,
      localDirectories: [local.path],
      taskAttemptId: 1,
    });
    for (let at = 0; at < content.length; at += 500) {
      writer.add(content.slice(at, at + 500));
    }
    const message = writer.finish();
    return message === undefined ? undefined : store.handle(message);
  }

  function read(block: AvailableBlock | undefined, reports: BlockMessage[] = []) {
    const source =
      block === undefined
        ? undefined
        : openBlock(block, plainCodeTable, (message) => reports.push(message));
    return source === undefined ? undefined : drain(source);
  }

  const id = { rddId: 4, partition: 2 };
  const blockOf = (of: BlockId): AvailableBlock | undefined => store.blocksFor([of])[0];

  for (const [name, of] of Object.entries({ MEMORY_ONLY, MEMORY_AND_DISK, DISK_ONLY })) {
    it(`A-168 ${name}: gives back the records, each reader objects of its own`, () => {
      const sizes = cache(id, of)!;
      expect(sizes.memoryBytes > 0).to.equal(of.useMemory);
      expect(sizes.diskBytes > 0).to.equal(!of.useMemory);
      const first = read(blockOf(id))!;
      (first[0] as { name: string }).name = 'changed';
      expect(read(blockOf(id))).to.deep.equal(records);
      expect(store.sizes()).to.deep.equal([sizes]);
    });

    it(`A-167 ${name}: an empty partition is a block too`, () => {
      cache(id, of, []);
      expect(store.has(id)).to.equal(true);
      expect(read(blockOf(id))).to.deep.equal([]);
    });
  }

  it('A-169 MEMORY_ONLY: what does not fit is not kept, and nothing fails', () => {
    expect(cache(id, MEMORY_ONLY, records, 1000)).to.equal(undefined);
    expect(store.has(id)).to.equal(false);
    expect(store.memoryBytes).to.equal(0);
    expect(files()).to.deep.equal([]);
  });

  it('A-170 MEMORY_AND_DISK: what does not fit in memory goes to disk while it streams', () => {
    const sizes = cache(id, MEMORY_AND_DISK, records, 1000)!;
    expect(sizes.memoryBytes).to.equal(0);
    expect(sizes.diskBytes).to.be.greaterThan(0);
    expect(read(blockOf(id))).to.deep.equal(records);
    const [file] = files();
    expect(statSync(join(local.path, 'scratch', file!)).mode & 0o777).to.equal(0o600);
  });

  it('A-170 an evicted block moves to disk, and can be read all the time', async () => {
    await store.close();
    const size = cache(id, MEMORY_AND_DISK)!.memoryBytes;
    await store.close();
    store = makeStore(size + 10);
    cache(id, MEMORY_AND_DISK);
    const before = blockOf(id);
    cache({ rddId: 5, partition: 0 }, MEMORY_ONLY);
    expect(read(before), 'given to a task before').to.deep.equal(records);
    expect(read(blockOf(id)), 'while it is written').to.deep.equal(records);
    await store.idle();
    expect(store.sizes().find((one) => one.rddId === 4)).to.include({ memoryBytes: 0 });
    expect(store.diskBytes).to.be.greaterThan(0);
    expect(read(blockOf(id)), 'from disk').to.deep.equal(records);
    expect(dropped).to.deep.equal([]);
  });

  it('A-169 an evicted block of MEMORY_ONLY is gone and the driver is told', async () => {
    await store.close();
    const size = cache(id, MEMORY_ONLY)!.memoryBytes;
    await store.close();
    store = makeStore(size + 10);
    cache(id, MEMORY_ONLY);
    cache({ rddId: 5, partition: 0 }, MEMORY_ONLY);
    expect(store.has(id)).to.equal(false);
    expect(dropped).to.deep.equal(['rdd_4_2']);
  });

  it('a block that is unpersisted while it moves to disk leaves no file', async () => {
    cache(id, MEMORY_AND_DISK);
    store.setMemoryLimit(0);
    store.removeRdd(4);
    await store.idle();
    expect(store.sizes()).to.deep.equal([]);
    expect(files()).to.deep.equal([]);
  });

  it('removes all blocks of an RDD, in memory and on disk', () => {
    cache({ rddId: 4, partition: 0 }, MEMORY_ONLY);
    cache({ rddId: 4, partition: 1 }, DISK_ONLY);
    cache({ rddId: 6, partition: 0 }, MEMORY_ONLY);
    store.removeRdd(4);
    expect(store.sizes().map(blockName)).to.deep.equal(['rdd_6_0']);
    expect(files()).to.deep.equal([]);
  });

  it('keeps the first of two copies and deletes the file of the second', () => {
    cache(id, DISK_ONLY);
    const before = files();
    const writer = new BlockWriter({
      block: id,
      level: DISK_ONLY,
      code: plainCodeTable,
      memoryLimitBytes: 0,
      localDirectories: [local.path],
      taskAttemptId: 2,
    });
    writer.add(records);
    expect(store.handle(writer.finish()!)).to.equal(undefined);
    expect(files()).to.deep.equal(before);
  });

  it('an aborted writer leaves nothing behind', () => {
    const writer = new BlockWriter({
      block: id,
      level: DISK_ONLY,
      code: plainCodeTable,
      memoryLimitBytes: 0,
      localDirectories: [local.path],
      taskAttemptId: 3,
    });
    for (let i = 0; i < 20; i++) {
      writer.add(Array.from({ length: 1000 }, (_, j) => `${i} ${j} ${Math.sin(i * j)}`));
    }
    expect(files()).to.have.length(1);
    writer.abort();
    expect(files()).to.deep.equal([]);
    expect(writer.finish()).to.equal(undefined);
  });

  it('a full disk gives up the block, not the task', () => {
    const writer = new BlockWriter({
      block: id,
      level: DISK_ONLY,
      code: plainCodeTable,
      memoryLimitBytes: 0,
      localDirectories: [join(local.path, 'missing')],
      taskAttemptId: 4,
    });
    writer.add(records);
    expect(writer.finish()).to.equal(undefined);
  });

  it('a missing or shorter file counts as not cached and is reported', () => {
    for (const damage of [
      (path: string) => rmSync(path),
      (path: string) => writeFileSync(path, readFileSync(path).subarray(1)),
    ]) {
      cache(id, DISK_ONLY);
      const block = blockOf(id)!;
      damage(block.disk!.path);
      const reports: BlockMessage[] = [];
      expect(read(block, reports)).to.equal(undefined);
      reports.forEach((message) => store.handle(message));
      expect(store.has(id)).to.equal(false);
    }
    expect(dropped).to.deep.equal(['rdd_4_2', 'rdd_4_2']);
  });

  it('A-162 any flipped byte of a block on disk is noticed, and the block dropped', () => {
    cache(id, DISK_ONLY, records.slice(0, 60));
    const block = blockOf(id)!;
    const good = readFileSync(block.disk!.path);
    for (let at = 0; at < good.length; at++) {
      const damaged = Buffer.from(good);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(block.disk!.path, damaged);
      const reports: BlockMessage[] = [];
      expect(() => read(block, reports), `byte ${at}`).to.throw(CachedBlockError);
      expect(reports).to.have.length(1);
    }
  });

  it('closes to an empty folder', async () => {
    cache(id, DISK_ONLY);
    await store.close();
    expect(files()).to.deep.equal([]);
    expect(existsSync(local.path)).to.equal(true);
    mkdirSync(join(local.path, 'still-writable'));
  });
});
