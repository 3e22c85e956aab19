import { describeThrown, type Logger } from '@heddle/common';
import { RingWriter } from '../../input/input-ring.js';
import type { ReplyStream } from '../../transport/reply-stream.js';
import type { BufferPool } from './buffer-pool.js';
import {
  recordKind,
  type FetchFailure,
  type FetchPart,
  type OpenFetchMessage,
} from './fetch-messages.js';
import type { PartFetcher } from './part-fetcher.js';
import { PartFile } from './part-file.js';
import { MAX_ENTRIES, MAX_PARTS } from './parts-wire.js';
import { RecordWriter } from './ring-records.js';
import type { WantedPart } from './wanted-ranges.js';

/** What a job uses of its executor. */
export interface FetchJobServices {
  readonly fetcher: PartFetcher;
  readonly pool: BufferPool;
  /** Bytes that one job holds ahead of its thread. */
  readonly windowBytes: number;
  /** Where parts go that are too large for that. */
  readonly directories: readonly string[];
  readonly logger: Logger;
}

/** A buffer that several parts of one request share. */
interface Slab {
  readonly buffer: Buffer;
  users: number;
}

/** A part on its way: becomes a failure, or bytes in memory, or a file. */
interface Slot {
  readonly settled: Promise<FetchFailure | undefined>;
  /** Counts against the window. */
  readonly heldBytes: number;
  readonly slab: Slab | undefined;
  /** Cut to what came when it is settled. */
  bytes: Buffer | undefined;
  file: PartFile | undefined;
  isSettled: boolean;
}

/**
 * Fetches the parts of one reducer, and behind them those of later ones, for its thread: asks in map
 * order, many parts of an executor at once, and hands them over in map order, reducer by reducer.
 * Never holds more than the window, whatever the thread does; the part that the thread waits for is
 * always under way.
 */
export class FetchJob {
  readonly #message: OpenFetchMessage;
  readonly #services: FetchJobServices;
  readonly #ring: RingWriter;
  readonly #records: RecordWriter;
  readonly #slots = new Map<number, Slot>();
  readonly #abort = new AbortController();
  readonly #largestInMemory: number;
  #nextToAsk = 0;
  #heldBytes = 0;

  constructor(message: OpenFetchMessage, services: FetchJobServices) {
    this.#message = message;
    this.#services = services;
    this.#ring = new RingWriter(message);
    this.#records = new RecordWriter(this.#ring);
    this.#largestInMemory = Math.min(message.memoryLimitBytes, services.windowBytes);
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      if (this.#message.purpose === 'check') await this.#check();
      else await this.#deliverAll();
      await this.#records.end();
    } catch (error) {
      // The thread must not wait for what never comes.
      const failure: FetchFailure = {
        reason: describeThrown(error),
        scope: 'output',
        isOwnFault: true,
      };
      await this.#records.write(recordKind.failure, 0, jsonBytes(failure));
      await this.#records.end();
    } finally {
      this.#abort.abort();
      for (const slot of this.#slots.values()) void slot.file?.discard();
      this.#ring.release();
    }
  }

  /** The thread has ended. */
  close(): void {
    this.#abort.abort();
    this.#ring.closeFromHost();
  }

  async #check(): Promise<void> {
    const { executorId, mapId, reducer } = this.#message.parts[0]!;
    const text = await this.#services.fetcher.check(executorId, mapId, reducer);
    await this.#records.write(recordKind.diagnosis, 0, Buffer.from(text));
  }

  async #deliverAll(): Promise<void> {
    const { parts } = this.#message;
    for (let index = 0; index < parts.length; index++) {
      this.#askAhead();
      const slot = this.#slots.get(index)!;
      // What the thread could work on meanwhile shall not wait in a packet that is not full.
      if (!slot.isSettled) this.#records.flush();
      const failure = await slot.settled;
      if (this.#abort.signal.aborted) return;
      const wanted = await this.#deliver(index, slot, failure);
      this.#release(slot);
      this.#slots.delete(index);
      if (!wanted) return;
    }
  }

