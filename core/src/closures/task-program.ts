import { pathToFileURL } from 'node:url';

import type { CodeTable } from '../codec/code-table.js';
import { ByteReader } from '../codec/byte-reader.js';
import { CorruptDataError } from '../codec/errors.js';
import { decodeValue, encodeValue } from '../codec/value/index.js';
import { ValueDecoder } from '../codec/value/decoder.js';
import type { ClosureData } from '../plan/index.js';
import { ProgramMismatchError } from './errors.js';
import { SNAPSHOT_VERSION } from './extension.js';
import { PROGRAM_FORMAT, type TaskFile } from './program-metadata.js';
import { TaskCode, type ClosureMemory, type TaskBindings } from './task-code.js';
import type { TaskScope } from './task-scope.js';
import { ThreadState } from './task-thread.js';

/** A captured closure in a task thread. */
export interface ClosureInstance {
  /**
   * Captured values as they were at the call, decoded anew; functions and classes are the same
   * objects in every attempt, with their bindings set back.
   */
  roots(): unknown[];
  /** Another copy of one root, as independent as a first decoding; running functions keep their state. */
  freshRoot(index: number): unknown;
}

/** The program as a task thread has it: its functions and classes, and nothing of its top level. */
export class TaskProgram {
  readonly hash: string;
  /** Names the program's classes in records, results and errors. */
  readonly code: CodeTable;
  readonly #thread: ThreadState;

  private constructor(thread: ThreadState) {
    this.#thread = thread;
    this.hash = thread.metadata.hash;
    this.code = thread.dataCode;
  }

  /**
   * Loads the task file that `bundleProgram` wrote.
   *
   * @throws ProgramMismatchError when another version of the engine wrote it
   */
  static async load(taskFile: string): Promise<TaskProgram> {
    const url = taskFile.startsWith('file:') ? taskFile : pathToFileURL(taskFile).href;
    const module = (await import(url)) as { readonly default: TaskFile };
    const file = module.default;
    if (file.format !== PROGRAM_FORMAT) {
      throw new ProgramMismatchError(
        `the program in ${taskFile} has format ${file.format}, and this engine runs format ${PROGRAM_FORMAT}; build it again`,
      );
    }
    return new TaskProgram(new ThreadState(file, (thread) => new TaskCode(thread)));
  }

  /** `code` for values that may name broadcasts, such as the value of another broadcast. */
  codeWith(bindings: TaskBindings): CodeTable {
    return new TaskCode(this.#thread, bindings);
  }

  /** The functions of one closure, made for one pipeline step: its own copy of the code, its own type feedback. */
  instantiate(closure: ClosureData, bindings: TaskBindings): ClosureInstance {
    return new Instance(this.#thread, closure, bindings);
  }
}

class Instance implements ClosureInstance {
  readonly #thread: ThreadState;
  readonly #closure: ClosureData;
  readonly #code: TaskCode;
  readonly #memory: ClosureMemory;
  readonly #bodyOffset: number;
  readonly #copiers = new Map<number, () => unknown>();

  constructor(thread: ThreadState, closure: ClosureData, bindings: TaskBindings) {
    this.#thread = thread;
    this.#closure = closure;
    let module: TaskScope | undefined;
    this.#memory = {
      made: new Map(),
      module: () => (module ??= thread.newModule()),
      sharedCell: (name, value) =>
        thread.sharedBindings(bindings).check(name, value, closure.callSite),
      setsCells: true,
    };
    this.#code = new TaskCode(thread, bindings, this.#memory);
    this.#bodyOffset = this.#makeConstants(new TaskCode(thread, bindings));
  }

  /** Constants whose value could not travel, before anything else; returns where the roots begin. */
  #makeConstants(code: TaskCode): number {
    const reader = new ByteReader(this.#closure.snapshot);
    const version = reader.u8();
    if (version !== SNAPSHOT_VERSION) throw new CorruptDataError(`snapshot version ${version}`);
    for (let left = reader.varint(); left > 0; left--) {
      const constant = reader.varint();
      this.#thread.makeConstant(constant, reader.bytes(reader.varint()), code);
    }
    return reader.position;
  }

  roots(): unknown[] {
    return this.#decode();
  }

  freshRoot(index: number): unknown {
    let copy = this.#copiers.get(index);
    if (copy === undefined) {
      copy = this.#copierOf(index);
      this.#copiers.set(index, copy);
    }
    return copy();
  }

  /** The fastest way to another copy: aggregations ask for one with every key. */
  #copierOf(index: number): () => unknown {
    const template = this.#decodeBeside()[index];
    if (typeof template !== 'object' || template === null) return () => template;
    const flat = flatCopier(template);
    if (flat !== undefined) return flat;
    try {
      const encoded = encodeValue(template, this.#thread.dataCode);
      return () => decodeValue(encoded, this.#thread.dataCode);
    } catch {
      // It holds functions or references: only the snapshot can make another one.
      return () => this.#decodeBeside()[index];
    }
  }

  /** Decodes without touching what running functions have captured. */
  #decodeBeside(): unknown[] {
    this.#memory.setsCells = false;
    try {
      return this.#decode();
    } finally {
      this.#memory.setsCells = true;
    }
  }

  #decode(): unknown[] {
    const reader = new ByteReader(this.#closure.snapshot, this.#bodyOffset);
    const roots = new ValueDecoder(reader, this.#code).decode();
    if (!Array.isArray(roots) || roots.length !== this.#closure.rootCount) {
      throw new CorruptDataError('the roots of a closure are missing');
    }
    return roots as unknown[];
  }
}

/** Copies arrays, plain objects, Maps and Sets that hold nothing but primitives. */
function flatCopier(template: object): (() => unknown) | undefined {
  const prototype = Object.getPrototypeOf(template) as object | null;
  const isPrimitive = (value: unknown): boolean =>
    (typeof value !== 'object' || value === null) && typeof value !== 'function';
  if (prototype === Array.prototype) {
    const list = template as unknown[];
    const isFlat = Object.keys(list).length === list.length && list.every(isPrimitive);
    return isFlat ? () => list.slice() : undefined;
  }
  if (prototype === Object.prototype) {
    const isFlat =
      Object.isExtensible(template) &&
      Reflect.ownKeys(template).every((key) => {
        const descriptor = Reflect.getOwnPropertyDescriptor(template, key)!;
        return (
          descriptor.writable === true &&
          descriptor.enumerable === true &&
          descriptor.configurable === true &&
          isPrimitive(descriptor.value)
        );
      });
    return isFlat ? () => ({ ...template }) : undefined;
  }
  if (prototype === Map.prototype && Reflect.ownKeys(template).length === 0) {
    const map = template as Map<unknown, unknown>;
    const isFlat = [...map].every(([key, value]) => isPrimitive(key) && isPrimitive(value));
    return isFlat ? () => new Map(map) : undefined;
  }
  if (prototype === Set.prototype && Reflect.ownKeys(template).length === 0) {
    const set = template as Set<unknown>;
    return [...set].every(isPrimitive) ? () => new Set(set) : undefined;
  }
  return undefined;
}
