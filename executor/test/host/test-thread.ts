import { plainCodeTable } from 'heddle/internal';
import { startTaskThread } from '../../src/thread/task-thread.js';
import type { ThreadBindings } from '../../src/thread/thread-program.js';

interface UserModule {
  readonly hash: string;
  readonly functions: Readonly<Record<string, (bindings: ThreadBindings) => unknown>>;
}

// A task thread whose program is a module of functions by name instead of a bundle: a closure's
// snapshot is a JSON array of `{ function }` or `{ value }`.
startTaskThread(async (taskFile) => {
  const { hash, functions } = (await import(taskFile)) as UserModule;
  return {
    hash,
    code: plainCodeTable,
    instantiate(closure, bindings) {
      const roots = JSON.parse(Buffer.from(closure.snapshot).toString()) as {
        readonly function?: string;
        readonly value?: unknown;
      }[];
      const made = roots.map((root) =>
        root.function === undefined ? undefined : functions[root.function]!(bindings),
      );
      const root = (index: number): unknown => made[index] ?? structuredClone(roots[index]!.value);
      return {
        roots: () => roots.map((_, index) => root(index)),
        freshRoot: root,
      };
    },
  };
});
