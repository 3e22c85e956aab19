import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ShuffleInput } from 'heddle/internal';
import type { FetchWorkerReply } from './fetch-worker-messages.js';
import { FetchFixture, pairsInto, type ServingExecutor } from './fetch-fixture.js';

const records = Array.from({ length: 2 }, (_, map) =>
  Array.from({ length: 300 }, (_each, i) => [i, `map ${map} value ${i}`]),
);

describe('damaged map outputs of other executors', function () {
  this.timeout(120_000);
  let fixture: FetchFixture;
  let executor: ServingExecutor;
  let input: ShuffleInput;

  beforeEach(async () => {
    fixture = new FetchFixture({ maxRetries: 3, stallMs: 500 });
    executor = await fixture.addExecutor('e1');
    input = fixture.write(pairsInto(1), records);
  });
  afterEach(async () => fixture.close());

  const file = (map: number): string =>
    join(executor.directory, 'output', input.outputs[map]!.mapId, 'file.out');

  function expectLost(reply: FetchWorkerReply, map: number, what: string): void {
    expect(reply.error?.code, what).to.equal('SHUFFLE_FETCH');
    expect(reply.error?.mapId, what).to.equal(input.outputs[map]!.mapId);
    // What came before may have been given on; nothing of the damaged part may.
    expect(reply.records, what).to.deep.equal(records.slice(0, map).flat());
  }

  it('F29 A-162 a flipped bit anywhere in a part is detected, and the disk is blamed', async () => {
    const sizeBytes = input.outputs[1]!.partSizesBytes[0]!;
    for (let i = 0; i < 100; i++) {
      const at = Math.floor((i * sizeBytes) / 100);
      flip(file(1), at, 1 << (i % 8));
      const reply = await fixture.read(input);
      expectLost(reply, 1, `bit ${i % 8} of byte ${at}`);
      if (i % 10 === 0) expect(reply.error?.message).to.contain('that disk is to blame');
      flip(file(1), at, 1 << (i % 8));
    }
    expect((await fixture.read(input)).records).to.deep.equal(records.flat());
  });

  it('F29 a truncated or deleted file is a lost output', async () => {
    truncateSync(file(1), input.outputs[1]!.partSizesBytes[0]! - 1);
    const truncated = await fixture.read(input);
    expectLost(truncated, 1, 'truncated');
    expect(truncated.error?.scope).to.equal('output');
    rmSync(file(1));
    const deleted = await fixture.read(input);
    expectLost(deleted, 1, 'deleted');
    expect(deleted.error?.message).to.contain('gone from the disk');
  });

  it('F29 two files that were swapped are detected, though both are whole', async () => {
    copyFileSync(file(0), `${file(0)}.aside`);
    copyFileSync(file(1), file(0));
    copyFileSync(`${file(0)}.aside`, file(1));
    expectLost(await fixture.read(input), 0, 'swapped');
  });

  it('F29 the same with direct reads of the same host', async () => {
    const here = {
      ...input,
      outputs: input.outputs.map((output) => ({ ...output, host: 'here' })),
    };
    const localDirectories = [fixture.directory, executor.directory];
    flip(file(0), 40, 4);
    expectLost(await fixture.read(here, 0, { localDirectories }), 0, 'flipped');
    flip(file(0), 40, 4);
    const whole = await fixture.read(here, 0, { localDirectories });
    expect(whole.records).to.deep.equal(records.flat());
    // A damaged index is no loss: the executor knows where its parts stand.
    writeFileSync(join(file(0), '..', 'file.out.index'), Buffer.alloc(32));
    expect((await fixture.read(here, 0, { localDirectories })).records).to.deep.equal(
      records.flat(),
    );
  });

  it('A07 a symbolic link in the place of a file is not followed, neither by the server nor directly', async () => {
    const secret = join(fixture.directory, 'secret');
    writeFileSync(secret, readFileSync(file(0)));
    rmSync(file(0));
    symlinkSync(secret, file(0));
    expectLost(await fixture.read(input), 0, 'served');
    const here = {
      ...input,
      outputs: input.outputs.map((output) => ({ ...output, host: 'here' })),
    };
    const localDirectories = [fixture.directory, executor.directory];
    expectLost(await fixture.read(here, 0, { localDirectories }), 0, 'direct');
  });

  describe('behind a network that', () => {
    let proxy: Proxy;
    beforeEach(async () => {
      proxy = await Proxy.start(executor.peer.peer.port);
      executor.peer = { ...executor.peer, peer: { ...executor.peer.peer, port: proxy.port } };
    });
    afterEach(async () => proxy.close());

    it('F30 corrupts once: the part is fetched again', async () => {
      proxy.fault = { kind: 'corrupt', atByte: 2000, times: 1 };
      const reply = await fixture.read(input);
      expect(reply.error).to.equal(undefined);
      expect(reply.records).to.deep.equal(records.flat());
      expect(proxy.faults).to.equal(1);
    });

    it('F30 corrupts always: a fetch failure that blames the network', async () => {
      proxy.fault = { kind: 'corrupt', atByte: 2000, times: 1_000 };
      const reply = await fixture.read(input);
      expect(reply.error?.code).to.equal('SHUFFLE_FETCH');
      expect(reply.error?.message).to.contain('the network damages');
      expect(proxy.faults).to.be.greaterThan(1);
    });

    it('F30 cuts the answer: tried again, and three times at most after the first', async () => {
      proxy.fault = { kind: 'cut', atByte: 2000, times: 2 };
      expect((await fixture.read(input)).records).to.deep.equal(records.flat());
      expect(proxy.faults).to.equal(2);
      proxy.reset();
      proxy.fault = { kind: 'cut', atByte: 900, times: 1_000 };
      const reply = await fixture.read(input);
      expect(reply.error?.code).to.equal('SHUFFLE_FETCH');
      expect(reply.error?.scope).to.equal('executor');
      expect(proxy.faults).to.equal(4);
    });

    it('F30 stands still in the middle: ended by the stall time-out, and tried again', async () => {
      proxy.fault = { kind: 'stall', atByte: 2000, times: 1 };
      expect((await fixture.read(input)).records).to.deep.equal(records.flat());
      expect(proxy.faults).to.equal(1);
    });

    it('F30 lies about the length: detected, and tried again', async () => {
      proxy.fault = { kind: 'length', atByte: 0, times: 1 };
      expect((await fixture.read(input)).records).to.deep.equal(records.flat());
      expect(proxy.faults).to.equal(1);
    });
  });
});

