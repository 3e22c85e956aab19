import { Script } from 'node:vm';
import type { LoopHelpers } from './loop-helpers.js';
import { shapeKey, type LoopShape } from './loop-shape.js';
import type { LoopState } from './loop-state.js';
import { loopText } from './loop-text.js';

/**
 * A generated loop over one piece; the parameters after `sink` are those of the steps. Returns true
 * when no more pieces are wanted; of the `generate` form, a generator of batches.
 */
export type Loop = (
  helpers: LoopHelpers,
  source: unknown,
  from: number,
  to: number,
  state: LoopState,
  sink: unknown,
  ...steps: readonly unknown[]
) => unknown;

const scripts = new Map<string, Script>();

/**
 * Makes a loop function of its own. The script of a shape is compiled once in a thread and run again
 * for every pipeline: each run makes a new function with its own type feedback, so what other
 * pipelines did in this thread does not slow this one down, and V8 inlines this pipeline's functions.
 */
export function makeLoop(shape: LoopShape): Loop {
  const key = shapeKey(shape);
  let script = scripts.get(key);
  if (script === undefined) {
    script = new Script(loopText(shape), { filename: 'heddle:loop' });
    scripts.set(key, script);
  }
  return script.runInThisContext() as Loop;
}
