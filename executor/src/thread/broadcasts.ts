import { BroadcastDestroyedError, decodeValue, WrongSideError } from 'heddle/internal';
import type { CodeTable } from 'heddle/internal';

/**
 * The broadcast variables of one thread. The bytes are shared by all threads of the executor; each
 * thread decodes a variable once, at its first use, and all of its tasks see that one object.
 */
export class ThreadBroadcasts {
  readonly #code: () => CodeTable;
  readonly #variables = new Map<number, TaskBroadcast>();

  constructor(code: () => CodeTable) {
    this.#code = code;
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
      variable = new TaskBroadcast(id, this.#code);
      this.#variables.set(id, variable);
    }
    return variable;
  }
}

/** A task's half of a broadcast variable. */
export class TaskBroadcast {
  readonly id: number;
  readonly #code: () => CodeTable;
  #bytes: SharedArrayBuffer | undefined;
  #decoded: { readonly value: unknown } | undefined;

  constructor(id: number, code: () => CodeTable) {
    this.id = id;
    this.#code = code;
  }

  setBytes(bytes: SharedArrayBuffer | undefined): void {
    this.#bytes = bytes;
    this.#decoded = undefined;
  }

  /** @throws BroadcastDestroyedError when the driver destroyed it */
  get value(): unknown {
    if (this.#decoded === undefined) {
      if (this.#bytes === undefined) throw new BroadcastDestroyedError(this.id);
      // A copy, so that decoded values can never be views of memory that other threads see.
      const bytes = new Uint8Array(this.#bytes).slice();
      this.#decoded = { value: decodeValue(bytes, this.#code()) };
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
