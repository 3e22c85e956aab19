import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { AttemptKey, KEY_BYTES } from '../transport/index.js';
import {
  LaunchSpecError,
  parseLaunchOutline,
  parseLaunchSpec,
  type ExecutorLaunchSpec,
  type LaunchOutline,
} from './launch-spec.js';

/** Where the launcher of local modes puts what follows. */
const inputDescriptor = 3;
const lineFeed = 0x0a;
/** Longer lines are none of a launcher's. */
const mostBytes = 64 * 2 ** 20;

/** What a launcher gives an executor process. */
export interface LaunchInput {
  readonly spec: ExecutorLaunchSpec;
  readonly key: AttemptKey;
}

/**
 * What an executor process reads from its launcher, as three lines: the outline (JSON), which may be
 * known long before the rest; the specification (JSON); the key's bytes in hex.
 */
export function writeOutline(input: Writable, { slots, memoryBytes }: LaunchOutline): void {
  input.write(`${JSON.stringify({ slots, memoryBytes })}\n`);
}

/** Writes the rest and closes the pipe. */
export function writeLaunchInput(input: Writable, { spec, key }: LaunchInput): void {
  input.end(`${JSON.stringify(spec)}\n${key.bytes().toString('hex')}\n`);
}

/** The executor's end of that pipe. */
export class LaunchInputReader {
  readonly #socket = new Socket({ fd: inputDescriptor });
  #bytes: Buffer = Buffer.alloc(0);
  #hasEnded = false;
  #changed = Promise.withResolvers<undefined>();

  constructor() {
    this.#socket.on('data', (chunk: Buffer) => {
      const before = this.#bytes;
      this.#bytes = Buffer.concat([before, chunk]);
      // The key may be among them.
      before.fill(0);
      chunk.fill(0);
      this.#tell();
    });
    const ended = (): void => {
      this.#hasEnded = true;
      this.#tell();
    };
    this.#socket.once('error', ended).once('close', ended);
  }

  /** Undefined when the launcher has ended, or has no use for this process. @throws LaunchSpecError */
  async outline(): Promise<LaunchOutline | undefined> {
    const line = await this.#line();
    return line === undefined ? undefined : parseLaunchOutline(line.toString('utf8'));
  }

  /** Undefined when the launcher has ended, or has no use for this process. @throws LaunchSpecError */
  async rest(): Promise<LaunchInput | undefined> {
    const line = await this.#line();
    if (line === undefined) return undefined;
    const spec = parseLaunchSpec(line.toString('utf8'));
    const keyText = await this.#line();
    this.#socket.destroy();
    if (keyText?.length !== 2 * KEY_BYTES) throw new LaunchSpecError('comes without a key');
    const key = AttemptKey.fromBytes(Buffer.from(keyText.toString('latin1'), 'hex'));
    keyText.fill(0);
    this.#bytes.fill(0);
    return { spec, key };
  }

  async #line(): Promise<Buffer | undefined> {
    for (;;) {
      const end = this.#bytes.indexOf(lineFeed);
      if (end >= 0) {
        const line = this.#bytes.subarray(0, end);
        this.#bytes = this.#bytes.subarray(end + 1);
        return line;
      }
      if (this.#hasEnded) return undefined;
      if (this.#bytes.length > mostBytes) throw new LaunchSpecError('has no end');
      await this.#changed.promise;
    }
  }

  #tell(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers<undefined>();
  }
}
