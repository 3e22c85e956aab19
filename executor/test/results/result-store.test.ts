import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ResultGoneError, fetchResult, readResultRange } from '../../src/results/fetch-result.js';
import { ResultStore, resultRangeBytes } from '../../src/results/result-store.js';
import { createLocalDirectories, SCRATCH_FOLDER } from '../../src/storage/local-directories.js';
import { TransportFixture } from '../transport/transport-fixture.js';

describe('results that wait on their executor', function () {
  this.timeout(60_000);
  let folder: string;
  let transport: TransportFixture;
  let store: ResultStore;
  let directory: string;
  let usedBytes: number;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-results-test-'));
    directory = createLocalDirectories(folder, 'test').directories[0]!;
    transport = new TransportFixture();
    usedBytes = 0;
    store = new ResultStore({
      directories: [directory],
      memoryLimitBytes: 10_000_000,
      memoryChanged: (bytes) => (usedBytes = bytes),
    });
    store.install(transport.server);
    await transport.listen();
  });

  afterEach(async () => {
    await transport.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const files = (): string[] => readdirSync(join(directory, SCRATCH_FOLDER));
  const read = (resultId: string, from: number, to: number): Promise<Uint8Array> =>
    readResultRange(transport.client(), transport.peer, resultId, from, to);

  it('are read whole, from memory and from files, in ranges', async () => {
    const sizes = [0, 1, resultRangeBytes - 1, resultRangeBytes, 3 * resultRangeBytes + 17];
    for (const [i, size] of sizes.entries()) {
      const bytes = Buffer.alloc(size, `result ${i} `);
      const stored = store.keep(bytes);
      expect(stored).to.deep.equal({ kind: 'stored', resultId: `r${i}`, sizeBytes: size });
      const fetched = await fetchResult(stored, (from, to) => read(stored.resultId, from, to));
      expect(bytes.equals(fetched), String(size)).to.equal(true);
    }
    // The last one had no room in memory.
    expect(files()).to.deep.equal(['result-4']);
    expect(usedBytes).to.equal(2 * resultRangeBytes);
    for (const i of sizes.keys()) store.drop(`r${i}`);
    expect(files()).to.deep.equal([]);
    expect([store.size, usedBytes]).to.deep.equal([0, 0]);
  });

  it('are gone when they were dropped, and another range than may be is refused', async () => {
    const { resultId } = store.keep(new Uint8Array(100));
    const refused: [string, number, number][] = [
      ['r99', 0, 10],
      [resultId, 0, resultRangeBytes + 1],
      [resultId, 50, 40],
      [resultId, 90, 120],
      ['../../etc/passwd', 0, 10],
      ['', 0, 10],
    ];
    for (const [id, from, to] of refused) {
      const error = await read(id, from, to).catch((thrown: unknown) => thrown);
      expect(error, `${id} ${from} ${to}`).to.be.instanceOf(ResultGoneError);
    }
    store.drop(resultId);
    store.drop(resultId);
    expect(await read(resultId, 0, 10).catch((thrown: unknown) => thrown)).to.be.instanceOf(
      ResultGoneError,
    );
  });

  it('are asked for again when a range did not come, and given up when the result is gone', async () => {
    const stored = store.keep(Buffer.alloc(9_000_000, 7));
    const tried = new Set<number>();
    const flaky = (from: number, to: number): Promise<Uint8Array> => {
      if (tried.has(from)) return read(stored.resultId, from, to);
      tried.add(from);
      return Promise.reject(new Error('cut'));
    };
    expect(await fetchResult(stored, flaky)).to.have.length(9_000_000);
    expect(tried.size).to.equal(3);
    let asked = 0;
    const gone = (): Promise<Uint8Array> => {
      asked++;
      return Promise.reject(new ResultGoneError('r0', '1', 'it has ended'));
    };
    expect(await fetchResult(stored, gone).catch((thrown: unknown) => thrown)).to.be.instanceOf(
      ResultGoneError,
    );
    expect(asked).to.be.at.most(2);
  });
});
