import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { silentLogger } from '@heddle/common';
import type { MapOutputLocation, ShuffleInput, ShuffleWriteSpec } from 'heddle/internal';
import { keyedPartSeal } from '../../../src/shuffle/keyed-part-seal.js';
import { ExecutorShuffle } from '../../../src/shuffle/remote/executor-shuffle.js';
import type { FetchFeeder } from '../../../src/shuffle/remote/fetch-feeder.js';
import type { OpenFetchMessage } from '../../../src/shuffle/remote/fetch-messages.js';
import type {
  FetchLimits,
  ShuffleNetwork,
  ShufflePeer,
} from '../../../src/shuffle/remote/shuffle-network.js';
import { StockShuffleClient } from '../../../src/shuffle/remote/stock-client.js';
import { jobIdOf } from '../../../src/shuffle/remote/stock-protocol.js';
import { prepareLocalDirectory } from '../../../src/storage/local-directories.js';
import {
  AttemptKey,
  AuthenticatedClient,
  AuthenticatedServer,
  type ServerReply,
} from '../../../src/transport/index.js';
import { writeShuffle } from '../test-environment.js';
import type { FetchWorkerReply, FetchWorkerRequest } from './fetch-worker-messages.js';

export const APPLICATION = 'test_1700000000000_0001';

/** An executor as far as others see it: its directory, its map outputs, its server. */
export class ServingExecutor {
  readonly directory: string;
  readonly server: AuthenticatedServer;
  readonly shuffle: ExecutorShuffle;
  peer: ShufflePeer;
  /** Requests for parts, as they came. */
  readonly requests: string[] = [];
  /** Makes another answer of a right one. */
  tamper: ((body: Buffer, reply: ServerReply) => ServerReply) | undefined;

  constructor(
    readonly executorId: string,
    key: AttemptKey,
    client: AuthenticatedClient,
  ) {
    this.directory = mkdtempSync(join(tmpdir(), 'heddle-serving-test-'));
    prepareLocalDirectory(this.directory);
    this.server = new AuthenticatedServer({
      key: key.derive('data'),
      attemptId: 'a1',
      targetId: executorId,
      logger: silentLogger,
    });
    const routes: ShuffleNetwork['routes'] = {
      route: (method, pattern, handler, options) =>
        this.server.route(
          method,
          pattern,
          async (request) => {
            this.requests.push(`${pattern} ${request.body.toString()}`);
            const reply = await handler(request);
            return this.tamper?.(request.body, reply) ?? reply;
          },
          options,
        ),
    };
    this.shuffle = new ExecutorShuffle({
      applicationId: APPLICATION,
      slots: 1,
      localDirectories: [this.directory],
      logger: silentLogger,
      shuffle: {
        client,
        routes,
        find: () => undefined,
        partSealKey: key.derive('part-seal'),
      },
    });
    this.peer = { peer: { id: executorId, host: '127.0.0.1', port: 0 }, alive: true };
  }

  async listen(): Promise<void> {
    const { port } = await this.server.listen('127.0.0.1');
    this.peer = { ...this.peer, peer: { ...this.peer.peer, port } };
  }
}

/** A reading thread with its host, and the executors that it reads from. */
export class FetchFixture {
  readonly key = AttemptKey.generate();
  readonly client = new AuthenticatedClient({
    key: this.key.derive('data'),
    attemptId: 'a1',
    callerId: 'reader',
  });
  readonly executors: ServingExecutor[] = [];
  readonly stock = new StockShuffleClient({
    jobId: jobIdOf(APPLICATION),
    secret: this.key.derive('stock-shuffle'),
    answerMs: 20_000,
    stallMs: 2_000,
  });
  readonly directory = mkdtempSync(join(tmpdir(), 'heddle-reader-test-'));
  readonly reader: ExecutorShuffle;
  #feeder: FetchFeeder;
  readonly #worker: Worker;
  #answer: ((reply: FetchWorkerReply) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;
  #nextAttempt = 0;

