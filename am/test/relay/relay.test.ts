import { connect, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { silentLogger } from '@heddle/common';
import { AttemptKey } from '@heddle/executor';
import {
  decodeRelayMessage,
  encodeBroadcast,
  encodePassedMessage,
  encodeRelayMessage,
} from '../../src/relay/relay-message.js';
import { RelayClient } from '../../src/relay/relay-client.js';
import { RelayServer } from '../../src/relay/relay-server.js';

const attemptId = 'appattempt_1700000000000_0007_000001';

/** A connection between the two that a test can cut. */
async function cuttableProxy(target: number): Promise<{
  readonly port: number;
  readonly connections: () => number;
  cut(): void;
  close(): Promise<void>;
}> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((from) => {
    connections += 1;
    const to = connect(target, '127.0.0.1');
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
    from.pipe(to).pipe(from);
    from.once('close', () => to.destroy());
    to.once('close', () => from.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    connections: () => connections,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`${what} did not come`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('The relay between driver and ApplicationMaster', () => {
  it('gives every message as it was, whatever its bytes', () => {
    fc.assert(
      fc.property(
        fc.string({
          minLength: 1,
          maxLength: 40,
          unit: fc.constantFrom(...Array.from('0123456789abcXYZ_-')),
        }),
        fc.uint8Array({ maxLength: 200 }),
        fc.nat({ max: 2 ** 31 }),
        (executorId, bytes, id) => {
          const passed = decodeRelayMessage(encodePassedMessage(executorId, bytes), 'x');
          expect(passed).to.include({ kind: 'passed', executorId });
          expect([...(passed as { bytes: Uint8Array }).bytes]).to.deep.equal([...bytes]);
          const broadcast = decodeRelayMessage(encodeBroadcast(id, bytes), 'x');
          expect(broadcast).to.include({ kind: 'broadcast', id });
          expect([...(broadcast as { bytes: Uint8Array }).bytes]).to.deep.equal([...bytes]);
        },
      ),
    );
    const wish = { kind: 'wish', target: 3, hosts: [{ host: 'w1', weight: 7 }] } as const;
    expect(decodeRelayMessage(encodeRelayMessage(wish), 'x')).to.deep.equal(wish);
  });

  it('refuses bytes that are no message', () => {
    for (const bytes of [[], [9], [1], [1, 200, 1], [0, 255, 255], [2, 0]]) {
      expect(() => decodeRelayMessage(Buffer.from(bytes), 'x'), String(bytes)).to.throw('protocol');
    }
  });

  it('loses nothing and repeats nothing while its connection breaks again and again', async function () {
    this.timeout(60_000);
    const key = AttemptKey.generate();
    const heard: number[] = [];
    const answered: number[] = [];
    const server = new RelayServer(
      { key, attemptId, reconnectTimeoutMs: 20_000, logger: silentLogger },
      {
        connected: () => undefined,
        message: (message) => {
          if (message.kind !== 'wish') return;
          heard.push(message.target);
          server.send({ kind: 'note', level: 'info', text: String(message.target) });
        },
        lost: () => undefined,
      },
    );
    const { port } = await server.listen('127.0.0.1');
    const proxy = await cuttableProxy(port);
    const client = new RelayClient(
      {
        key,
        attemptId,
        master: { host: '127.0.0.1', port: proxy.port },
        connectTimeoutMs: 10_000,
        reconnectTimeoutMs: 20_000,
        logger: silentLogger,
      },
      {
        message: (message) => {
          if (message.kind === 'note') answered.push(Number(message.text));
        },
        lost: () => undefined,
      },
    );
    const total = 400;
    try {
      await client.connect();
      for (let i = 0; i < total; i += 1) {
        client.send({ kind: 'wish', target: i, hosts: [] });
        if (i % 80 === 79) {
          await until(() => heard.length > i - 60, 'some of the messages');
          proxy.cut();
        }
      }
      await until(() => answered.length >= total, 'all answers');
      const wanted = Array.from({ length: total }, (_, i) => i);
      expect(heard).to.deep.equal(wanted);
      expect(answered).to.deep.equal(wanted);
      expect(proxy.connections(), 'the connection was cut').to.be.at.least(3);
    } finally {
      client.close();
      await server.close(200);
      await proxy.close();
    }
  });

  it('tells when the driver stays away, and lets no other one in (A01, F12)', async function () {
    this.timeout(60_000);
    const key = AttemptKey.generate();
    let lost = '';
    const server = new RelayServer(
      { key, attemptId, reconnectTimeoutMs: 300, logger: silentLogger },
      { connected: () => undefined, message: () => undefined, lost: (reason) => (lost = reason) },
    );
    const { port } = await server.listen('127.0.0.1');
    const options = {
      attemptId,
      master: { host: '127.0.0.1', port },
      connectTimeoutMs: 500,
      reconnectTimeoutMs: 500,
      logger: silentLogger,
    };
    const events = { message: () => undefined, lost: () => undefined };
    const driver = new RelayClient({ ...options, key }, events);
    await driver.connect();
    for (const stranger of [
      new RelayClient({ ...options, key: AttemptKey.generate() }, events),
      new RelayClient({ ...options, key }, events),
    ]) {
      let refusal: unknown;
      await stranger.connect().catch((error: unknown) => (refusal = error));
      expect(refusal).to.have.property('code', 'MASTER_UNREACHABLE');
    }
    expect(lost, 'the driver is still there').to.equal('');
    driver.close();
    await until(() => lost !== '', 'the word that the driver is gone');
    expect(lost).to.contain('heddle.client.reconnectTimeout');
    await server.close(200);
  });
});
