import { decodeValue, WrongSideError } from 'heddle/internal';
import type { CodeTable } from 'heddle/internal';

/** Gives the bytes of a variable, waiting for them. @throws BroadcastDestroyedError, BroadcastFetchError */
export type BroadcastSource = (id: number) => SharedArrayBuffer;

/**
 * The broadcast variables of one thread. The bytes are shared by all threads of the executor, which
 * fetches them when the first thread asks; each thread decodes a variable once, at its first use,
 * and all of its tasks see that one object.
 */
export class ThreadBroadcasts {
  readonly #code: () => CodeTable;
  readonly #fetch: BroadcastSource;
  readonly #variables = new Map<number, TaskBroadcast>();

  /** @param fetch asks the host for a variable that `add` has not brought */
  constructor(code: () => CodeTable, fetch: BroadcastSource) {
    this.#code = code;
    this.#fetch = fetch;
  }

  add(id: number, bytes: SharedArrayBuffer): void {
    this.find(id).setBytes(bytes);
  }

  drop(id: number): void {
    this.#variables.get(id)?.setBytes(undefined);
  }

  /** The object that stands for the variable, also when its bytes have not come yet. */
  find(id: number): TaskBroadcast {
    let variable = this.#variables.get(id);
    if (variable === undefined) {
      variable = new TaskBroadcast(id, this.#code, this.#fetch);
      this.#variables.set(id, variable);
    }
    return variable;
  }
}

/** A task's half of a broadcast variable. */
export class TaskBroadcast {
  readonly id: number;
  readonly #code: () => CodeTable;
  readonly #fetch: BroadcastSource;
  #bytes: SharedArrayBuffer | undefined;
  #decoded: { readonly value: unknown } | undefined;

  constructor(id: number, code: () => CodeTable, fetch: BroadcastSource) {
    this.id = id;
    this.#code = code;
    this.#fetch = fetch;
  }

  setBytes(bytes: SharedArrayBuffer | undefined): void {
    // They came by themselves after this thread had asked for them. (They need not be the same object:
    // each message makes one of its own over the same memory.)
    if (bytes !== undefined && this.#bytes !== undefined) return;
    this.#bytes = bytes;
    this.#decoded = undefined;
  }

  /** @throws BroadcastDestroyedError when the driver destroyed it */
  get value(): unknown {
    if (this.#decoded === undefined) {
      const shared = (this.#bytes ??= this.#fetch(this.id));
      // Decoding copies all that it keeps: no value is a view of memory that other threads see.
      this.#decoded = { value: decodeValue(new Uint8Array(shared), this.#code()) };
    }
    return this.#decoded.value;
  }

  /** @throws WrongSideError always */
  unpersist(): never {
    throw this.#driverOnly('unpersisted');
  }

  /** @throws WrongSideError always */
  destroy(): never {
    throw this.#driverOnly('destroyed');
  }

  #driverOnly(what: string): WrongSideError {
    return new WrongSideError(
      `broadcast ${this.id} was ${what} in a task; only the driver may do that`,
    );
  }
}