  constructor(limits: Partial<FetchLimits> = {}) {
    prepareLocalDirectory(this.directory);
    this.reader = new ExecutorShuffle({
      applicationId: APPLICATION,
      slots: 1,
      localDirectories: [this.directory],
      logger: silentLogger,
      shuffle: {
        client: this.client,
        routes: { route: () => undefined },
        find: (executorId) =>
          this.executors.find((executor) => executor.executorId === executorId)?.peer,
        partSealKey: this.key.derive('part-seal'),
        stock: this.stock,
        limits: { retryWaitMs: 20, ...limits },
      },
    });
    this.#feeder = this.reader.newFeeder()!;
    this.#worker = new Worker(new URL('./fetch-worker.js', import.meta.url), { execArgv: [] });
    this.#worker.on('error', (error) => this.#fail?.(error));
    this.#worker.on('message', (message: OpenFetchMessage | FetchWorkerReply) => {
      if (message.kind === 'reply') this.#answer?.(message);
      else this.#feeder.handle(message);
    });
  }

  /** Fetches that the host still works for. */
  get openFetches(): number {
    return this.#feeder.openCount;
  }

  async addExecutor(executorId: string): Promise<ServingExecutor> {
    const executor = new ServingExecutor(executorId, this.key, this.client);
    await executor.listen();
    this.executors.push(executor);
    return executor;
  }

  /** Map task `i` runs on executor `i mod n`. */
  write(spec: ShuffleWriteSpec, records: readonly (readonly unknown[])[]): ShuffleInput {
    const outputs = records.map((part, partition): MapOutputLocation => {
      const executor = this.executors[partition % this.executors.length]!;
      const { statuses } = writeShuffle(spec, [part], {
        directories: [executor.directory],
        partSeal: keyedPartSeal(this.key.derive('part-seal')),
        shuffleCompression: 'none',
        taskAttemptId: 10_000 + this.#nextAttempt++,
      });
      const status = statuses[0]!;
      executor.shuffle.add(status);
      return { ...status, executorId: executor.executorId, host: 'elsewhere' };
    });
    return {
      shuffleId: spec.shuffleId,
      generation: 0,
      numReducePartitions: spec.partitioner.numPartitions,
      outputs,
    };
  }

  /** Reads one reduce partition in the thread. */
  async read(
    input: ShuffleInput,
    reducePartition = 0,
    options: Partial<FetchWorkerRequest> = {},
  ): Promise<FetchWorkerReply> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
      const request: FetchWorkerRequest = {
        input,
        reducePartition,
        executorId: 'reader',
        host: 'here',
        localDirectories: [this.directory],
        readHostLocalDisk: true,
        partSealKey: this.key.derive('part-seal'),
        memoryBudgetBytes: 64 * 2 ** 20,
        maxBatches: Number.MAX_SAFE_INTEGER,
        nextPartitions: [],
        ...options,
      };
      this.#worker.postMessage(request);
    });
  }

  /** Reads reduce partitions as tasks of one launch do, one after another. */
  async readLaunch(
    input: ShuffleInput,
    partitions: readonly number[],
    options: Partial<FetchWorkerRequest> = {},
  ): Promise<FetchWorkerReply[]> {
    const replies: FetchWorkerReply[] = [];
    for (const [i, partition] of partitions.entries()) {
      const nextPartitions = partitions.slice(i + 1);
      replies.push(await this.read(input, partition, { nextPartitions, ...options }));
    }
    return replies;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
    this.#feeder.close();
    this.client.close();
    this.stock.close();
    for (const { server, directory } of this.executors) {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A shuffle of pairs into `numPartitions`. */
export function pairsInto(numPartitions: number): ShuffleWriteSpec {
  return {
    shuffleId: 5,
    partitioner: { kind: 'hash', numPartitions },
    mapSideCombine: false,
    keyed: true,
  };
}
