import { connect } from 'node:net';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { CONTROL_PATH, HUB_ID } from '../../src/control/control-socket.js';
import { executorExitCodes } from '../../src/process/exit-codes.js';
import { AttemptKey, signRequest } from '../../src/transport/index.js';
import { until } from '../process/cluster-fixture.js';
import { FaultProxy, type Direction, type Fault } from './fault-proxy.js';
import { ClientFixture, HubFixture, programHash } from './hub-fixture.js';

describe('the control hub', function () {
  this.timeout(120_000);
  let fixture: HubFixture;
  let clients: ClientFixture[];

  beforeEach(async () => {
    fixture = new HubFixture();
    clients = [];
    await fixture.listen();
  });

  afterEach(async () => {
    for (const client of clients) await client.close();
    await fixture.close();
  });

  function client(
    executorId: string,
    options: ConstructorParameters<typeof ClientFixture>[3] = {},
    { key = fixture.key, port = fixture.port } = {},
  ): ClientFixture {
    const made = new ClientFixture(executorId, key, port, options);
    clients.push(made);
    return made;
  }

  it('A-012 takes an executor that was announced, with the address that it came from', async () => {
    fixture.expect('1', { host: 'localhost', addresses: ['127.0.0.1'] });
    const executor = client('1');
    executor.register('1', { slots: 4 });
    await until('the registration', () => fixture.registered.length === 1);
    expect(fixture.registered[0]).to.include({
      executorId: '1',
      slots: 4,
      port: 1234,
      remoteAddress: '127.0.0.1',
      programHash,
    });
    await until('the answer', () => executor.received.length === 1);
    expect(executor.received).to.deep.equal([{ kind: 'registered' }]);
    await until('a heartbeat', () =>
      fixture.received.some(({ message }) => message.kind === 'heartbeat'),
    );
  });

  it('carries messages of any size both ways, in order', async () => {
    fixture.expect('1');
    const executor = client('1');
    executor.register('1');
    await until('the registration', () => fixture.registered.length === 1);
    const reason = 'x'.repeat(200_000);
    for (let i = 0; i < 40; i++) {
      fixture.hub.send('1', { kind: 'kill', taskAttemptId: i, reason });
      executor.client.send({ kind: 'draining', reason: `${i} ${reason}` });
    }
    await until('all messages', () => executor.received.length === 41);
    await until('all messages', () => fixture.received.filter(isDraining).length === 40);
    expect(
      executor.received
        .slice(1)
        .map((message) => 'taskAttemptId' in message && message.taskAttemptId),
    ).to.deep.equal(Array.from({ length: 40 }, (_, i) => i));
  });

  it('A01 A02 refuses another key, a key with one bit changed, and another attempt (59)', async () => {
    const oneBit = fixture.key.bytes();
    oneBit[17]! ^= 4;
    fixture.expect('1');
    for (const [key, attemptId] of [
      [AttemptKey.generate(), 'attempt-1'],
      [AttemptKey.fromBytes(oneBit), 'attempt-1'],
      [fixture.key.forAttempt('attempt-0'), 'attempt-1'],
      [fixture.key, 'attempt-0'],
    ] as const) {
      const stranger = client('1', { attemptId }, { key, port: fixture.port });
      stranger.register('1');
      await until('the refusal', () => stranger.end !== undefined);
      expect(stranger.end!.exitCode).to.equal(executorExitCodes.badCredentials);
    }
    expect(fixture.registered).to.deep.equal([]);
    expect(fixture.ended).to.deep.equal([]);
    // The real one is not locked out.
    const executor = client('1');
    executor.register('1');
    await until('the registration', () => fixture.registered.length === 1);
  });

  it('A03 takes a captured upgrade request once', async () => {
    fixture.expect('1');
    const { headers } = signRequest(
      { key: fixture.key.derive('control'), attemptId: 'attempt-1', callerId: '1' },
      { method: 'GET', path: CONTROL_PATH, targetId: HUB_ID },
    );
    const request =
      `GET ${CONTROL_PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n` +
      `Authorization: ${headers.authorization}\r\n\r\n`;
    expect(await firstLine(fixture.port, request)).to.contain('101');
    for (let i = 0; i < 5; i++) expect(await firstLine(fixture.port, request)).to.contain('401');
    expect(await firstLine(fixture.port, 'hello\r\n\r\n')).to.contain('400');
  });

  it('T17 takes an id once: not a second process, not after its end, not one that was never announced', async () => {
    fixture.expect('1');
    const first = client('1');
    first.register('1');
    await until('the registration', () => fixture.registered.length === 1);
    for (const executorId of ['1', 'never']) {
      const second = client(executorId);
      second.register(executorId);
      await until('the refusal', () => second.end !== undefined);
      expect(second.end!.exitCode).to.equal(executorExitCodes.fenced);
    }
    await first.close();
    await until('the end', () => fixture.ended.length === 1);
    expect(fixture.ended[0]!.end).to.include({ kind: 'goodbye', exitCode: 0 });
    const again = client('1');
    again.register('1');
    await until('the refusal', () => again.end !== undefined);
    expect(again.end!.exitCode).to.equal(executorExitCodes.fenced);
    expect(() => fixture.expect('1')).to.throw('was used twice');
    expect(fixture.registered).to.have.length(1);
  });

  it('A08 T5 refuses an executor of another node or address than it was started on', async () => {
    fixture.expect('1', { host: 'node-1' });
    fixture.expect('2', { addresses: ['10.1.2.3'] });
    for (const executorId of ['1', '2']) {
      const executor = client(executorId);
      executor.register(executorId, { host: '169.254.169.254' });
      await until('the refusal', () => executor.end !== undefined);
      expect(executor.end!.exitCode).to.equal(executorExitCodes.fenced);
    }
    expect(fixture.registered).to.deep.equal([]);
  });

  it('tells an executor with another program to end (58)', async () => {
    fixture.expect('1');
    const executor = client('1');
    executor.register('1', { programHash: 'cd'.repeat(32) });
    await until('the refusal', () => executor.end !== undefined);
    expect(executor.end!.exitCode).to.equal(executorExitCodes.codeMismatch);
    expect(fixture.ended[0]!.end).to.include({ kind: 'refused', exitCode: 58 });
  });

  it('hears nothing more of an executor that was removed, which ends (57)', async () => {
    fixture.expect('1');
    const executor = client('1');
    executor.register('1');
    await until('the registration', () => fixture.registered.length === 1);
    fixture.hub.remove('1', 'its container is gone');
    const before = fixture.received.length;
    executor.client.send({ kind: 'done', requestId: 1 });
    await until('its end', () => executor.end !== undefined);
    expect(executor.end).to.deep.equal({ exitCode: 57, reason: 'its container is gone' });
    expect(fixture.received.slice(before)).to.deep.equal([]);
    expect(fixture.ended).to.deep.equal([]);
  });

  it('ends the session of an executor that sends what it must not', async () => {
    fixture.expect('1');
    const executor = client('1');
    executor.client.send({ kind: 'done', requestId: 1 });
    executor.client.start();
    await until('its end', () => executor.end !== undefined);
    expect(executor.end!.exitCode).to.equal(57);
    expect(fixture.ended[0]!.end.kind).to.equal('refused');
  });

  it('whoever cannot prove the key is no hub to an executor (59)', async () => {
    const { WebSocketServer } = await import('ws');
    const http = createServer();
    const impostor = new WebSocketServer({ server: http });
    impostor.on('connection', (socket) =>
      socket.on('message', () => socket.send(Buffer.alloc(200))),
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = http.address() as AddressInfo;
      const executor = client('1', {}, { key: fixture.key, port });
      executor.register('1');
      await until('its end', () => executor.end !== undefined);
      expect(executor.end!.exitCode).to.equal(executorExitCodes.badCredentials);
    } finally {
      for (const socket of impostor.clients) socket.terminate();
      impostor.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    }
  });

  it('ends an executor whose hub is gone (56)', async () => {
    fixture.expect('1');
    const executor = client('1');
    executor.register('1');
    await until('the registration', () => fixture.registered.length === 1);
    await fixture.server.close();
    await until('its end', () => executor.end !== undefined, 20_000);
    expect(executor.end!.exitCode).to.equal(executorExitCodes.driverGone);
    const never = client('2', { connectTimeoutMs: 500 });
    never.register('2');
    await until('its end', () => never.end !== undefined, 20_000);
    expect(never.end!.exitCode).to.equal(executorExitCodes.driverGone);
  });

  it('gives an executor up that is silent or whose connection stays broken', async () => {
    const quick = new HubFixture({ expiryMs: 1_500, reconnectGraceMs: 300 });
    await quick.listen();
    try {
      quick.expect('1');
      const silent = client('1', { heartbeatMs: 60_000 }, { key: quick.key, port: quick.port });
      silent.register('1');
      await until('the end of the silent one', () => quick.ended.length === 1);
      expect(quick.ended[0]!.end.kind).to.equal('expired');
      expect(silent.end?.exitCode ?? 57).to.equal(57);
      const proxy = new FaultProxy(() => quick.port, []);
      quick.expect('2');
      const cut = client('2', {}, { key: quick.key, port: await proxy.listen() });
      cut.register('2');
      await until('its registration', () => quick.registered.length === 2);
      await proxy.close();
      await until('the end of the one that was cut off', () => quick.ended.length === 2);
      expect(quick.ended[1]!.end.kind).to.equal('disconnected');
    } finally {
      await quick.close();
    }
  });

  it('F26 A03 gives each message one effect when any frame is lost, repeated, delayed or cut', async () => {
    const rounds = 6;
    const seen = new Set<string>();
    const faults: Fault[] = ['drop', 'duplicate', 'delay', 'cut'];
    const directions: Direction[] = ['toHub', 'toExecutor'];
    let number = 0;
    const runs = directions.flatMap((direction) =>
      faults.flatMap((fault) => [0, 1, 3, 6].map((frame) => ({ direction, fault, frame }))),
    );
    const tryOne = async (planned: (typeof runs)[number]): Promise<void> => {
      const executorId = `run-${++number}`;
      const proxy = new FaultProxy(() => fixture.port, [planned]);
      fixture.expect(executorId);
      const executor = client(executorId, {}, { key: fixture.key, port: await proxy.listen() });
      executor.register(executorId);
      const what = JSON.stringify(planned);
      const isHere = (): boolean => fixture.registered.some((one) => one.executorId === executorId);
      await until(`registration in ${what}`, isHere);
      for (let round = 0; round < rounds; round++) {
        fixture.hub.send(executorId, { kind: 'removeRdd', requestId: round, rddId: round });
        await until(`message ${round} in ${what}`, () => executor.rddIds.length > round);
        executor.client.send({ kind: 'done', requestId: round });
        const dones = (): number[] =>
          fixture.received.flatMap(({ executorId: from, message }) =>
            from === executorId && message.kind === 'done' ? [message.requestId] : [],
          );
        await until(`answer ${round} in ${what}`, () => dones().length > round);
        expect(dones(), what).to.deep.equal(Array.from({ length: round + 1 }, (_, i) => i));
      }
      expect(executor.rddIds, what).to.deep.equal(Array.from({ length: rounds }, (_, i) => i));
      expect(executor.end, what).to.equal(undefined);
      expect(proxy.happened, what).to.deep.equal([planned]);
      seen.add(`${planned.direction} ${planned.fault}`);
      await executor.close();
      await proxy.close();
    };
    while (runs.length > 0) await Promise.all(runs.splice(0, 8).map(tryOne));
    expect(fixture.registered).to.have.length(number);
    expect(seen.size).to.equal(8);
  });
});

function isDraining({ message }: { readonly message: { readonly kind: string } }): boolean {
  return message.kind === 'draining';
}

/** The first line that a server answers to some bytes. */
async function firstLine(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.on('error', reject);
      socket.once('data', (bytes) => resolve(bytes.toString('latin1').split('\r\n', 1)[0]!));
      socket.once('close', () => resolve('closed'));
      socket.write(request);
    });
  } finally {
    socket.destroy();
  }
}
