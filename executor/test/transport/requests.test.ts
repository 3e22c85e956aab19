import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { inspect } from 'node:util';
import { expect } from 'chai';
import {
  AttemptKey,
  PeerGoneError,
  PeerProtocolError,
  PeerRefusedError,
  PeerTimeoutError,
  PeerUnreachableError,
  signRequest,
} from '../../src/transport/index.js';
import { TransportFixture } from './transport-fixture.js';

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not rejected');
}

describe('requests between the processes of an application', () => {
  let fixture: TransportFixture;
  beforeEach(async () => {
    fixture = new TransportFixture();
    fixture.server.route('GET', '/echo/:word', (request) => ({
      status: 200,
      body: Buffer.from(
        `${request.callerId} ${request.parameters['word']} ${request.query.get('q')}`,
      ),
    }));
    fixture.server.route('POST', '/hash', (request) => ({
      status: 200,
      body: createHash('sha256').update(request.body).digest(),
    }));
    fixture.server.route('GET', '/stream', () => ({
      status: 200,
      lengthBytes: 3_000_000,
      stream: chunks(30, 100_000),
    }));
    fixture.server.route('GET', '/short', () => ({
      status: 200,
      lengthBytes: 100,
      stream: chunks(1, 50),
    }));
    fixture.server.route('GET', '/never', async () => new Promise(() => undefined));
    await fixture.listen();
  });
  afterEach(async () => fixture.close());

  it('answers a signed request, with its parameters and its caller', async () => {
    const reply = await fixture
      .client()
      .request(fixture.peer, { method: 'GET', path: '/echo/word?q=1' });
    expect(reply.status).to.equal(200);
    expect(reply.body.toString()).to.equal('exec-2 word 1');
  });

  it('takes a body, and a stream of any length comes whole', async () => {
    const client = fixture.client();
    const body = Buffer.alloc(500_000, 7);
    const hash = await client.request(fixture.peer, { method: 'POST', path: '/hash', body });
    expect(hash.body.equals(createHash('sha256').update(body).digest())).to.equal(true);
    const stream = await client.open(fixture.peer, { method: 'GET', path: '/stream' });
    let sizeBytes = 0;
    for (let chunk = await stream.next(); chunk !== undefined; chunk = await stream.next()) {
      sizeBytes += chunk.length;
    }
    expect(sizeBytes).to.equal(3_000_000);
  });

  it('A01: refuses another key, another attempt and another executor', async () => {
    const other = fixture.client({ key: AttemptKey.generate().derive('data') });
    const request = { method: 'GET', path: '/echo/a' } as const;
    expect(await rejection(other.request(fixture.peer, request))).to.be.instanceOf(
      PeerRefusedError,
    );
    const previous = fixture.client({ attemptId: 'app-1.0' });
    expect(await rejection(previous.request(fixture.peer, request))).to.be.instanceOf(
      PeerRefusedError,
    );
    const formerId = { ...fixture.peer, id: 'exec-0' };
    expect(await rejection(fixture.client().request(formerId, request))).to.be.instanceOf(
      PeerGoneError,
    );
  });

  it('an answer that ends early, never comes or goes to nobody is a typed error that names the peer', async () => {
    const client = fixture.client();
    const { peer } = fixture;
    const short = await client.open(peer, { method: 'GET', path: '/short' });
    const failure = await rejection(
      (async () => {
        while ((await short.next()) !== undefined);
      })(),
    );
    expect(failure).to.be.instanceOf(PeerUnreachableError);
    expect(
      await rejection(client.request(peer, { method: 'GET', path: '/never', answerMs: 50 })),
    ).to.be.instanceOf(PeerTimeoutError);
    await fixture.server.close();
    const refused = await rejection(client.request(peer, { method: 'GET', path: '/echo/a' }));
    expect(refused).to.be.instanceOf(PeerUnreachableError);
    expect((refused as Error).message).to.contain('exec-1');
  });

  it('a reply that is larger than expected is not taken into memory', async () => {
    const failure = await rejection(
      fixture.client().request(fixture.peer, { method: 'GET', path: '/stream' }, 1000),
    );
    expect(failure).to.be.instanceOf(PeerProtocolError);
  });

  it('an upgrade is authenticated like any request', async () => {
    const sessions: string[] = [];
    fixture.server.onUpgrade('/control', (_request, socket, _head, session) => {
      sessions.push(session.callerId);
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    });
    const credentials = {
      key: fixture.key.derive('data'),
      attemptId: 'app-1.1',
      callerId: 'exec-3',
    };
    const signed = signRequest(credentials, {
      method: 'GET',
      path: '/control',
      targetId: 'exec-1',
    });
    const line = await upgrade(fixture.peer.port, signed.headers.authorization);
    expect(line).to.contain(' 101 ');
    expect(sessions).to.deep.equal(['exec-3']);
    // The same request again is a replay.
    expect(await upgrade(fixture.peer.port, signed.headers.authorization)).to.contain(' 401 ');
    expect(await upgrade(fixture.peer.port, 'Heddle1 x')).to.contain(' 401 ');
    expect(sessions).to.deep.equal(['exec-3']);
  });

  it('T2: a key prints as [key]', () => {
    const { key } = fixture;
    const secret = key.bytes().toString('hex').slice(0, 16);
    for (const text of [
      inspect(key),
      JSON.stringify({ key }),
      key.toString(),
      inspect({ a: [key] }),
    ]) {
      expect(text).to.contain('[key]');
      expect(text).not.to.contain(secret);
    }
    expect(Object.keys(key)).to.deep.equal([]);
  });

  it('keys of different purposes, infos and attempts differ, and are the same for the same', () => {
    const { key } = fixture;
    const derived = [
      key.derive('data'),
      key.derive('control'),
      key.derive('control', 'a'),
      key.forAttempt('1').derive('data'),
      key.forAttempt('2').derive('data'),
    ].map((bytes) => bytes.toString('hex'));
    expect(new Set(derived).size).to.equal(derived.length);
    const copy = AttemptKey.fromBytes(key.bytes());
    expect(copy.derive('control', 'a').toString('hex')).to.equal(derived[2]);
  });
});

async function* chunks(count: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(sizeBytes, 1);
  for (let i = 0; i < count; i++) {
    await Promise.resolve();
    yield chunk;
  }
}

async function upgrade(port: number, authorization: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET /control HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\nAuthorization: ${authorization}\r\n\r\n`,
      );
    });
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.once('close', () => resolve(text));
    socket.on('error', reject);
  });
}