function flip(path: string, at: number, mask: number): void {
  const descriptor = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, at);
  byte[0]! ^= mask;
  writeSync(descriptor, byte, 0, 1, at);
  closeSync(descriptor);
}

interface Fault {
  readonly kind: 'corrupt' | 'cut' | 'stall' | 'length';
  /** Of the answers of one connection; for `corrupt` of a packet. */
  readonly atByte: number;
  times: number;
}

/** A TCP proxy that does harm. */
class Proxy {
  fault: Fault | undefined;
  /** How often it did. */
  faults = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(targetPort: number): Promise<Proxy> {
    const proxy = new Proxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', () => resolve()));
    return proxy;
  }

  private constructor(targetPort: number) {
    this.#server = createServer((near) => {
      const far = connect(targetPort, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          near.destroy();
          far.destroy();
        });
      }
      near.on('data', (chunk) => far.write(chunk));
      let passed = 0;
      let stalled = false;
      far.on('data', (chunk) => {
        const { fault } = this;
        const start = passed;
        passed += chunk.length;
        if (stalled) return;
        const reached =
          fault?.kind === 'corrupt' ? chunk.length > fault.atByte : passed > (fault?.atByte ?? 0);
        const hit = fault !== undefined && fault.times > 0 && reached;
        if (!hit) {
          near.write(chunk);
          return;
        }
        fault.times -= 1;
        this.faults += 1;
        const at = Math.max(0, fault.atByte - start);
        switch (fault.kind) {
          case 'corrupt':
            chunk[fault.atByte]! ^= 1;
            near.write(chunk);
            return;
          case 'cut':
            near.end(chunk.subarray(0, at));
            return;
          case 'stall':
            stalled = true;
            near.write(chunk.subarray(0, at));
            return;
          case 'length': {
            const text = chunk.toString('latin1');
            near.write(
              Buffer.from(
                text.replace(
                  /content-length: (\d+)/i,
                  (_all, n: string) => `content-length: ${Number(n) - 1}`,
                ),
                'latin1',
              ),
            );
          }
        }
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  reset(): void {
    this.faults = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
