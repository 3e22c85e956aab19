import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { hashKey, partitionOfHash } from 'heddle/internal';
import { FetchFixture, pairsInto } from './fetch-fixture.js';

const MAPS = 6;
const records = Array.from({ length: MAPS }, (_, map) =>
  Array.from({ length: 400 }, (_each, i) => [i % 50, `map ${map} value ${i}`]),
);

describe('fetching map outputs from other executors', function () {
  this.timeout(60_000);
  let fixture: FetchFixture;

  afterEach(async () => fixture.close());

  it('A-151 A-158 reads parts of several executors over HTTP, in map order, and counts remote bytes', async () => {
    fixture = new FetchFixture();
    await fixture.addExecutor('e1');
    await fixture.addExecutor('e2');
    const input = fixture.write(pairsInto(3), records);
    for (let reducer = 0; reducer < 3; reducer++) {
      const expected = records
        .flat()
        .filter(([key]) => partitionOfHash(hashKey(key), 3) === reducer);
      const reply = await fixture.read(input, reducer);
      expect(reply.error).to.equal(undefined);
      expect(reply.records).to.deep.equal(expected);
      const sizeBytes = input.outputs.reduce((sum, one) => sum + one.partSizesBytes[reducer]!, 0);
      expect(reply.remoteBytes).to.equal(sizeBytes);
      expect(reply.localBytes).to.equal(0);
    }
    // Many map outputs of an executor in one request.
    expect(fixture.executors[0]!.requests.length).to.equal(3);
  });

  it('F39 fetches the bytes of parts of which only about the size is known', async () => {
    fixture = new FetchFixture();
    const executor = await fixture.addExecutor('e1');
    await fixture.addExecutor('e2');
    const input = fixture.write(pairsInto(300), records);
    const isKnown = input.outputs.map(({ partSizesBytes }) => partSizesBytes.length > 0);
    expect(isKnown).to.deep.equal(new Array<boolean>(MAPS).fill(false));
    const localDirectories = [fixture.directory, executor.directory];
    const here = {
      ...input,
      outputs: input.outputs.map((output) => ({ ...output, host: 'here' })),
    };
    for (const reducer of [partitionOfHash(hashKey(0), 300), partitionOfHash(hashKey(7), 300)]) {
      const expected = records
        .flat()
        .filter(([key]) => partitionOfHash(hashKey(key), 300) === reducer);
      const fetched = await fixture.read(input, reducer);
      expect(fetched.error).to.equal(undefined);
      expect(fetched.records).to.deep.equal(expected);
      expect(fetched.localBytes).to.equal(0);
      // As files, since they are larger than what a thread may hold of one.
      const large = await fixture.read(input, reducer, { memoryBudgetBytes: 4 });
      expect(large.error).to.equal(undefined);
      expect(large.records).to.deep.equal(expected);
      const direct = await fixture.read(here, reducer, { localDirectories });
      expect(direct.records).to.deep.equal(expected);
      expect(direct.remoteBytes + direct.localBytes).to.equal(fetched.remoteBytes);
    }
  });

  it('A-164 never asks for empty parts, nor an executor that has nothing else', async () => {
    fixture = new FetchFixture();
    await fixture.addExecutor('e1');
    await fixture.addExecutor('e2');
    const input = fixture.write(pairsInto(100), [
      [[1, 'a']],
      [[2, 'b']],
      [
        [1, 'c'],
        [2, 'd'],
      ],
      [],
    ]);
    const reducer = input.outputs[0]!.partSizesBytes.findIndex((size) => size > 0);
    const reply = await fixture.read(input, reducer);
    expect(reply.records).to.deep.equal([
      [1, 'a'],
      [1, 'c'],
    ]);
    expect(fixture.executors[0]!.requests.length).to.equal(1);
    expect(JSON.parse(fixture.executors[0]!.requests[0]!.split(' ')[1]!)).to.have.length(2);
    expect(fixture.executors[1]!.requests.length).to.equal(0);
  });

  it('A-161 reads outputs of its own host from the disk, and over HTTP when that is off', async () => {
    fixture = new FetchFixture();
    const executor = await fixture.addExecutor('e1');
    const input = fixture.write(pairsInto(1), records);
    const here = {
      ...input,
      outputs: input.outputs.map((output) => ({ ...output, host: 'here' })),
    };
    const localDirectories = [fixture.directory, executor.directory];
    const direct = await fixture.read(here, 0, { localDirectories });
    expect(direct.records).to.have.length(MAPS * 400);
    expect(direct.remoteBytes).to.equal(0);
    expect(executor.requests.length).to.equal(0);
    const fetched = await fixture.read(here, 0, { localDirectories, readHostLocalDisk: false });
    expect(fetched.records).to.deep.equal(direct.records);
    expect(fetched.localBytes).to.equal(0);
    expect(fetched.remoteBytes).to.equal(direct.localBytes);
    // A folder that is not the application's is never read, whatever a location says.
    const elsewhere = await fixture.read(here, 0);
    expect(elsewhere.remoteBytes).to.equal(direct.localBytes);
  });

  it('A-154 parts that are larger than what may be held go through files, which are gone afterwards', async () => {
    fixture = new FetchFixture({ bytesInFlight: 2 ** 20 });
    await fixture.addExecutor('e1');
    const long = 'x'.repeat(1000);
    const large = Array.from({ length: 3 }, (_, map) =>
      Array.from({ length: 3000 }, (_each, i) => [i, `${map} ${i} ${long}`]),
    );
    const input = fixture.write(pairsInto(1), large);
    expect(input.outputs[0]!.partSizesBytes[0]!).to.be.greaterThan(2 ** 20);
    const reply = await fixture.read(input, 0, { memoryBudgetBytes: 2 ** 20 });
    expect(reply.error).to.equal(undefined);
    expect(reply.records).to.deep.equal(large.flat());
    while (fixture.openFetches > 0) await nextTurn();
    expect(readdirSync(join(fixture.directory, 'scratch'))).to.deep.equal([]);
  });

  it('a reader that stops early leaves nothing open and nothing behind', async () => {
    fixture = new FetchFixture({ bytesInFlight: 2 ** 20 });
    await fixture.addExecutor('e1');
    const long = 'x'.repeat(1000);
    const input = fixture.write(
      pairsInto(1),
      Array.from({ length: 20 }, (_, map) =>
        Array.from({ length: 500 }, (_each, i) => [i, `${map} ${long}`]),
      ),
    );
    const reply = await fixture.read(input, 0, { maxBatches: 1 });
    expect(reply.records.length).to.be.greaterThan(0);
    while (fixture.openFetches > 0) await nextTurn();
    // The same ring serves the next read.
    expect((await fixture.read(input)).records).to.have.length(10_000);
  });

  it('2,000 tiny parts come in few requests', async () => {
    fixture = new FetchFixture();
    await fixture.addExecutor('e1');
    const input = fixture.write(
      pairsInto(1),
      Array.from({ length: 2000 }, (_, map) => [[map, 'v']]),
    );
    const reply = await fixture.read(input);
    expect(reply.records).to.deep.equal(Array.from({ length: 2000 }, (_, map) => [map, 'v']));
    expect(fixture.executors[0]!.requests.length).to.be.lessThan(5);
  });
});
