import type { IncomingMessage } from 'node:http';
import { toError } from '@heddle/common';
import type { DirectIntake } from './direct-intake.js';

/** How reading a body into memory ended. */
export interface BodyPart {
  /** Bytes that were put into the buffer. */
  readonly count: number;
  /** `more`: the buffer is full · `end`: the body is complete · `broken`: it broke off, see `error`. */
  readonly state: 'more' | 'end' | 'broken';
  readonly error?: Error;
}

/**
 * Reads the body of an answer into buffers of the caller, at the caller's pace: while nobody reads,
 * the socket is paused, so that the server waits (back-pressure). One read at a time.
 */
export class BodyReader {
  readonly #response: IncomingMessage;
  readonly #silenceMs: number;
  /** Where bytes come from when they do not pass through the parser. */
  readonly #intake: DirectIntake | undefined;
  /** Of a taken-over body: what has not come yet. */
  #remaining = 0;
  /** What came and no read has wanted yet; TLS goes on for some records after it was told to stop. */
  readonly #rest: Uint8Array[] = [];
  #state: 'more' | 'end' | 'broken' = 'more';
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #silence: NodeJS.Timeout | undefined;
  /** Where the read under way puts bytes, and how many it has. */
  #into: Uint8Array | undefined;
  #count = 0;
  #position = 0;

  /**
   * @param silenceMs longest silence while a read waits
   * @param intake of the answer's connection, which large bodies are taken over from
   */
  constructor(response: IncomingMessage, silenceMs: number, intake?: DirectIntake) {
    this.#response = response;
    this.#silenceMs = silenceMs;
    this.#remaining = intake?.remaining(response) ?? 0;
    this.#intake = this.#remaining > 0 ? intake : undefined;
    response.on('error', (error) => this.#finish(error));
    response.on('close', () => this.#finish(new Error('the connection was closed in the answer')));
    if (this.#intake !== undefined) this.#takeOver(this.#intake);
    else this.#listen();
  }

  /** Bytes of the body that were handed out. */
  get position(): number {
    return this.#position;
  }

  /** Whether all of the body was handed out. */
  get ended(): boolean {
    return this.#state !== 'more' && this.#rest.length === 0;
  }

  /** Fills the buffer, or as much of it as the body still gives. Never rejects. */
  async read(into: Uint8Array): Promise<BodyPart> {
    this.#into = into;
    this.#count = 0;
    for (const rest of this.#rest.splice(0)) this.#take(rest);
    while (this.#room > 0 && this.#state === 'more') await this.#moreChunks();
    const count = this.#count;
    this.#into = undefined;
    this.#position += count;
    if (count === into.length && !this.ended) return { count, state: 'more' };
    return this.#error === undefined
      ? { count, state: this.#state }
      : { count, state: this.#state, error: this.#error };
  }

  /** Closes the connection; what was not read is lost. Idempotent. */
  destroy(): void {
    this.#finish(new Error('the reader was closed'));
    this.#rest.length = 0;
    this.#response.destroy();
    this.#intake?.destroy();
  }

  #listen(): void {
    const response = this.#response;
    response.pause();
    response.on('data', (chunk: Buffer) => {
      this.#take(chunk);
      if (this.#room > 0) {
        // The next chunk is wanted at once: no detour through the event loop.
        this.#silence?.refresh();
        return;
      }
      response.pause();
      this.#awake();
    });
    response.on('end', () => {
      // `complete` is false when fewer bytes came than Content-Length says.
      this.#finish(response.complete ? undefined : new Error('the answer was cut short'));
    });
  }

  #takeOver(intake: DirectIntake): void {
    // What came together with the head has passed through the parser.
    const first = this.#response.read() as Buffer | null;
    if (first !== null) this.#rest.push(first);
    intake.takeOver({
      wanted: () => this.#into?.subarray(this.#count),
      take: (bytes, inPlace) => this.#arrived(bytes, inPlace),
    });
  }

  /** Bytes of a taken-over body, in the memory of the read under way or elsewhere. */
  #arrived(bytes: Uint8Array, inPlace: boolean): boolean {
    // More than was announced is not part of the answer.
    const part = bytes.length <= this.#remaining ? bytes : bytes.subarray(0, this.#remaining);
    this.#remaining -= part.length;
    if (inPlace) this.#count += part.length;
    else this.#take(part, true);
    if (this.#remaining === 0) {
      this.#finish(undefined);
      this.#intake?.destroy();
      return false;
    }
    this.#silence?.refresh();
    if (this.#room > 0) return true;
    this.#awake();
    return false;
  }

  /** Bytes that the read under way still wants. */
  get #room(): number {
    return this.#into === undefined ? 0 : this.#into.length - this.#count;
  }

  /** Puts a chunk where the read under way wants it, and keeps the rest for the next one. */
  #take(chunk: Uint8Array, isReused = false): void {
    const part = chunk.length <= this.#room ? chunk : chunk.subarray(0, this.#room);
    this.#into?.set(part, this.#count);
    this.#count += part.length;
    if (part.length === chunk.length) return;
    const rest = chunk.subarray(part.length);
    this.#rest.push(isReused ? rest.slice() : rest);
  }

  /** Lets chunks come until the buffer is full or the body has ended. */
  #moreChunks(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#finish(new Error(`no byte came for ${this.#silenceMs} ms`));
        this.#response.destroy();
        this.#intake?.destroy();
      }, this.#silenceMs);
      this.#silence = timer;
      this.#wake = (): void => {
        this.#silence = undefined;
        clearTimeout(timer);
        resolve();
      };
      if (this.#intake === undefined) this.#response.resume();
      else this.#intake.resume();
    });
  }

  #finish(error: Error | undefined): void {
    if (this.#state === 'more') {
      this.#state = error === undefined ? 'end' : 'broken';
      this.#error = error === undefined ? undefined : toError(error);
    }
    this.#awake();
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