  async #deliver(index: number, slot: Slot, failure: FetchFailure | undefined): Promise<boolean> {
    if (failure !== undefined) {
      void slot.file?.discard();
      return this.#records.write(recordKind.failure, index, jsonBytes(failure));
    }
    if (slot.bytes !== undefined) {
      return this.#records.write(recordKind.bytes, index, slot.bytes);
    }
    const file = slot.file!;
    await file.close();
    const wanted = await this.#records.write(recordKind.file, index, Buffer.from(file.path));
    if (!wanted) await file.discard();
    return wanted;
  }

  #release(slot: Slot): void {
    this.#heldBytes -= slot.heldBytes;
    const { slab } = slot;
    if (slab === undefined) return;
    slab.users -= 1;
    if (slab.users === 0) this.#services.pool.give(slab.buffer);
  }

  /** Asks for more once half of the window is free, so that requests are not tiny. */
  #askAhead(): void {
    const { windowBytes } = this.#services;
    const { parts } = this.#message;
    if (this.#nextToAsk >= parts.length) return;
    if (this.#slots.size > 0 && this.#heldBytes > windowBytes / 2) return;
    const groups = new Map<string, number[]>();
    while (this.#nextToAsk < parts.length) {
      const part = parts[this.#nextToAsk]!;
      const held = this.#heldFor(part);
      if (this.#heldBytes > 0 && this.#heldBytes + held > windowBytes) break;
      this.#heldBytes += held;
      const group = groups.get(part.executorId);
      if (group === undefined) groups.set(part.executorId, [this.#nextToAsk]);
      else group.push(this.#nextToAsk);
      this.#nextToAsk += 1;
    }
    for (const [executorId, indexes] of groups) this.#askExecutor(executorId, indexes);
  }

  #heldFor(part: FetchPart): number {
    return part.mostBytes <= this.#largestInMemory
      ? part.mostBytes
      : this.#services.windowBytes / 2;
  }

  /** One request for a quarter of the window at most; large parts alone. */
  #askExecutor(executorId: string, indexes: readonly number[]): void {
    const limitBytes = this.#services.windowBytes / 4;
    let request: number[] = [];
    let sizeBytes = 0;
    let reducers = 0;
    const send = (): void => {
      if (request.length > 0) this.#ask(executorId, request, sizeBytes);
      request = [];
      sizeBytes = 0;
      reducers = 0;
    };
    for (const index of indexes) {
      const part = this.#message.parts[index]!;
      if (part.mostBytes > this.#largestInMemory) {
        this.#askLarge(executorId, index, part);
        continue;
      }
      const isFull =
        sizeBytes + part.mostBytes > limitBytes ||
        request.length === MAX_ENTRIES ||
        reducers + part.emptyBefore >= MAX_PARTS;
      if (isFull) send();
      request.push(index);
      sizeBytes += part.mostBytes;
      reducers += part.emptyBefore + 1;
    }
    send();
  }

  #ask(executorId: string, indexes: readonly number[], sizeBytes: number): void {
    const slab: Slab = { buffer: this.#services.pool.take(sizeBytes), users: indexes.length };
    let start = 0;
    const wanted = indexes.map((index) => {
      const part = this.#message.parts[index]!;
      const bytes = slab.buffer.subarray(start, start + part.mostBytes);
      start += part.mostBytes;
      const { promise, resolve } = Promise.withResolvers<FetchFailure | undefined>();
      const slot = this.#slot(index, { promise, slab, bytes, heldBytes: part.mostBytes });
      return {
        ...part,
        receive: async (stream: ReplyStream, lengthBytes: number) => {
          slot.bytes = bytes.subarray(0, lengthBytes);
          await stream.readInto(slot.bytes);
        },
        settle: (failure: FetchFailure | undefined) => {
          slot.isSettled = true;
          resolve(failure);
        },
      };
    });
    this.#fetch(executorId, wanted);
  }

  #askLarge(executorId: string, index: number, part: FetchPart): void {
    const { promise, resolve } = Promise.withResolvers<FetchFailure | undefined>();
    const heldBytes = this.#heldFor(part);
    const slot = this.#slot(index, { promise, slab: undefined, bytes: undefined, heldBytes });
    this.#fetch(executorId, [
      {
        ...part,
        receive: async (stream, lengthBytes) => {
          await slot.file?.discard();
          const { directories, logger } = this.#services;
          slot.file = await PartFile.create(directories, logger);
          await slot.file.receive(stream, lengthBytes);
        },
        settle: (failure) => {
          slot.isSettled = true;
          resolve(failure);
          if (this.#abort.signal.aborted) void slot.file?.discard();
        },
      },
    ]);
  }

  #slot(
    index: number,
    made: Pick<Slot, 'slab' | 'bytes' | 'heldBytes'> & {
      promise: Promise<FetchFailure | undefined>;
    },
  ): Slot {
    const { promise, slab, bytes, heldBytes } = made;
    const slot: Slot = {
      settled: promise,
      heldBytes,
      slab,
      bytes,
      file: undefined,
      isSettled: false,
    };
    this.#slots.set(index, slot);
    return slot;
  }

  #fetch(executorId: string, wanted: readonly WantedPart[]): void {
    const { signal } = this.#abort;
    const { fetcher } = this.#services;
    void fetcher.fetch(executorId, wanted, signal);
  }
}

function jsonBytes(value: FetchFailure): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
