import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ShuffleInput } from 'heddle/internal';
import { FetchFixture, pairsInto, type ServingExecutor } from './fetch-fixture.js';

const SECRET = 'the contents of a file that is nobody else’s';

describe('hostile requests to the shuffle server', function () {
  this.timeout(120_000);
  let fixture: FetchFixture;
  let executor: ServingExecutor;
  let input: ShuffleInput;

  before(async () => {
    fixture = new FetchFixture();
    executor = await fixture.addExecutor('e1');
    input = fixture.write(pairsInto(2), [[[1, 'a']], [[2, 'b']]]);
    writeFileSync(join(executor.directory, 'output', 'secret'), SECRET);
    writeFileSync(join(executor.directory, 'file.out'), SECRET);
  });
  after(async () => fixture.close());

  async function ask(path: string, body: Buffer): Promise<{ status: number; body: Buffer }> {
    return fixture.client.request(executor.peer.peer, { method: 'QUERY', path, body });
  }

  it('T4 A07 2,000 fuzzed ids and paths: nothing outside of the table, no crash', async () => {
    const { mapId } = input.outputs[0]!;
    const seeds = [
      '../secret',
      '..',
      '.',
      '/etc/passwd',
      '%2e%2e%2fsecret',
      '..%252f..%252fetc',
      'secret',
      'secret\0',
      '..\\..\\x',
      'C:\\Windows',
      'ﬁle.out',
      `${mapId}/../secret`,
      `${mapId}\0`,
      `${mapId}/file.out`,
      '__proto__',
      'constructor',
      'x'.repeat(5_000),
      '',
    ];
    const random = mulberry(42);
    for (let i = 0; i < 2_000; i++) {
      let id = seeds[i % seeds.length]!;
      for (let edits = Math.floor(random() * 4); edits > 0; edits--) {
        const at = Math.floor(random() * (id.length + 1));
        id = `${id.slice(0, at)}${String.fromCharCode(Math.floor(random() * 256))}${id.slice(at)}`;
      }
      const reply = await ask('/shuffle/parts', Buffer.from(JSON.stringify([[id, 0, 1]])));
      expect(reply.body.includes(SECRET)).to.equal(false);
      if (reply.status === 200) expect(reply.body.readDoubleLE(0), id).to.equal(-1);
      else expect(reply.status).to.equal(400);
    }
  });

  it('malformed and oversized requests are 400, and reducers beyond the last are unknown', async () => {
    const { mapId } = input.outputs[0]!;
    const bodies: unknown[] = [
      [],
      {},
      null,
      1,
      'x',
      [[mapId]],
      [[mapId, 0]],
      [[mapId, 0, 0]],
      [[mapId, -1, 1]],
      [[mapId, 0.5, 1]],
      [[mapId, '0', 1]],
      [[mapId, 0, 1e300]],
      [[[mapId], 0, 1]],
      Array.from({ length: 10_001 }, () => [mapId, 0, 1]),
      [[mapId, 0, 100_001]],
      Array.from({ length: 1_001 }, () => [mapId, 0, 100]),
    ];
    for (const body of bodies) {
      const reply = await ask('/shuffle/parts', Buffer.from(JSON.stringify(body)));
      expect(reply.status, JSON.stringify(body).slice(0, 60)).to.equal(400);
    }
    const deep = Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect((await ask('/shuffle/parts', deep)).status).to.equal(400);
    expect((await ask('/shuffle/parts', Buffer.from('not json'))).status).to.equal(400);
    const beyond = await ask('/shuffle/parts', Buffer.from(JSON.stringify([[mapId, 1, 2]])));
    expect(beyond.body.readDoubleLE(0)).to.equal(-1);
    expect(beyond.body.readDoubleLE(8)).to.equal(-1);
    expect(beyond.body).to.have.length(16);
    // A range of contiguous reducers comes in one piece.
    const range = await ask('/shuffle/parts', Buffer.from(JSON.stringify([[mapId, 0, 2]])));
    const sizes = input.outputs[0]!.partSizesBytes;
    expect(range.body.readDoubleLE(0)).to.equal(sizes[0]);
    expect(range.body.readDoubleLE(8)).to.equal(sizes[1]);
    const file = readFileSync(join(executor.directory, 'output', mapId, 'file.out'));
    expect(range.body.subarray(16).equals(file)).to.equal(true);
  });
});

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
