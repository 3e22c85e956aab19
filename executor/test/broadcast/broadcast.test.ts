import { expect } from 'chai';
import { BroadcastStore } from '../../src/broadcast/broadcast-store.js';
import type { PeerRoutes } from '../../src/storage/remote/peers.js';
import type { Node } from '../storage/peer-fixture.js';
import { PeerFixture } from '../storage/peer-fixture.js';

const chunkBytes = 1024;
/** For tests that no slow answer may change. */
const patientTimes = { hubMs: 60_000, peerMs: 60_000 };

function filled(sizeBytes: number): SharedArrayBuffer {
  const bytes = new SharedArrayBuffer(sizeBytes);
  const view = new Uint8Array(bytes);
  for (let i = 0; i < sizeBytes; i++) view[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

function same(a: SharedArrayBuffer, b: SharedArrayBuffer): boolean {
  return Buffer.compare(new Uint8Array(a), new Uint8Array(b)) === 0;
}

async function failure(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  return promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) => error as Error,
  );
}

/** Routes that call `tap` for each request to a path with this end: after a plan is made, before a chunk is looked for. */
function tapped(routes: PeerRoutes, end: string, tap: () => Promise<void> | void): PeerRoutes {
  return {
    route: (method, path, handler) =>
      routes.route(method, path, async (request) => {
        const reply = Promise.resolve(handler(request));
        if (path.endsWith(end)) await tap();
        return reply;
      }),
  };
}

