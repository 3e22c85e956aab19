import { Script } from 'node:vm';

type Factory = (...args: never[]) => unknown;

const scripts = new WeakMap<Factory, Script>();
const copies = new WeakMap<object, Map<Factory, unknown>>();

/**
 * A copy of an engine function for one pipeline, with type feedback and optimised code of its own.
 *
 * V8 keeps one feedback per function of a script run. A loop that calls users' functions and is
 * shared by all pipelines becomes megamorphic and loses inlining; a copy per pipeline stays
 * monomorphic. The function must refer to nothing but its parameters and globals: it is made again
 * from its own source text, a constant of the engine.
 *
 * @param owner what stands for the pipeline, such as the user's function: the same owner gets the
 * same copy, so that later tasks of a stage start with optimised code
 */
export function freshCopy<F extends Factory>(factory: F, owner: object): F {
  let owned = copies.get(owner);
  if (owned === undefined) {
    owned = new Map();
    copies.set(owner, owned);
  }
  let copy = owned.get(factory) as F | undefined;
  if (copy === undefined) {
    copy = scriptOf(factory).runInThisContext() as F;
    owned.set(factory, copy);
  }
  return copy;
}

function scriptOf(factory: Factory): Script {
  let script = scripts.get(factory);
  if (script === undefined) {
    script = new Script(`(${Function.prototype.toString.call(factory)})`, {
      filename: `heddle-engine:${factory.name}`,
    });
    scripts.set(factory, script);
  }
  return script;
}
