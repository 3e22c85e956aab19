import type { ClosureData, CodeTable } from 'heddle/internal';

/** What a task thread needs of the loaded task bundle (`TaskProgram` of `heddle/internal`). */
export interface ThreadProgram {
  readonly hash: string;
  readonly code: CodeTable;
  /** `code` for values that may name broadcasts. */
  codeWith?(bindings: ThreadBindings): CodeTable;
  instantiate(closure: ClosureData, bindings: ThreadBindings): ThreadClosure;
}

/** A closure in this thread: its functions are made once, its captured values for each attempt. */
export interface ThreadClosure {
  /** Decodes captured values anew; functions stay the same objects. */
  roots(): readonly unknown[];
  /** One more independent copy of a root. */
  freshRoot(index: number): unknown;
}

/** The objects of this thread that stand for broadcasts and accumulators. */
export interface ThreadBindings {
  broadcast(id: number): unknown;
  accumulator(id: number): unknown;
}

/** Loads the bundle; called once in a thread. */
export type ProgramLoader = (taskFile: string) => Promise<ThreadProgram>;
