import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import {
  hashKey,
  mostPartBytes,
  partitionOfHash,
  type MapOutputLocation,
  type ShuffleInput,
} from 'heddle/internal';
import { MOST_BYTES_AHEAD } from '../../../src/shuffle/remote/parts-ahead.js';
import type { ServerReply } from '../../../src/transport/index.js';
import type { FetchWorkerReply } from './fetch-worker-messages.js';
import { FetchFixture, pairsInto, type ServingExecutor } from './fetch-fixture.js';

const MAPS = 6;
const records = Array.from({ length: MAPS }, (_, map) =>
  Array.from({ length: 100 }, (_each, i): [number, string] => [i, `map ${map} value ${i}`]),
);

/** What a reducer has to find. */
function recordsOf(all: readonly [number, string][], reducer: number, reducers: number): unknown {
  return all.filter(([key]) => partitionOfHash(hashKey(key), reducers) === reducer);
}

function partBytes(outputs: readonly MapOutputLocation[], reducer: number): number {
  return outputs.reduce((sum, output) => sum + mostPartBytes(output, reducer), 0);
}

type Entry = readonly [mapId: string, firstReducer: number, reducers: number];

function entriesOf(request: string): readonly Entry[] {
  return JSON.parse(request.slice(request.indexOf(' '))) as readonly Entry[];
}

function partRequests({ requests }: ServingExecutor): readonly (readonly Entry[])[] {
  return requests.filter((text) => text.startsWith('/shuffle/parts ')).map(entriesOf);
}

