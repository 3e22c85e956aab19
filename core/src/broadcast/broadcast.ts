import { driverCodeTable } from '../closures/index.js';
import { encodeValue } from '../codec/index.js';
import type { DriverCore } from '../context/driver-core.js';
import { BroadcastDestroyedError } from '../errors/index.js';
import { referenceSymbol, type CapturedReference } from '../context/reference.js';

/**
 * A read-only value that every executor gets once.
 *
 * Tasks see the value as it was when it was broadcast. Source: Spark 4.0 `Broadcast`.
 */
export interface Broadcast<T> {
  readonly id: number;
  /** @throws BroadcastDestroyedError after `destroy()` */
  readonly value: T;
  /**
   * Drops the executors' copies; they are sent again when a task needs them.
   *
   * @example
   * const shared = sc.broadcast([1, 2]);
   * await shared.unpersist(true);
   * await sc.range(2).map((i) => shared.value[i]).collect(); // [1, 2]
   */
  unpersist(blocking?: boolean): Promise<void>;
  /**
   * Drops the value everywhere, for good. Waits for the executors only when `blocking`.
   *
   * @example
   * const shared = sc.broadcast([1, 2]);
   * await shared.destroy();
   * shared.value; // throws BroadcastDestroyedError
   */
  destroy(blocking?: boolean): Promise<void>;
}

/** The driver's half of a broadcast variable. */
export class DriverBroadcast<T> implements Broadcast<T> {
  readonly id: number;
  readonly #core: DriverCore;
  readonly #value: T;
  readonly #bytes: SharedArrayBuffer;
  #isDestroyed = false;

  /** Encodes the value now. @throws UnsupportedValueError */
  constructor(core: DriverCore, value: T) {
    const encoded = encodeValue(value, driverCodeTable());
    const bytes = new SharedArrayBuffer(encoded.length);
    new Uint8Array(bytes).set(encoded);
    this.id = core.ids.nextBroadcast();
    this.#core = core;
    this.#value = value;
    this.#bytes = bytes;
    core.application.runner.addBroadcast(this.id, bytes);
  }

  get value(): T {
    this.#checkAlive();
    return this.#value;
  }

  async unpersist(blocking = false): Promise<void> {
    this.#checkAlive();
    if (this.#core.isStopped) return;
    const { runner } = this.#core.application;
    await runner.removeBroadcast(this.id, blocking);
    runner.addBroadcast(this.id, this.#bytes);
  }

  async destroy(blocking = false): Promise<void> {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    if (this.#core.isStopped) return;
    await this.#core.application.runner.removeBroadcast(this.id, blocking);
  }

  /**
   * How closures take it along: by id, which means another one in another application.
   *
   * @throws BroadcastDestroyedError, ContextStoppedError
   */
  get [referenceSymbol](): CapturedReference {
    this.#checkAlive();
    this.#core.checkRunning();
    return { kind: 'broadcast', id: this.id };
  }

  #checkAlive(): void {
    if (this.#isDestroyed) throw new BroadcastDestroyedError(this.id);
  }
}
