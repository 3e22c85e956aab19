import type { ModuleCode, ScopeCode } from './program-metadata.js';

/** One instance of a scope in a task thread: its cells, and the functions that see them. */
export class TaskScope {
  readonly scope: number;
  readonly parent: TaskScope | undefined;
  readonly code: ScopeCode;
  /** Number under which it lives in the thread; undefined when it belongs to one closure. */
  readonly threadId: number | undefined;
  /** Import cells that are set. */
  readonly #imported = new Set<number>();

  constructor(
    scope: number,
    parent: TaskScope | undefined,
    code: ScopeCode,
    threadId: number | undefined,
  ) {
    this.scope = scope;
    this.parent = parent;
    this.code = code;
    this.threadId = threadId;
  }

  /** Sets an import cell the first time it is asked for. */
  importOnce(cell: number, load: () => unknown): void {
    if (this.#imported.has(cell)) return;
    this.#imported.add(cell);
    this.code.set[cell]!(load());
  }

  module(): TaskScope {
    return this.parent?.module() ?? this;
  }

  get moduleCode(): ModuleCode {
    return this.module().code as ModuleCode;
  }
}
