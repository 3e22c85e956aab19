import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { ArgumentError } from '@heddle/common';

/** Length of an attempt key and, unless said otherwise, of the keys derived from it. */
export const KEY_BYTES = 32;

const SALT = Buffer.from('heddle attempt key, version 1');

/**
 * What a derived key is good for; a key of one purpose proves nothing for another.
 *
 * - `control`: requests to the driver's or ApplicationMaster's control hub
 * - `control-frames`: frames of one control session, with its id as `info`
 * - `data`: requests to an executor's server: map outputs, cached blocks, broadcast chunks
 * - `part-seal`: seals of shuffled parts
 * - `block-seal`: seals of cached blocks and broadcast chunks
 * - `stock-shuffle`: the secret that the node's shuffle service is told; it stores it
 * - `relay`: the channel between a driver outside of the cluster and its ApplicationMaster
 */
export type KeyPurpose =
  'control' | 'control-frames' | 'data' | 'part-seal' | 'block-seal' | 'stock-shuffle' | 'relay';

/**
 * The secret of one application attempt: whoever has it belongs to the application. Used only to
 * derive keys (HKDF-SHA-256), never to sign anything itself. Prints as `[key]` everywhere.
 */
export class AttemptKey {
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** A new key of 256 random bits. */
  static generate(): AttemptKey {
    return new AttemptKey(randomBytes(KEY_BYTES));
  }

  /** Takes a copy. Throws `ArgumentError` unless there are exactly 32 bytes. */
  static fromBytes(bytes: Uint8Array): AttemptKey {
    if (bytes.length !== KEY_BYTES) {
      throw new ArgumentError(`an attempt key has ${KEY_BYTES} bytes, not ${bytes.length}`);
    }
    return new AttemptKey(Buffer.from(bytes));
  }

  /** The key of another attempt of the same application, so that attempts are fenced from each other. */
  forAttempt(attemptId: string): AttemptKey {
    return AttemptKey.fromBytes(this.#derive(`attempt\0${attemptId}`, KEY_BYTES));
  }

  /** A key for one purpose; `info` names one of several holders, sessions or targets. */
  derive(purpose: KeyPurpose, info = '', lengthBytes = KEY_BYTES): Buffer {
    return this.#derive(`${purpose}\0${info}`, lengthBytes);
  }

  /** A copy of the key itself, to hand it to a process that belongs to the application. */
  bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  equals(other: AttemptKey): boolean {
    return timingSafeEqual(this.#bytes, other.#bytes);
  }

  toString(): string {
    return '[key]';
  }

  toJSON(): string {
    return '[key]';
  }

  [inspect.custom](): string {
    return '[key]';
  }

  #derive(info: string, lengthBytes: number): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, SALT, info, lengthBytes));
  }
}
