import { open } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import type { StoredResult } from 'heddle/internal';
import { BlockFile } from '../storage/block-file.js';
import { wholeNumber, type PeerRoutes } from '../storage/remote/peers.js';
import type { BodyReply } from '../transport/index.js';

/** Bytes of a result that one request asks for, at most. */
export const resultRangeBytes = 4 * 2 ** 20;

/** How an executor keeps results. */
export interface ResultStoreOptions {
  /** Private folders for those that do not stay in memory. */
  readonly directories: readonly string[];
  /** Bytes of results in memory; the others go to files. */
  readonly memoryLimitBytes: number;
  /** Told how many bytes of memory they take now. */
  memoryChanged(usedBytes: number): void;
}

type KeptResult =
  | { readonly kind: 'memory'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string };

/**
 * Results that are too large for a message, until the driver has fetched them or says that nobody
 * wants them. Source: Spark 4.0 keeps them as blocks (`TaskResultBlockId`).
 */
export class ResultStore {
  readonly #options: ResultStoreOptions;
  readonly #results = new Map<string, KeptResult>();
  #memoryBytes = 0;
  #next = 0;

  constructor(options: ResultStoreOptions) {
    this.#options = options;
  }

  /** Results that nobody has fetched yet. */
  get size(): number {
    return this.#results.size;
  }

  /** Takes a result over. Throws `StorageFullError` when neither memory nor disk has room for it. */
  keep(bytes: Uint8Array): StoredResult {
    const number = this.#next++;
    const resultId = `r${number}`;
    const { directories, memoryLimitBytes } = this.#options;
    if (this.#memoryBytes + bytes.byteLength <= memoryLimitBytes) {
      this.#results.set(resultId, { kind: 'memory', bytes });
      this.#memoryUsed(bytes.byteLength);
    } else {
      const file = new BlockFile(directories, `result-${number}`, number);
      file.append(bytes);
      this.#results.set(resultId, { kind: 'file', path: file.finish() });
    }
    return { kind: 'stored', resultId, sizeBytes: bytes.byteLength };
  }

  /** Forgets a result; idempotent. */
  drop(resultId: string): void {
    const result = this.#results.get(resultId);
    if (result === undefined) return;
    this.#results.delete(resultId);
    if (result.kind === 'memory') this.#memoryUsed(-result.bytes.byteLength);
    else rmSync(result.path, { force: true });
  }

  /** Serves `GET /results/:id/:from/:to`: bytes of a result, the end not included. */
  install(routes: PeerRoutes): void {
    routes.route('GET', '/results/:id/:from/:to', ({ parameters }) =>
      this.#serve(
        parameters['id'] ?? '',
        wholeNumber(parameters['from']),
        wholeNumber(parameters['to']),
      ),
    );
  }

  async #serve(
    resultId: string,
    from: number | undefined,
    to: number | undefined,
  ): Promise<BodyReply> {
    const result = this.#results.get(resultId);
    if (result === undefined || from === undefined || to === undefined) return { status: 404 };
    if (to < from || to - from > resultRangeBytes) return { status: 400 };
    if (result.kind === 'memory') return { status: 200, body: result.bytes.subarray(from, to) };
    const file = await open(result.path, 'r');
    try {
      const body = Buffer.allocUnsafeSlow(to - from);
      const { bytesRead } = await file.read(body, 0, body.length, from);
      return { status: 200, body: body.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  }

  #memoryUsed(bytes: number): void {
    this.#memoryBytes += bytes;
    this.#options.memoryChanged(this.#memoryBytes);
  }
}