describe('broadcast between processes', () => {
  let fixture: PeerFixture;

  beforeEach(async () => {
    fixture = new PeerFixture(chunkBytes);
    await fixture.start();
  });
  afterEach(() => fixture.stop());

  for (const sizeBytes of [0, 1, chunkBytes, chunkBytes + 1, 10 * chunkBytes]) {
    it(`A-176 an executor gets ${sizeBytes} bytes as they are, and keeps them`, async () => {
      const bytes = filled(sizeBytes);
      fixture.hub.add(7, bytes);
      const { store } = await fixture.broadcastNode('1');
      const got = await store.get(7);
      expect(same(got, bytes)).to.equal(true);
      expect(await store.get(7)).to.equal(got);
      expect(fixture.hub.servedBytes).to.equal(sizeBytes);
    });
  }

  it('A-176 the bytes leave the driver about once, however many executors need them', async () => {
    const bytes = filled(40 * chunkBytes);
    fixture.hub.add(1, bytes);
    const stores = [];
    for (let i = 1; i <= 6; i++) {
      stores.push((await fixture.broadcastNode(String(i), patientTimes)).store);
    }
    const all = await Promise.all(stores.map((store) => store.get(1)));
    for (const got of all) expect(same(got, bytes)).to.equal(true);
    expect(fixture.hub.servedBytes).to.equal(bytes.byteLength);
  });

  it('an executor whose plan is late is waited for by those whose plans name it', async () => {
    const bytes = filled(8 * chunkBytes);
    fixture.hub.add(1, bytes);
    const planned = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    const slowHub = await fixture.node('slow-hub', ({ server }) =>
      fixture.hub.install(
        tapped(server, '/plan', async () => {
          planned.resolve(undefined);
          await released.promise;
        }),
      ),
    );
    const late = new BroadcastStore({
      executorId: '1',
      times: patientTimes,
      changed: () => undefined,
    });
    const asked = Promise.withResolvers<undefined>();
    await fixture.node('1', ({ access, server }) => {
      late.connect({ ...access, hub: slowHub.peer });
      late.install(tapped(server, '/chunks/:chunk', () => asked.resolve(undefined)));
    });
    const first = late.get(1);
    await planned.promise;
    const second = (await fixture.broadcastNode('2', patientTimes)).store.get(1);
    await asked.promise;
    released.resolve(undefined);
    for (const got of await Promise.all([first, second])) expect(same(got, bytes)).to.equal(true);
    expect(fixture.hub.servedBytes).to.equal(bytes.byteLength);
  });

  it('all who ask at once on one executor wait for one fetch', async () => {
    fixture.hub.add(1, filled(5 * chunkBytes));
    const { store } = await fixture.broadcastNode('1');
    const all = await Promise.all([store.get(1), store.get(1), store.get(1)]);
    expect(new Set(all).size).to.equal(1);
    expect(fixture.hub.servedBytes).to.equal(5 * chunkBytes);
  });

  it('goes on with the driver when the executor that should give it has ended', async () => {
    const bytes = filled(8 * chunkBytes);
    fixture.hub.add(1, bytes);
    const first = await fixture.broadcastNode('1');
    await first.store.get(1);
    await first.node.server.close();
    const second = await fixture.broadcastNode('2');
    expect(same(await second.store.get(1), bytes)).to.equal(true);
    expect(fixture.hub.servedBytes).to.equal(2 * bytes.byteLength);
  });

  it('goes on with the driver when an executor gives other bytes', async () => {
    const bytes = filled(8 * chunkBytes);
    fixture.hub.add(1, bytes);
    let asked = 0;
    const liar: Node = await fixture.node('1', ({ server }) => {
      server.route('GET', '/broadcasts/:id/chunks/:chunk', () => {
        asked++;
        return { status: 200, body: new Uint8Array(chunkBytes) };
      });
    });
    fixture.hub.plan(1, liar.id);
    const { store } = await fixture.broadcastNode('2');
    expect(same(await store.get(1), bytes)).to.equal(true);
    expect(asked).to.be.within(1, 3);
  });

  it('does not send anyone to an executor that is known to be gone', async () => {
    const bytes = filled(4 * chunkBytes);
    fixture.hub.add(1, bytes);
    const first = await fixture.broadcastNode('1');
    await first.store.get(1);
    fixture.markDead('1');
    expect(fixture.hub.plan(1, '2')?.sources).to.deep.equal(['', '', '', '']);
  });

  it('A-176 destroyed: a later fetch, and one that is under way, say so', async () => {
    const { store } = await fixture.broadcastNode('1');
    expect(await failure(store.get(5))).to.have.property('code', 'BROADCAST_DESTROYED');
    fixture.hub.add(5, filled(100 * chunkBytes));
    const fetching = store.get(5);
    store.remove(5);
    expect(await failure(fetching)).to.have.property('code', 'BROADCAST_DESTROYED');
  });

  it('A-176 unpersisted: fetched again, and not from those that dropped it', async () => {
    const bytes = filled(3 * chunkBytes);
    fixture.hub.add(1, bytes);
    const { store } = await fixture.broadcastNode('1');
    const before = await store.get(1);
    fixture.hub.remove(1);
    store.remove(1);
    fixture.hub.add(1, bytes);
    const after = await store.get(1);
    expect(after).to.not.equal(before);
    expect(same(after, bytes)).to.equal(true);
    expect(fixture.hub.plan(1, '9')?.sources).to.deep.equal(['1', '1', '1']);
  });

  it('fails with its id and the executor when the driver cannot be reached', async () => {
    const { store } = await fixture.broadcastNode('1');
    await fixture.stop();
    const error = await failure(store.get(3));
    expect(error).to.have.property('code', 'BROADCAST_FETCH');
    expect(error).to.include({ broadcastId: 3, executorId: '1' });
  });

  it('T4 paths that name no chunk lead to 404, whoever is asked', async () => {
    fixture.hub.add(1, filled(2 * chunkBytes));
    const { node, store } = await fixture.broadcastNode('1');
    await store.get(1);
    const other = await fixture.broadcastNode('2');
    for (const path of [
      '/broadcasts/1/chunks/2',
      '/broadcasts/1/chunks/-1',
      '/broadcasts/1/chunks/01',
      '/broadcasts/1/chunks/1e0',
      '/broadcasts/x/chunks/0',
      '/broadcasts/2/chunks/0',
      '/broadcasts/1/chunks/9007199254740993',
    ]) {
      for (const peer of [node.peer, other.node.access.hub]) {
        const { status } = await other.node.access.client.request(peer, { method: 'GET', path });
        expect(status, path).to.equal(404);
      }
    }
  });
});