describe('parts of the next tasks of a thread', function () {
  this.timeout(120_000);
  let fixture: FetchFixture;
  afterEach(async () => fixture.close());

  async function twoExecutors(
    limits?: ConstructorParameters<typeof FetchFixture>[0],
  ): Promise<readonly [ServingExecutor, ServingExecutor]> {
    fixture = new FetchFixture(limits);
    return [await fixture.addExecutor('e1'), await fixture.addExecutor('e2')];
  }

  function expectAll(
    replies: readonly FetchWorkerReply[],
    partitions: readonly number[],
    input: ShuffleInput,
    all = records.flat(),
  ): void {
    const reducers = input.numReducePartitions;
    for (const [i, reply] of replies.entries()) {
      const what = `reducer ${partitions[i]}`;
      expect(reply.error, what).to.equal(undefined);
      expect(reply.records, what).to.deep.equal(recordsOf(all, partitions[i]!, reducers));
    }
  }

  for (const reducers of [40, 300]) {
    const sizes = reducers > 256 ? 'size classes' : 'exact sizes';

    it(`come along in one request to each executor, with ${sizes}, and count for the task that reads them`, async () => {
      const executors = await twoExecutors();
      const input = fixture.write(pairsInto(reducers), records);
      const partitions = Array.from({ length: 40 }, (_, i) => i);
      const replies = await fixture.readLaunch(input, partitions);
      expectAll(replies, partitions, input);
      for (const executor of executors) {
        const [entries, ...others] = partRequests(executor);
        expect(others).to.deep.equal([]);
        // One range of each map output, with its empty reducers.
        expect(entries).to.have.length(MAPS / 2);
      }
      for (const [i, reply] of replies.entries()) {
        const mostBytes = partBytes(input.outputs, i);
        expect(reply.remoteBytes).to.be.within(Math.floor(mostBytes * 0.9), mostBytes);
        expect(reply.localBytes).to.equal(0);
      }
      const emptyPartitions = partitions.filter((i) => partBytes(input.outputs, i) === 0);
      expect(emptyPartitions.length).to.be.greaterThan(0);
      while (fixture.openFetches > 0) await nextTurn();
    });
  }

  it('alone make a request each', async () => {
    const executors = await twoExecutors();
    const input = fixture.write(pairsInto(40), records);
    const partitions = Array.from({ length: 40 }, (_, i) => i);
    expectAll(
      await fixture.readLaunch(input, partitions, { nextPartitions: [] }),
      partitions,
      input,
    );
    const wanted = partitions.filter((i) => partBytes(input.outputs, i) > 0);
    for (const executor of executors) {
      expect(partRequests(executor)).to.have.length(wanted.length);
      for (const entries of partRequests(executor)) {
        expect(entries.every(([, , count]) => count === 1)).to.equal(true);
      }
    }
  });

  it('come along also when others run some of the reducers between, without those', async () => {
    const [executor] = await twoExecutors();
    const input = fixture.write(pairsInto(40), records);
    const partitions = [3, 4, 7, 12, 13, 14, 30];
    expectAll(await fixture.readLaunch(input, partitions), partitions, input);
    const [entries, ...others] = partRequests(executor);
    expect(others).to.deep.equal([]);
    for (const [mapId, first, count] of entries!) {
      const output = input.outputs.find((one) => one.mapId === mapId)!;
      for (let reducer = first; reducer < first + count; reducer++) {
        const isEmpty = mostPartBytes(output, reducer) === 0;
        expect(isEmpty || partitions.includes(reducer), `${reducer}`).to.equal(true);
      }
    }
  });

  it('are asked for where the asking task has nothing, and from map outputs that have nothing for it', async () => {
    const [first, second] = await twoExecutors();
    // Map tasks run on the executors by turns: all keys of the one are other ones than the other's.
    const keys = (reducer: number): number[] =>
      Array.from({ length: 1_000 }, (_, key) => key).filter(
        (key) => partitionOfHash(hashKey(key), 20) === reducer,
      );
    const sparse = Array.from({ length: 20 }, (_, map): [number, string][] => [
      [keys(map)[0]!, `map ${map}`],
    ]);
    const input = fixture.write(pairsInto(20), sparse);
    const partitions = Array.from({ length: 20 }, (_, i) => i);
    expectAll(await fixture.readLaunch(input, partitions), partitions, input, sparse.flat());
    expect([first.requests.length, second.requests.length]).to.deep.equal([1, 1]);
  });

  it('come along only as long as they are small, all together', async () => {
    const [executor, other] = await twoExecutors();
    const long = 'x'.repeat(1_000);
    const all = records.map((part) =>
      part.map(([key, text]): [number, string] => [key, text + long]),
    );
    const input = fixture.write(pairsInto(16), all);
    const total = partitionsOf(16).reduce((sum, i) => sum + partBytes(input.outputs, i), 0);
    expect(total).to.be.greaterThan(2 * MOST_BYTES_AHEAD);
    const replies = await fixture.readLaunch(input, partitionsOf(16));
    expectAll(replies, partitionsOf(16), input, all.flat());
    const requests = [executor, other].map(partRequests);
    expect(requests[0]!.length).to.be.within(2, 15);
    for (const [i, entries] of requests[0]!.entries()) {
      const asked = [...entries, ...requests[1]![i]!];
      let bytesAhead = 0;
      for (const [mapId, first, count] of asked) {
        const output = input.outputs.find((one) => one.mapId === mapId)!;
        for (let ahead = 1; ahead < count; ahead++) {
          bytesAhead += mostPartBytes(output, first + ahead);
        }
      }
      expect(bytesAhead).to.be.at.most(MOST_BYTES_AHEAD);
    }
  });

  it('are never more than what a task may hold of one part', async () => {
    const [executor] = await twoExecutors();
    const input = fixture.write(pairsInto(10), records);
    const replies = await fixture.readLaunch(input, partitionsOf(10), { memoryBudgetBytes: 4 });
    expectAll(replies, partitionsOf(10), input);
    for (const entries of partRequests(executor)) {
      expect(entries.every(([, , count]) => count === 1)).to.equal(true);
    }
  });

  it('that nobody reads are dropped, and asked for again by whoever wants them after all', async () => {
    const [executor] = await twoExecutors();
    const input = fixture.write(pairsInto(10), records);
    const replies = [
      await fixture.read(input, 0, { nextPartitions: [1, 2, 3, 4, 5] }),
      await fixture.read(input, 1, { nextPartitions: [2, 3, 4, 5], maxBatches: 0 }),
      // Partition 2 was cancelled.
      await fixture.read(input, 3, { nextPartitions: [4, 5] }),
      await fixture.read(input, 4, { nextPartitions: [5] }),
      await fixture.read(input, 5),
      await fixture.read(input, 6),
    ];
    expect(replies.splice(1, 1)[0]!.records).to.deep.equal([]);
    expectAll(replies, [0, 3, 4, 5, 6], input);
    expect(executor.requests).to.have.length(3);
    while (fixture.openFetches > 0) await nextTurn();
  });

  it('of a task that stops in the middle of its parts are asked for again', async () => {
    const [executor] = await twoExecutors();
    const input = fixture.write(pairsInto(3), records);
    const replies = [
      await fixture.read(input, 0, { nextPartitions: [1, 2], maxBatches: 1 }),
      await fixture.read(input, 1, { nextPartitions: [2] }),
      await fixture.read(input, 2),
    ];
    expectAll(replies.slice(1), [1, 2], input);
    expect(executor.requests).to.have.length(2);
    while (fixture.openFetches > 0) await nextTurn();
  });

  describe('of which some are harmed', () => {
    const file = (
      executor: ServingExecutor,
      { mapId }: MapOutputLocation,
      name = 'file.out',
    ): string => join(executor.directory, 'output', mapId, name);

    it('F29 one damaged part fails the task that reads it, with its diagnosis, and no other', async () => {
      const [executor] = await twoExecutors();
      const input = fixture.write(pairsInto(8), records);
      const output = input.outputs[2]!;
      const offset = output.partSizesBytes.subarray(0, 5).reduce((sum, size) => sum + size, 0);
      const bytes = readFileSync(file(executor, output));
      bytes[offset + 20]! ^= 1;
      writeFileSync(file(executor, output), bytes);
      const replies = await fixture.readLaunch(input, partitionsOf(8));
      const [failed] = replies.splice(5, 1);
      expect(failed!.error).to.include({ code: 'SHUFFLE_FETCH', mapId: output.mapId });
      expect(failed!.error!.message).to.contain('that disk is to blame');
      expectAll(replies, [0, 1, 2, 3, 4, 6, 7], input);
      // Once along with others, once by itself, and the question about the disk.
      const asked = executor.requests.filter((text) => text.includes(`["${output.mapId}",5,1]`));
      expect(asked.map((text) => text.split(' ')[0])).to.deep.equal([
        '/shuffle/parts',
        '/shuffle/check',
      ]);
    });

    for (const reducers of [8, 300]) {
      it(`F29 a file that ends in the middle of ${reducers} parts loses those behind it, and no others`, async () => {
        const [executor] = await twoExecutors({ maxRetries: 0 });
        const input = fixture.write(pairsInto(reducers), records);
        const output = input.outputs[2]!;
        const partitions = partitionsOf(reducers)
          .filter((i) => mostPartBytes(output, i) > 0)
          .slice(0, 8);
        const firstLost = partitions[4]!;
        const index = readFileSync(file(executor, output, 'file.out.index'));
        truncateSync(file(executor, output), Number(index.readBigInt64BE(firstLost * 24)) + 1);
        const replies = await fixture.readLaunch(input, partitions);
        expectAll(replies.slice(0, 4), partitions, input);
        for (const { error } of replies.slice(4)) {
          expect(error).to.include({
            code: 'SHUFFLE_FETCH',
            mapId: output.mapId,
            scope: 'output',
          });
          expect(error!.message).to.contain('shorter than it was written');
        }
      });
    }

    it('F29 an index that is wrong in the middle loses that part, and no others', async () => {
      const [executor] = await twoExecutors({ maxRetries: 0 });
      const input = fixture.write(pairsInto(300), records);
      const output = input.outputs[2]!;
      const partitions = partitionsOf(300)
        .filter((i) => mostPartBytes(output, i) > 0)
        .slice(0, 8);
      const path = file(executor, output, 'file.out.index');
      const index = readFileSync(path);
      index.writeBigInt64BE(9_999n, partitions[4]! * 24 + 16);
      writeFileSync(path, index);
      const replies = await fixture.readLaunch(input, partitions);
      const [failed] = replies.splice(4, 1);
      expect(failed!.error).to.include({ code: 'SHUFFLE_FETCH', mapId: output.mapId });
      expect(failed!.error!.message).to.contain('its index is damaged');
      expectAll(replies, partitions.toSpliced(4, 1), input);
    });

    it('F02 what has come is read although its executor has died since', async () => {
      const [executor, other] = await twoExecutors();
      const input = fixture.write(pairsInto(10), records);
      const first = await fixture.read(input, 0, { nextPartitions: partitionsOf(10).slice(1) });
      while (fixture.openFetches > 0) await nextTurn();
      await executor.server.close();
      await other.server.close();
      const rest = await fixture.readLaunch(input, partitionsOf(10).slice(1));
      expectAll([first, ...rest], partitionsOf(10), input);
    });

    it('F02 an executor that is gone costs the task that reads from it, and none before it', async () => {
      // A wait between two tries that nobody would survive.
      const [executor, other] = await twoExecutors({ retryWaitMs: 2 ** 30, maxRetries: 3 });
      const all = records.map((part, map) =>
        part.filter(([key]) => map % 2 === 0 || partitionOfHash(hashKey(key), 4) === 2),
      );
      const input = fixture.write(pairsInto(4), all);
      // It is there, and answers nothing but errors: that would be tried again.
      let refused = 0;
      other.tamper = (): ServerReply => {
        refused += 1;
        return { status: 503 };
      };
      const before = await fixture.readLaunch(input, [0, 1], { nextPartitions: [1, 2, 3] });
      expectAll(before, [0, 1], input, all.flat());
      while (refused === 0) await nextTurn();
      await other.server.close();
      const lost = await fixture.read(input, 2, { nextPartitions: [3] });
      expect(lost.error).to.include({ code: 'SHUFFLE_FETCH', scope: 'executor' });
      expectAll([await fixture.read(input, 3)], [3], input, all.flat());
      expect(executor.requests.length).to.be.greaterThan(0);
    });
  });

  describe('from an executor that lies', () => {
    const lies: readonly [string, (length: number) => number][] = [
      ['too long', (length) => length + 1],
      ['too short', (length) => length - 1],
      ['no number', () => NaN],
      ['endless', () => Infinity],
      ['enormous', () => 2 ** 52],
      ['of another part', (length) => (length === 0 ? 60 : 0)],
    ];

    for (const [what, lie] of lies) {
      it(`T4 about lengths ahead (${what}): nothing of it is taken, and each task asks by itself`, async () => {
        fixture = new FetchFixture();
        const executor = await fixture.addExecutor('e1');
        const input = fixture.write(pairsInto(40), records);
        let told = 0;
        executor.tamper = (body, reply) =>
          withLengths(body, reply, (length, place) => {
            if (place === 0) return length;
            told += 1;
            return lie(length);
          });
        const partitions = partitionsOf(40).filter((i) => partBytes(input.outputs, i) > 0);
        expectAll(await fixture.readLaunch(input, partitions), partitions, input);
        expect(told).to.be.greaterThan(0);
      });
    }

    it('T4 about the length of what the task asks for itself: a lost output', async () => {
      fixture = new FetchFixture({ maxRetries: 1 });
      const executor = await fixture.addExecutor('e1');
      const input = fixture.write(pairsInto(4), records);
      executor.tamper = (body, reply) => withLengths(body, reply, (length) => length + 1);
      for (const reply of await fixture.readLaunch(input, partitionsOf(4))) {
        expect(reply.error).to.include({ code: 'SHUFFLE_FETCH', scope: 'output' });
        expect(reply.error!.message).to.contain('were expected');
        expect(reply.records).to.deep.equal([]);
      }
    });
  });

  it('lengths and bytes of thousands of parts come in the order in which they were asked for', async () => {
    fixture = new FetchFixture();
    const executor = await fixture.addExecutor('e1');
    const input = fixture.write(pairsInto(250), records);
    // More lengths than a chunk of the answer holds.
    const entries = Array.from({ length: 300 }, (_, i): Entry => {
      const first = i % 7;
      return [input.outputs[i % MAPS]!.mapId, first, 250 - first - (i % 5)];
    });
    const stream = await fixture.client.open(executor.peer.peer, {
      method: 'QUERY',
      path: '/shuffle/parts',
      body: Buffer.from(JSON.stringify(entries)),
    });
    const answer = Buffer.alloc(stream.head.lengthBytes);
    await stream.readInto(answer);
    const expected = entries.map(([mapId, first, count]) => {
      const { partSizesBytes } = input.outputs.find((one) => one.mapId === mapId)!;
      const lengths = partSizesBytes.subarray(first, first + count);
      const sum = (sizes: Float64Array): number => sizes.reduce((total, size) => total + size, 0);
      const start = sum(partSizesBytes.subarray(0, first));
      const file = readFileSync(join(executor.directory, 'output', mapId, 'file.out'));
      return Buffer.concat([
        Buffer.from(lengths.slice().buffer),
        file.subarray(start, start + sum(lengths)),
      ]);
    });
    expect(answer.length).to.be.greaterThan(2 ** 20);
    expect(answer.equals(Buffer.concat(expected))).to.equal(true);
  });
});

function partitionsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** The same answer with other lengths; `place` counts them in each range. */
function withLengths(
  body: Buffer,
  reply: ServerReply,
  change: (length: number, place: number) => number,
): ServerReply {
  if (!('stream' in reply)) return reply;
  const entries = JSON.parse(body.toString()) as readonly Entry[];
  const { stream, lengthBytes } = reply;
  return {
    status: reply.status,
    lengthBytes,
    stream: (async function* () {
      const bytes = Buffer.alloc(lengthBytes);
      let filled = 0;
      for await (const chunk of stream) {
        bytes.set(chunk, filled);
        filled += chunk.length;
      }
      let at = 0;
      for (const [, , count] of entries) {
        let dataBytes = 0;
        for (let place = 0; place < count; place++, at += 8) {
          const length = bytes.readDoubleLE(at);
          dataBytes += Math.max(0, length);
          bytes.writeDoubleLE(change(length, place), at);
        }
        at += dataBytes;
      }
      yield bytes;
    })(),
  };
}
