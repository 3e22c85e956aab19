import { parentPort } from 'node:worker_threads';

import {
  decodeValue,
  encodeError,
  encodeValue,
  TaskProgram,
  type ClosureData,
} from 'heddle/internal';

/** What the test asks of its task thread. */
export type Request =
  | { readonly kind: 'load'; readonly taskFile: string }
  | {
      readonly kind: 'run';
      readonly closure: ClosureData;
      readonly inputs: Uint8Array;
      readonly attempts: number;
    };

export type Reply =
  | { readonly kind: 'loaded'; readonly hash: string; readonly globals: readonly string[] }
  /** Encoded outputs of each attempt. */
  | { readonly kind: 'outputs'; readonly attempts: readonly Uint8Array[] }
  | { readonly kind: 'error'; readonly error: Uint8Array };

let program: TaskProgram | undefined;
const before = new Set(Object.getOwnPropertyNames(globalThis));

async function handle(request: Request): Promise<Reply> {
  if (request.kind === 'load') {
    program = await TaskProgram.load(request.taskFile);
    const globals = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
    return { kind: 'loaded', hash: program.hash, globals };
  }
  const { code } = program!;
  try {
    const instance = program!.instantiate(request.closure, {
      broadcast: (id) => ({ id, value: `broadcast ${id}` }),
      accumulator: (id) => ({ id, add: (value: unknown) => value }),
    });
    const attempts: Uint8Array[] = [];
    let first: unknown;
    for (let i = 0; i < request.attempts; i++) {
      const inputs = decodeValue(request.inputs, code) as unknown[][];
      const roots = instance.roots();
      const call = roots[0] as (...args: unknown[]) => unknown;
      first ??= call;
      if (typeof call === 'function' && call !== first)
        throw new Error('functions changed between attempts');
      const outputs: unknown[] = [];
      for (const input of inputs) outputs.push(await call(...input, ...roots.slice(1)));
      attempts.push(encodeValue(outputs, code));
    }
    return { kind: 'outputs', attempts };
  } catch (error) {
    return { kind: 'error', error: encodeError(error, code) };
  }
}

parentPort!.on('message', (request: Request) => {
  void handle(request).then((reply) => parentPort!.postMessage(reply));
});
