import { hadoop } from '#protocol';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import { expect } from 'chai';

import { RpcClient, type RpcClientOptions } from '../src/client/rpc-client.js';
import {
  RemoteError,
  RpcAbortedError,
  RpcConnectionError,
  RpcFramingError,
  RpcTimeoutError,
} from '../src/errors.js';
import { simpleAuthentication, tokenAuthentication } from '../src/sasl/authentication.js';
import { FakeServer, responseFrame, type ServedCall } from './support/fake-server.js';

const { RpcStatusProto } = hadoop.common.RpcResponseHeaderProto;
const patience = { maxElapsedMs: 10_000, retryIntervalMs: 1, failoverBaseMs: 1, failoverMaxMs: 1 };
const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('RpcClient over a real socket', () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const action of cleanUp.splice(0)) await action();
  });

  async function server(onCall: (call: ServedCall) => void): Promise<FakeServer> {
    const started = await FakeServer.start(onCall);
    cleanUp.push(() => started.stop());
    return started;
  }

  function client(
    servers: readonly FakeServer[],
    options: Partial<RpcClientOptions> = {},
  ): RpcClient {
    const made = new RpcClient({
      addresses: servers.map(({ address }) => address),
      protocol: { name: 'test.Protocol', version: 1 },
      authentication: () => simpleAuthentication('ann'),
      retry: patience,
      ...options,
    });
    cleanUp.unshift(() => made.close());
    return made;
  }

  async function errorOf(promise: Promise<unknown>): Promise<unknown> {
    return promise.then(
      () => {
        throw new Error('nothing was thrown');
      },
      (error: unknown) => error,
    );
  }

  it('matches answers to calls by call id, in whatever order they come, on one socket', async () => {
    const waiting: ServedCall[] = [];
    const s = await server((call) => {
      waiting.push(call);
      if (waiting.length === 20) for (const c of waiting.reverse()) c.answer(c.request);
    });
    const c = client([s]);
    const texts = Array.from({ length: 20 }, (_, i) => `call ${i}`);
    const answers = await Promise.all(texts.map((text) => c.call('echo', bytes(text), true)));
    expect(answers.map((answer) => Buffer.from(answer).toString())).to.deep.equal(texts);
    expect(s.connections).to.equal(1);
  });

  it('fails only the call that the server refuses, and keeps the connection', async () => {
    const s = await server((call) => {
      if (call.method === 'bad') call.fail('com.example.Odd', 'no\n\tat a.B.c(B.java:1)');
      else call.answer(call.request);
    });
    const c = client([s]);
    const [error, answer] = await Promise.all([
      errorOf(c.call('bad', bytes(''), true)),
      c.call('good', bytes('x'), true),
    ]);
    if (!(error instanceof RemoteError)) throw new Error('no RemoteError');
    expect(error).to.include({
      className: 'com.example.Odd',
      remoteMessage: 'no',
      method: 'bad',
      verdict: 'fatal',
    });
    expect(error.remoteTrace).to.contain('B.java:1');
    expect(Buffer.from(answer).toString()).to.equal('x');
    expect(s.connections).to.equal(1);
  });

  it('closes a connection without calls after its limit, and opens another for the next call', async () => {
    const s = await server((call) => call.answer(call.request));
    const c = client([s], { maxIdleMs: 30 });
    await c.call('one', bytes(''), true);
    const closed = once(s.calls[0]!.socket, 'close');
    await closed;
    expect(Buffer.from(await c.call('two', bytes('x'), true)).toString()).to.equal('x');
    expect(s.connections).to.equal(2);
  });

  it('pings while a call waits in silence, and does not close', async () => {
    const s = await server((call) => {
      const { socket } = call;
      let received = 0;
      socket.on('data', (chunk: Buffer) => {
        // A ping is a frame of a length and a header of 27 bytes or so; the third one is enough.
        received += chunk.length;
        if (received > 60) call.answer(bytes('after pings'));
      });
    });
    const c = client([s], { pingIntervalMs: 20, maxIdleMs: 5 });
    const answer = await c.call('slow', bytes(''), true);
    expect(Buffer.from(answer).toString()).to.equal('after pings');
    expect(s.connections).to.equal(1);
  });

  it('ends a call at its deadline, drops the late answer, and goes on', async () => {
    const s = await server((call) => {
      if (call.method === 'fast') {
        // The late answer comes first.
        for (const late of s.calls.filter(({ method }) => method === 'slow'))
          late.answer(bytes('late'));
        call.answer(call.request);
      } else if (call.method === 'warm') call.answer(call.request);
    });
    const c = client([s]);
    await c.call('warm', bytes(''), true);
    const error = await errorOf(c.call('slow', bytes(''), false, { timeoutMs: 30 }));
    expect(error).to.be.instanceOf(RpcTimeoutError);
    expect(Buffer.from(await c.call('fast', bytes('ok'), true)).toString()).to.equal('ok');
  });

  it('opens a new connection after a server was silent for a whole deadline', async () => {
    const s = await server((call) => {
      if (call.connection > 0) call.answer(bytes('ok'));
    });
    const c = client([s], { callTimeoutMs: 30 });
    expect(Buffer.from(await c.call('m', bytes(''), true)).toString()).to.equal('ok');
    expect(s.calls.map(({ callId, retryCount }) => [callId, retryCount])).to.deep.equal([
      [0, 0],
      [0, 1],
    ]);
    expect(new Set(s.calls.map(({ clientId }) => clientId)).size).to.equal(1);
  });

  it('reconnects when a connection was closed between two calls', async () => {
    const s = await server((call) => {
      call.answer(call.request);
      if (call.callId === 0) call.socket.end();
    });
    const c = client([s]);
    await c.call('a', bytes(''), true);
    await c.call('b', bytes(''), true);
    expect(s.connections).to.equal(2);
  });

  it('does not repeat a call of unknown fate that is not idempotent', async () => {
    const s = await server((call) => call.socket.destroy());
    const error = await errorOf(client([s]).call('start', bytes(''), false));
    expect(error).to.be.instanceOf(RpcConnectionError).and.include({ mayHaveBeenSent: true });
    expect(s.calls).to.have.length(1);
  });

  it('throws a connection away after a framing error, with every call on it', async () => {
    const s = await server((call) => {
      if (call.callId === 1) call.socket.write(Buffer.from('000000020100', 'hex'));
      if (call.callId === 2) call.answer(call.request);
    });
    const c = client([s]);
    const errors = await Promise.all([
      errorOf(c.call('a', bytes(''), false)),
      errorOf(c.call('b', bytes(''), false)),
    ]);
    for (const error of errors) expect(error).to.be.instanceOf(RpcFramingError);
    // The next call does not meet the bytes that were left on the old one.
    expect(Buffer.from(await c.call('c', bytes('fresh'), true)).toString()).to.equal('fresh');
    expect(s.connections).to.equal(2);
  });

  it('refuses an answer to a call that was never made', async () => {
    const s = await server((call) => {
      call.socket.write(responseFrame({ callId: 7, status: RpcStatusProto.SUCCESS }, bytes('x')));
    });
    const error = await errorOf(client([s]).call('a', bytes(''), false));
    expect(error).to.be.instanceOf(RpcFramingError);
    expect((error as RpcFramingError).reason).to.contain('the call 7, which was not made');
  });

  it('aborts a call by its signal, before and after sending, and a pause between attempts', async () => {
    const aborter = new AbortController();
    const s = await server(() => aborter.abort(new Error('enough')));
    const c = client([s]);
    const error = await errorOf(c.call('a', bytes(''), true, { signal: aborter.signal }));
    expect(error)
      .to.be.instanceOf(RpcAbortedError)
      .and.have.nested.property('cause.message', 'enough');
    expect(
      await errorOf(c.call('a', bytes(''), true, { signal: aborter.signal })),
    ).to.be.instanceOf(RpcAbortedError);
    expect(s.calls).to.have.length(1);
  });

  it('fails over from a dead and a standby server to the active one, and stays there', async () => {
    const dead = await FakeServer.start(() => undefined);
    const deadAddress = dead.address;
    await dead.stop();
    const standby = await server((call) =>
      call.fail('org.apache.hadoop.ipc.StandbyException', 'standby'),
    );
    const active = await server((call) => call.answer(bytes('active')));
    const c = client([standby, active], {
      addresses: [deadAddress, standby.address, active.address],
    });
    for (let i = 0; i < 3; i += 1) {
      expect(Buffer.from(await c.call('m', bytes(''), false)).toString()).to.equal('active');
    }
    expect(standby.calls).to.have.length(1);
    expect(active.calls[0]?.retryCount).to.equal(2);
  });

  it('says what a silent close during authentication may mean', async () => {
    const closing = createServer((socket) => {
      socket.on('data', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(closing, 'listening');
    cleanUp.push(() => closing.close());
    const { port } = closing.address() as AddressInfo;
    const token = { identifier: bytes('i'), password: bytes('p'), kind: 'k', service: '' };
    const c = client([], {
      addresses: [{ host: '127.0.0.1', port }],
      authentication: () => tokenAuthentication(token),
      retry: { ...patience, maxElapsedMs: 0 },
    });
    const error = await errorOf(c.call('m', bytes(''), true));
    expect(error).to.be.instanceOf(RpcConnectionError).and.include({ mayHaveBeenSent: false });
    expect((error as RpcConnectionError).message).to.contain('is the token of the wrong kind?');
  });

  it('ends waiting calls when it is closed, and takes no further ones', async () => {
    const c: RpcClient = client([await server(() => c.close())]);
    expect(await errorOf(c.call('m', bytes(''), false))).to.be.instanceOf(RpcConnectionError);
    expect(await errorOf(c.call('m', bytes(''), false))).to.be.instanceOf(RpcAbortedError);
  });
});
