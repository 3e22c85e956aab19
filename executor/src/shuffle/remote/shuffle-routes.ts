import { describeThrown, type Logger } from '@heddle/common';
import { mostPartBytes } from 'heddle/internal';
import { jsonReply, type AuthenticatedServer, type ServerReply } from '../../transport/index.js';
import { ShuffleFetchError } from '../errors.js';
import { PartReader } from '../part-reader.js';
import type { PartSeal } from '../part-seal.js';
import { openLocalPart } from '../part-source.js';
import type { MapOutputTable } from './map-output-table.js';
import { CHECK_PATH, decodeRanges, PARTS_PATH, type PartCheck } from './parts-wire.js';
import { RangeStream } from './range-stream.js';

/** Answers that are read from disk and sent at the same time; some half a megabyte of buffers each. */
const MAX_STREAMS = 16;
/** Requests that wait for their turn; more are told to come again. */
const MAX_WAITING = 100;
/** Bytes of a part that are held while it is checked. */
const CHECK_MEMORY_BYTES = 1024 * 1024;

/** What the routes need of the executor. */
export interface ShuffleRoutesOptions {
  readonly outputs: MapOutputTable;
  readonly partSeal: PartSeal;
  readonly logger: Logger;
}

/** Serves an executor's own map outputs to the other executors of its application attempt. */
export class ShuffleRoutes {
  readonly #options: ShuffleRoutesOptions;
  readonly #waiting: (() => void)[] = [];
  #streams = 0;

  constructor(options: ShuffleRoutesOptions) {
    this.#options = options;
  }

  /** Answers that are being sent. */
  get activeStreams(): number {
    return this.#streams;
  }

  install(server: Pick<AuthenticatedServer, 'route'>): void {
    server.route('QUERY', PARTS_PATH, ({ body, signal }) => this.#parts(body, signal));
    server.route('QUERY', CHECK_PATH, ({ body }) => this.#check(body));
  }

  #parts(body: Uint8Array, signal: AbortSignal): ServerReply {
    const ranges = decodeRanges(body);
    if (ranges === undefined) return { status: 400 };
    if (this.#streams >= MAX_STREAMS && this.#waiting.length >= MAX_WAITING) return { status: 503 };
    const stream = new RangeStream(ranges.map((range) => this.#options.outputs.find(range)));
    return { status: 200, lengthBytes: stream.lengthBytes, stream: this.#stream(stream, signal) };
  }

  async *#stream(stream: RangeStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (this.#streams < MAX_STREAMS) this.#streams += 1;
    // Whoever ends wakes the first one that waits, which has its place then.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      if (signal.aborted) return;
      yield* stream.chunks();
    } finally {
      this.#ended();
    }
  }

  #ended(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#streams -= 1;
    else next();
  }

  #check(body: Uint8Array): ServerReply {
    const range = decodeRanges(body)?.[0];
    if (range?.reducers !== 1) return { status: 400 };
    return jsonReply(200, { onDisk: this.#stateOnDisk(range.mapId, range.firstReducer) });
  }

  #stateOnDisk(mapId: string, reducePartition: number): PartCheck['onDisk'] {
    const { outputs, partSeal, logger } = this.#options;
    const status = outputs.status(mapId);
    if (status === undefined || mostPartBytes(status, reducePartition) === 0) {
      return 'missing';
    }
    const location = { ...status, executorId: '', host: '' };
    try {
      const part = openLocalPart(location, reducePartition);
      new PartReader(location, reducePartition, part, partSeal, CHECK_MEMORY_BYTES).close();
      return 'intact';
    } catch (error) {
      logger.warn('a part that another executor could not use was looked at', {
        mapId,
        reducePartition,
        found: describeThrown(error),
      });
      return error instanceof ShuffleFetchError && error.gone ? 'missing' : 'damaged';
    }
  }
}
