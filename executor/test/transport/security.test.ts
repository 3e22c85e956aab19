import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ManualClock } from '@heddle/common';
import { RequestVerifier, signRequest, type Credentials } from '../../src/transport/index.js';
import { TransportFixture } from './transport-fixture.js';

describe('what the transport refuses', function () {
  this.timeout(120_000);
  let fixture: TransportFixture;
  let effects: number;
  let credentials: Credentials;

  beforeEach(async () => start(60_000));
  afterEach(async () => fixture.close());

  async function start(idleMs: number): Promise<void> {
    effects = 0;
    fixture = new TransportFixture({
      limits: { headersMs: 1_000, idleMs, strangersPerAddress: 50 },
    });
    fixture.server.route('POST', '/status', (request) => {
      effects += 1;
      return { status: 200, body: Buffer.from(String(request.body.length)) };
    });
    fixture.server.route('GET', '/large', () => ({
      status: 200,
      lengthBytes: 2 ** 30,
      stream: endless(),
    }));
    await fixture.listen();
    credentials = { key: fixture.key.derive('data'), attemptId: 'app-1.1', callerId: 'exec-2' };
  }

  const signed = (body: Buffer, path = '/status', method = 'POST'): string =>
    signRequest(credentials, { method, path, targetId: 'exec-1', body }).headers.authorization;

  it('T3 every byte of a signature, the method, the path and the body counts: 600 mutants, 0 effects', async () => {
    const verifier = new RequestVerifier({
      key: credentials.key,
      attemptId: 'app-1.1',
      targetId: 'exec-1',
    });
    const header = signed(Buffer.from('hello'));
    const verdict = (method: string, path: string, text: string): string =>
      verifier.verify(method, path, text, false).kind;
    expect(verdict('POST', '/status', header)).to.equal('accepted');
    let mutants = 0;
    for (let at = 0; at < header.length; at++) {
      for (const mask of [1, 4, 0x20]) {
        const bytes = Buffer.from(header, 'latin1');
        bytes[at]! ^= mask;
        expect(verdict('POST', '/status', bytes.toString('latin1')), `${at} ${mask}`).not.to.equal(
          'accepted',
        );
        mutants += 1;
      }
      expect(verdict('POST', '/status', header.slice(0, at))).not.to.equal('accepted');
      mutants += 1;
    }
    for (const path of ['/statuS', '/status/', '/status?', '/status?a=1', '//status']) {
      expect(verdict('POST', path, header)).not.to.equal('accepted');
      mutants += 1;
    }
    expect(verdict('PUT', '/status', header)).not.to.equal('accepted');
    expect(mutants).to.be.greaterThan(600);
    // The body is covered through its seal.
    const answers = await exchange(
      `POST /status HTTP/1.1\r\nHost: x\r\nAuthorization: ${header}\r\nContent-Length: 5\r\n\r\nhellO`,
    );
    expect(answers).to.contain('HTTP/1.1 401');
    expect(effects).to.equal(0);
  });

  it('A03 T3 a captured request that changes something has one effect, however often it is sent', async () => {
    const request = `POST /status HTTP/1.1\r\nHost: x\r\nAuthorization: ${signed(Buffer.from('a'))}\r\nContent-Length: 1\r\n\r\na`;
    const first = await exchange(request);
    expect(first).to.contain('HTTP/1.1 200');
    for (let i = 0; i < 99; i++) expect(await exchange(request)).to.contain('HTTP/1.1 401');
    expect(effects).to.equal(1);
  });

  it('T3 a signature for another process, and one of another minute, are refused', () => {
    const clock = new ManualClock(1_700_000_000_000);
    const verifier = new RequestVerifier({
      key: credentials.key,
      attemptId: 'app-1.1',
      targetId: 'exec-1',
      clock,
    });
    const verdictAt = (skewMs: number, targetId = 'exec-1'): string => {
      const request = { method: 'GET', path: '/x', targetId };
      const { authorization } = signRequest(credentials, request, clock.nowMs() + skewMs).headers;
      return verifier.verify('GET', '/x', authorization, false).kind;
    };
    expect(verdictAt(0, 'exec-7')).to.equal('wrongTarget');
    for (const skewMs of [-50_000, 0, 50_000]) expect(verdictAt(skewMs)).to.equal('accepted');
    for (const skewMs of [-90_000, 90_000]) expect(verdictAt(skewMs)).to.equal('refused');
  });

  it('A02 T1 2,000 wrong credentials: 401 with nothing in it, connection closed after three, few log lines', async () => {
    const wrong = ['', 'Heddle1 x', 'Bearer abc', signed(Buffer.alloc(0)).slice(0, -3)];
    for (let round = 0; round < 500; round++) {
      const requests = wrong
        .map((text) => `GET /status HTTP/1.1\r\nHost: x\r\nAuthorization: ${text}\r\n\r\n`)
        .join('');
      const answer = await exchange(requests);
      const refused = answer.match(/HTTP\/1.1 401/g)?.length ?? 0;
      expect(refused).to.equal(3);
      expect(answer).not.to.match(/server|node|heddle-reply/i);
    }
    expect(fixture.logger.lines.length).to.be.lessThan(10);
    expect(effects).to.equal(0);
  });

  it('A04 malformed HTTP: refused or closed, and the next request is answered', async () => {
    const good = signed(Buffer.from('a'));
    const auth = `Authorization: ${good}\r\n`;
    const hostile = [
      'BOGUS /status HTTP/1.1\r\nHost: x\r\n\r\n',
      `POST /status HTTP/1.1\r\nHost: x\r\n${auth}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
      `POST /status HTTP/1.1\r\nHost: x\r\n${auth}Content-Length: -1\r\n\r\n`,
      `POST /status HTTP/1.1\r\nHost: x\r\n${auth}Content-Length: 99999999999999999999\r\n\r\n`,
      `GET /status HTTP/1.1\r\nHost: x\r\n${'X-A: b\r\n'.repeat(20_000)}\r\n`,
      `GET /status HTTP/1.1\r\nHost: x\r\nX-A: ${'b'.repeat(100_000)}\r\n\r\n`,
      'GET /status\r\n\r\n',
      'GET /status HTTP/9.9\r\nHost: x\r\n\r\n',
      Buffer.from('160301020001000100', 'hex').toString('latin1'),
      `GET /a HTTP/1.1\r\nHost: x\r\n\r\n\0\0garbage\r\n\r\n`,
      `CONNECT example.org:80 HTTP/1.1\r\nHost: example.org\r\n\r\n`,
      'GET /status HTTP/1.1\r\n\r\n',
    ];
    for (const text of hostile) {
      const answer = await exchange(text);
      expect(answer, JSON.stringify(text.slice(0, 60))).not.to.contain('HTTP/1.1 2');
    }
    expect(effects).to.equal(0);
    const body = Buffer.from('alive');
    const reply = await fixture
      .client()
      .request(fixture.peer, { method: 'POST', path: '/status', body });
    expect(reply.body.toString()).to.equal('5');
  });

  it('A05 an endless body without credentials is not read, a too large one with credentials neither', async () => {
    const before = process.memoryUsage().rss;
    const sent = await flood(
      'POST /status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    // What kernels buffer, and no more.
    expect(sent).to.be.lessThan(64 * 2 ** 20);
    const authorization = signed(Buffer.from('a'));
    const large = await exchange(
      `POST /status HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 10737418240\r\n\r\n`,
    );
    expect(large).to.contain('HTTP/1.1 413');
    expect(process.memoryUsage().rss - before).to.be.lessThan(128 * 2 ** 20);
    // Compressed bodies are bytes like any others: nothing is ever inflated.
    const bomb = gzipSync(Buffer.alloc(10 * 2 ** 20));
    const reply = await fixture
      .client()
      .request(fixture.peer, { method: 'POST', path: '/status', body: bomb });
    expect(reply.body.toString()).to.equal(String(bomb.length));
  });

  it('A06 slow loris: connections of strangers are few and short, genuine ones are served meanwhile', async () => {
    const sockets: Socket[] = [];
    const client = fixture.client();
    const body = Buffer.from('a');
    // A connection that is known before the flood.
    await client.request(fixture.peer, { method: 'POST', path: '/status', body });
    let closed = 0;
    for (let i = 0; i < 300; i++) {
      const socket = connect(fixture.peer.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.once('close', () => (closed += 1));
      socket.resume();
      socket.write('GET /status HTTP/1.1\r\nHost: x\r\nX-Slow: ');
      sockets.push(socket);
    }
    await until(() => closed >= 250);
    const reply = await client.request(fixture.peer, { method: 'POST', path: '/status', body });
    expect(reply.status).to.equal(200);
    // And the others by the time limit for headers.
    await until(() => closed === 300);
    for (const socket of sockets) socket.destroy();
  });

  it('A06 a caller that never reads holds a bounded amount of memory, and is given up', async () => {
    await fixture.close();
    await start(1_500);
    const before = process.memoryUsage();
    const authorization = signed(Buffer.alloc(0), '/large', 'GET');
    const sockets = Array.from({ length: 10 }, () => {
      const socket = connect(fixture.peer.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.pause();
      socket.write(`GET /large HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`);
      return socket;
    });
    await until(() => fixture.server.activeRequests === 10);
    const after = process.memoryUsage();
    const grown = after.arrayBuffers + after.external - before.arrayBuffers - before.external;
    expect(grown).to.be.lessThan(64 * 2 ** 20);
    await until(() => fixture.server.activeRequests === 0);
    for (const socket of sockets) socket.destroy();
  });

  it('T4 paths that are not a plain sequence of known segments lead nowhere', async () => {
    const paths = [
      '/status/../status',
      '/%73tatus',
      '/status%00',
      '//status',
      '/./status',
      '/status/',
      '/STATUS',
      '/status\\',
      '/status;a',
      '*',
      'http://x/status',
    ];
    for (const path of paths) {
      const authorization = signed(Buffer.from('a'), path);
      const answer = await exchange(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 1\r\n\r\na`,
      );
      expect(answer, path).to.match(/^HTTP\/1.1 (404|400)/);
    }
    expect(effects).to.equal(0);
  });

  /** Sends, half-closes, and gives back all that was answered. */
  async function exchange(text: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(fixture.peer.port, '127.0.0.1');
      let answer = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
      socket.once('close', () => resolve(answer));
      socket.end(Buffer.from(text, 'latin1'));
    });
  }

  /** Sends without end; the bytes that were taken before the connection was closed. */
  async function flood(head: string): Promise<number> {
    return new Promise((resolve) => {
      const socket = connect(fixture.peer.port, '127.0.0.1');
      const chunk = Buffer.from(`10000\r\n${'a'.repeat(65_536)}\r\n`);
      socket.on('error', () => undefined);
      socket.once('close', () => resolve(socket.bytesWritten));
      socket.write(head);
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    });
  }
});

async function* endless(): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(2 ** 18);
  for (let i = 0; i < 2 ** 12; i++) {
    await Promise.resolve();
    yield chunk;
  }
}

/** Waits for a state, at most a minute. */
async function until(state: () => boolean): Promise<void> {
  for (let i = 0; i < 3_000; i++) {
    if (state()) return;
    await sleep(20);
  }
  throw new Error('it did not come to that');
}
