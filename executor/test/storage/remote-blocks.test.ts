import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '@heddle/common';
import { plainCodeTable, StorageLevel, type StorageLevelSpec } from 'heddle/internal';
import type { BlockId } from '../../src/storage/block-memory.js';
import type { AvailableBlock, BlockSizes } from '../../src/storage/block-messages.js';
import { openBlock } from '../../src/storage/block-reader.js';
import { BlockStore } from '../../src/storage/block-store.js';
import { BlockWriter } from '../../src/storage/block-writer.js';
import {
  createLocalDirectories,
  SCRATCH_FOLDER,
  type LocalDirectories,
} from '../../src/storage/local-directories.js';
import { RemoteBlocks } from '../../src/storage/remote/remote-blocks.js';
import { PeerFixture, type Node } from './peer-fixture.js';

const id: BlockId = { rddId: 4, partition: 2 };
const records = Array.from({ length: 20_000 }, (_, i) => ({ i, text: `record ${i * 7}` }));

interface Holder {
  readonly node: Node;
  readonly store: BlockStore;
  readonly remote: RemoteBlocks;
  readonly directories: LocalDirectories;
  readonly changed: BlockSizes[];
}

describe('blocks between executors', () => {
  let folder: string;
  let fixture: PeerFixture;
  let holders: Holder[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-remote-blocks-'));
    fixture = new PeerFixture();
    holders = [];
    await fixture.start();
  });
  afterEach(async () => {
    await fixture.stop();
    for (const { store } of holders) await store.close();
    rmSync(folder, { recursive: true });
  });

  async function holder(
    name: string,
    memoryBytes = 1 << 26,
    taskMemoryBytes = 1 << 26,
  ): Promise<Holder> {
    const directories = createLocalDirectories(folder, name);
    const changed: BlockSizes[] = [];
    const store = new BlockStore({
      memoryLimitBytes: memoryBytes,
      localDirectories: directories.directories,
      logger: silentLogger,
      onChanged: (sizes) => changed.push(sizes),
    });
    let remote: RemoteBlocks | undefined;
    const node = await fixture.node(name, ({ access }) => {
      remote = new RemoteBlocks({
        executorId: name,
        host: 'localhost',
        store,
        access,
        localDirectories: directories.directories,
        compression: 'zstd',
        taskMemoryBytes,
        logger: silentLogger,
      });
      remote.install();
    });
    const made = { node, store, remote: remote!, directories, changed };
    holders.push(made);
    return made;
  }

  function keep(
    { store, directories }: Holder,
    level: StorageLevelSpec,
    what: readonly unknown[] = records,
  ): void {
    const writer = new BlockWriter({
      block: id,
      level,
      code: plainCodeTable,
      memoryLimitBytes: store.roomFor(id.rddId),
      localDirectories: directories.directories,
      taskAttemptId: 1,
    });
    for (let i = 0; i < what.length; i += 1_000) writer.add(what.slice(i, i + 1_000));
    store.handle(writer.finish()!);
  }

  function read(block: AvailableBlock): unknown[] {
    const source = openBlock(block, plainCodeTable, () => undefined)!;
    const all: unknown[] = [];
    for (let batch = source.next(); batch !== undefined; batch = source.next()) all.push(...batch);
    source.close();
    return all;
  }

  const filesOf = ({ directories }: Holder): string[] =>
    readdirSync(join(directories.directories[0]!, SCRATCH_FOLDER));

  for (const level of ['MEMORY_ONLY', 'DISK_ONLY'] as const) {
    for (const taskMemoryBytes of [1 << 26, 100_000]) {
      it(`A-171 ${level}: another executor reads it whole, with ${taskMemoryBytes} bytes for it`, async () => {
        const giver = await holder('1');
        keep(giver, StorageLevel[level]);
        const reader = await holder('2', 1 << 26, taskMemoryBytes);
        const block = await reader.remote.fetch(id, ['9', '1']);
        expect(read(block!)).to.deep.equal(records);
        // A block that a task fetched is the task's, and nobody else's.
        expect(reader.store.has(id)).to.equal(false);
        expect(block!.disk !== undefined).to.equal(taskMemoryBytes === 100_000);
      });
    }
  }

  it('A-167 an empty partition crosses too', async () => {
    const giver = await holder('1');
    keep(giver, StorageLevel.MEMORY_ONLY, []);
    const reader = await holder('2');
    expect(read((await reader.remote.fetch(id, ['1']))!)).to.deep.equal([]);
  });

  it('asks the next executor when one has not got it, has ended, or gives something else', async () => {
    const giver = await holder('1');
    keep(giver, StorageLevel.MEMORY_ONLY);
    await holder('2');
    const liar = await fixture.node('3', ({ server }) => {
      server.route('GET', '/blocks/:rddId/:partition', () => ({
        status: 200,
        body: Buffer.alloc(10_000, 7),
      }));
    });
    const dead = await holder('4');
    await dead.node.server.close();
    const reader = await holder('5');
    for (const others of [
      ['2', '1'],
      [liar.id, '1'],
      ['4', '1'],
    ]) {
      expect(read((await reader.remote.fetch(id, others))!)).to.deep.equal(records);
    }
    expect(await reader.remote.fetch(id, ['2', liar.id, '4'])).to.equal(undefined);
    expect(filesOf(reader)).to.deep.equal([]);
  });

  it('T3 a block that was changed on its way is refused, wherever the byte is', async () => {
    const giver = await holder('1');
    keep(giver, StorageLevel.MEMORY_ONLY, records.slice(0, 50));
    const { client } = giver.node.access;
    const path = `/blocks/${id.rddId}/${id.partition}`;
    const genuine = await client.request(giver.node.peer, { method: 'GET', path });
    let changed: Uint8Array = Buffer.from(genuine.body);
    await fixture.node('2', ({ server }) => {
      server.route('GET', '/blocks/:rddId/:partition', () => ({ status: 200, body: changed }));
    });
    const reader = await holder('3');
    expect(read((await reader.remote.fetch(id, ['2']))!)).to.have.length(50);
    for (let at = 0; at < genuine.body.length; at += 13) {
      changed = Buffer.from(genuine.body);
      changed[at]! ^= 0x10;
      expect(await reader.remote.fetch(id, ['2']), `byte ${at}`).to.equal(undefined);
    }
    changed = genuine.body.subarray(0, genuine.body.length - 1);
    expect(await reader.remote.fetch(id, ['2'])).to.equal(undefined);
    // The whole of another block is no copy of this one.
    changed = genuine.body;
    expect(await reader.remote.fetch({ rddId: 4, partition: 3 }, ['2'])).to.equal(undefined);
  });

  for (const level of ['MEMORY_ONLY_2', 'DISK_ONLY_2', 'MEMORY_AND_DISK_SER_2'] as const) {
    it(`A-171 ${level}: one more executor takes a copy, and says so`, async () => {
      const first = await holder('1');
      const others = [await holder('2'), await holder('3')];
      keep(first, StorageLevel[level]);
      await first.remote.replicate(id, StorageLevel[level]);
      const [taker] = others.filter(({ store }) => store.has(id));
      expect(others.filter(({ store }) => store.has(id))).to.have.length(1);
      expect(taker!.changed).to.have.length(1);
      const { memoryBytes, diskBytes } = taker!.changed[0]!;
      expect(level === 'DISK_ONLY_2' ? diskBytes : memoryBytes).to.be.greaterThan(0);
      const reader = await holder('4');
      expect(read((await reader.remote.fetch(id, [taker!.node.id]))!)).to.deep.equal(records);
    });
  }

  it('a copy goes to the next executor when one has no room or has ended', async () => {
    const level = StorageLevel.MEMORY_ONLY_2;
    const first = await holder('1');
    const full = await holder('2', 1_000);
    const dead = await holder('3');
    await dead.node.server.close();
    const free = await holder('4');
    keep(first, level);
    await first.remote.replicate(id, level);
    expect([full.store.has(id), free.store.has(id)]).to.deep.equal([false, true]);
    expect(filesOf(full)).to.deep.equal([]);
  });

  it('A-168 DISK_ONLY_3: two more executors take a copy', async () => {
    const level = StorageLevel.DISK_ONLY_3;
    const first = await holder('1');
    const others = [await holder('2'), await holder('3'), await holder('4')];
    keep(first, level);
    await first.remote.replicate(id, level);
    expect(others.filter(({ store }) => store.has(id))).to.have.length(2);
  });

  it('an executor alone keeps its block', async () => {
    const only = await holder('1');
    keep(only, StorageLevel.MEMORY_ONLY_2);
    await only.remote.replicate(id, StorageLevel.MEMORY_ONLY_2);
    expect(only.store.has(id)).to.equal(true);
  });

  it('T4, A07 requests that name no block, or are none, change nothing', async () => {
    const { node, store } = await holder('1');
    const reader = await holder('2');
    const { client } = reader.node.access;
    for (const path of [
      '/blocks/4/2',
      '/blocks/-1/0',
      '/blocks/4',
      '/blocks/0x4/2',
      '/blocks/4/2.',
    ]) {
      expect((await client.request(node.peer, { method: 'GET', path })).status, path).to.equal(404);
    }
    const level = StorageLevel.MEMORY_ONLY_2.toJSON();
    for (const [body, status] of [
      ['', 400],
      ['{', 400],
      ['null', 400],
      ['{"rddId":1,"partition":-1,"from":"2"}', 400],
      [JSON.stringify({ ...id, level: { ...level, replication: 0 }, from: '2' }), 400],
      [JSON.stringify({ ...id, level: { ...level, useDisk: 'yes' }, from: '2' }), 400],
      [JSON.stringify({ ...id, level, from: 'nobody' }), 409],
      [JSON.stringify({ ...id, level, from: '2' }), 507],
    ] as const) {
      const request = { method: 'POST', path: '/replicas', body: Buffer.from(body) } as const;
      expect((await client.request(node.peer, request)).status, body).to.equal(status);
    }
    expect(store.sizes()).to.deep.equal([]);
  });

  it('a copy that arrives after the RDD was unpersisted is dropped', async () => {
    const level = StorageLevel.MEMORY_ONLY_2;
    const first = await holder('1');
    const taker = await holder('2');
    keep(first, level);
    const block = first.store.blocksFor([id])[0]!;
    const before = taker.store.removalsOf(id.rddId);
    taker.store.removeRdd(id.rddId);
    expect(taker.store.handle({ kind: 'storeBlock', ...block, level }, before)).to.equal(undefined);
    expect(taker.store.has(id)).to.equal(false);
  });
});
