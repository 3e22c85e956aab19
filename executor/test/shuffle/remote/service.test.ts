import { createHmac } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessAlive, silentLogger } from '@heddle/common';
import { expect } from 'chai';
import { mostPartBytes, type ShuffleInput } from 'heddle/internal';
import {
  startShuffleService,
  type ShuffleServiceHandle,
} from '../../../src/shuffle-service/start-shuffle-service.js';
import { jobIdOf, stockPath } from '../../../src/shuffle/remote/stock-protocol.js';
import { APPLICATION, FetchFixture, pairsInto, type ServingExecutor } from './fetch-fixture.js';

const MAPS = 8;
const records = Array.from({ length: MAPS }, (_, map) =>
  Array.from({ length: 50 }, (_each, i) => [i, `map ${map} value ${i}`]),
);

describe('map outputs of executors that are gone', function () {
  this.timeout(120_000);
  let fixture: FetchFixture;
  let executor: ServingExecutor;
  let input: ShuffleInput;
  let service: ShuffleServiceHandle | undefined;

  beforeEach(async () => {
    fixture = new FetchFixture({ maxRetries: 1 });
    executor = await fixture.addExecutor('e1');
    input = fixture.write(pairsInto(2), records);
    service = undefined;
  });
  afterEach(async () => {
    await service?.stop();
    await fixture.close();
  });

  async function start(): Promise<ShuffleServiceHandle> {
    service = await startShuffleService({
      applicationId: APPLICATION,
      secret: fixture.key.derive('stock-shuffle'),
      localDirectories: [executor.directory],
      ownedDirectories: [],
      environment: {},
      logger: silentLogger,
    });
    const { host, port } = service;
    executor.peer = { ...executor.peer, shuffleService: { host, port } };
    return service;
  }

  it('A-165 F02 are read from the shuffle service of their host, as they were from the executor', async () => {
    await start();
    const before = await fixture.read(input);
    await executor.server.close();
    const after = await fixture.read(input);
    expect(after.error).to.equal(undefined);
    expect(after.records).to.deep.equal(before.records);
    expect(after.remoteBytes).to.equal(before.remoteBytes);
    // And when the registry knows it is gone, without asking it at all.
    executor.peer = { ...executor.peer, alive: false };
    expect((await fixture.read(input, 1)).error).to.equal(undefined);
  });

  it('A-165 F02 are read from it by each task that follows another one, too', async () => {
    await start();
    const many = fixture.write(pairsInto(20), records);
    const partitions = Array.from({ length: 20 }, (_, i) => i);
    const before = await fixture.readLaunch(many, partitions);
    expect(executor.requests).to.have.length(1);
    await executor.server.close();
    expect(await fixture.readLaunch(many, partitions)).to.deep.equal(before);
    expect(before.flatMap((reply) => reply.records)).to.have.length(MAPS * 50);
  });

  it('F39 are read from it also when only about the sizes of their parts is known', async () => {
    await start();
    // Keys 0 to 49 are in some of these partitions.
    const many = fixture.write(pairsInto(300), records);
    const reducer = Array.from({ length: 300 }, (_, part) => part).find(
      (part) => mostPartBytes(many.outputs[0]!, part) > 0,
    );
    expect(many.outputs[0]!.partSizeClasses).to.have.length(300);
    const before = await fixture.read(many, reducer);
    await executor.server.close();
    const after = await fixture.read(many, reducer);
    expect(after.error).to.equal(undefined);
    expect(after.records).to.have.length.greaterThan(MAPS - 1);
    expect(after.records).to.deep.equal(before.records);
    expect(after.remoteBytes).to.equal(before.remoteBytes);
  });

  it('a map output that the service lacks is lost, and nothing else', async () => {
    await start();
    await executor.server.close();
    const lost = input.outputs[3]!;
    rmSync(join(executor.directory, 'output', lost.mapId), { recursive: true });
    const reply = await fixture.read(input);
    expect(reply.error?.code).to.equal('SHUFFLE_FETCH');
    expect(reply.error?.mapId).to.equal(lost.mapId);
    expect(reply.error?.scope).to.equal('output');
    const first = await fixture.read({ ...input, outputs: input.outputs.slice(0, 3) });
    expect(reply.records).to.deep.equal(first.records);
  });

  it('without the service all of the executor is lost, with a dead service all of the host', async () => {
    await executor.server.close();
    const without = await fixture.read(input);
    expect(without.error?.scope).to.equal('executor');
    const { pid } = await start();
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    const killed = await fixture.read(input);
    expect(killed.error?.code).to.equal('SHUFFLE_FETCH');
    expect(killed.error?.scope).to.equal('host');
  });

  it('thousands of map outputs take requests of less than 4,000 bytes each', async () => {
    const { port } = await start();
    const many = fixture.write(
      pairsInto(1),
      Array.from({ length: 300 }, (_, map) => [[map, 'v']]),
    );
    await executor.server.close();
    const path = stockPath(
      jobIdOf(APPLICATION),
      0,
      many.outputs.slice(0, 120).map(({ mapId }) => mapId),
    );
    expect(path.length).to.be.greaterThan(4_096);
    expect((await ask(port, path, fixture.key.derive('stock-shuffle'))).status).to.equal(414);
    expect((await fixture.read(many)).records).to.deep.equal(
      Array.from({ length: 300 }, (_, map) => [map, 'v']),
    );
  });

  it('answers as the NodeManager does: headers, part headers, and errors', async () => {
    const { port } = await start();
    const secret = fixture.key.derive('stock-shuffle');
    const { mapId, partSizesBytes } = input.outputs[0]!;
    const path = stockPath(jobIdOf(APPLICATION), 1, [mapId]);
    const good = await ask(port, path, secret);
    expect(good.status).to.equal(200);
    expect(good.headers['name']).to.equal('mapreduce');
    expect(good.headers['version']).to.equal('1.0.0');
    const urlHash = createHmac('sha1', secret).update(`${port}${path}`).digest('base64');
    expect(good.headers['replyhash']).to.equal(
      createHmac('sha1', secret).update(urlHash).digest('base64'),
    );
    expect(good.body[0]).to.equal(mapId.length);
    expect(good.body.toString('latin1', 1, 1 + mapId.length)).to.equal(mapId);
    const part = readFileSync(join(executor.directory, 'output', mapId, 'file.out')).subarray(
      partSizesBytes[0],
    );
    expect(good.body.subarray(good.body.length - part.length).equals(part)).to.equal(true);

    expect((await ask(port, path, Buffer.from('wrong'))).status).to.equal(401);
    const otherJob = await ask(port, path.replace('job_test', 'job_other'), secret);
    expect(otherJob.status).to.equal(401);
    expect(otherJob.body.toString()).to.contain("Can't find job token");
    const range = await ask(port, path.replace('reduce=1', 'reduce=0-1'), secret);
    expect(range.status).to.equal(400);
    expect(range.body.toString()).to.equal('Bad reduce parameter');
    const missing = await ask(
      port,
      stockPath(jobIdOf(APPLICATION), 0, [mapId, 'heddle_no']),
      secret,
    );
    expect(missing.status).to.equal(500);
    expect(missing.body.toString()).to.contain('heddle_no');
    for (const id of ['..', '../output', '%2e%2e', '.', '/etc/passwd', `${mapId}/../${mapId}`]) {
      const hostile = stockPath(jobIdOf(APPLICATION), 0, [id]);
      expect((await ask(port, hostile, secret)).status, id).to.equal(500);
    }
  });

  it('strangers who take their time leave room for who has the key (A06)', async () => {
    const { host, port } = await start();
    const before = await fixture.read(input);
    await executor.server.close();
    // More than it takes connections in all.
    const strangers = Array.from({ length: 600 }, () => {
      const socket = connect({ host, port });
      socket.on('error', () => undefined);
      socket.write('GET /mapOutput');
      return socket;
    });
    try {
      const isOpen = (socket: Socket): boolean => !socket.destroyed && !socket.closed;
      while (strangers.filter(isOpen).length > 64) await sleep(20);
      const after = await fixture.read(input);
      expect(strangers.some(isOpen), 'some are still there').to.equal(true);
      expect(after.error).to.equal(undefined);
      expect(after.records).to.deep.equal(before.records);
      // Nor do they stay.
      while (strangers.some(isOpen)) await sleep(100);
    } finally {
      for (const socket of strangers) socket.destroy();
    }
  });

  it('the service ends with the process that started it, and removes what nobody else would', async () => {
    const owned = join(fixture.directory, 'application');
    cpSync(executor.directory, owned, { recursive: true });
    const started = await startShuffleService({
      applicationId: APPLICATION,
      secret: fixture.key.derive('stock-shuffle'),
      localDirectories: [owned],
      ownedDirectories: [owned, join(fixture.directory, 'program')],
      environment: {},
      logger: silentLogger,
    });
    const environ = readFileSync(`/proc/${started.pid}/environ`, 'latin1');
    const commandLine = readFileSync(`/proc/${started.pid}/cmdline`, 'latin1');
    const secret = fixture.key.derive('stock-shuffle');
    for (const encoding of ['hex', 'base64', 'latin1'] as const) {
      expect(environ + commandLine).not.to.contain(secret.toString(encoding));
    }
    const ours = join(fixture.directory, 'program');
    cpSync(executor.directory, ours, { recursive: true });
    await started.stop();
    await gone(started.pid);
    expect(existsSync(owned)).to.equal(false);
    expect(existsSync(ours), 'what a stopped application shares with the next one').to.equal(true);
  });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
}

async function ask(port: number, path: string, secret: Uint8Array): Promise<Answer> {
  const UrlHash = createHmac('sha1', secret).update(`${port}${path}`).digest('base64');
  return new Promise((resolve, reject) => {
    const headers = { name: 'mapreduce', version: '1.0.0', UrlHash };
    const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Waits until a process of ours has ended. */
async function gone(pid: number): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (!isProcessAlive(pid)) return;
    await sleep(20);
  }
  throw new Error(`process ${pid} is still there`);
}
