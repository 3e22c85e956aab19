import { CorruptDataError } from '../codec/errors.js';
import type { AnyFunction } from '../codec/value/value-code.js';

/**
 * Functions of the engine itself that run in tasks, such as what `randomSplit` does with a partition.
 * They travel by name, with arguments that may hold functions of the program: a registry that both
 * sides have, so that data never becomes code.
 */
interface EngineCall {
  readonly name: string;
  /** Set anew for each attempt in a task thread: functions look at them when they are called. */
  readonly args: unknown[];
}

/** Makes a function that reads `args` when it is called, never before. */
export type EngineFunctionMaker<A extends readonly unknown[], F extends AnyFunction> = (
  args: A,
) => F;

const makers = new Map<string, (args: never) => AnyFunction>();
const calls = new WeakMap<object, EngineCall>();

/**
 * Registers a function of the engine under a name that is the same in driver and tasks.
 *
 * @returns what makes the function for given arguments
 */
export function engineFunction<A extends readonly unknown[], F extends AnyFunction>(
  name: string,
  make: EngineFunctionMaker<A, F>,
): (...args: A) => F {
  makers.set(name, make);
  return (...args) => makeEngineFunction(name, [...args]) as F;
}

/** Registers a function of the engine that takes no arguments; see `engineFunction`. */
export function plainEngineFunction<F extends AnyFunction>(name: string, make: () => F): () => F {
  return engineFunction<readonly [], F>(name, make);
}

/** Makes a registered function. @throws CorruptDataError when no such function is known */
export function makeEngineFunction(name: string, args: unknown[]): AnyFunction {
  const make = makers.get(name);
  if (make === undefined) {
    throw new CorruptDataError(`the engine has no function ${name.slice(0, 100)}`);
  }
  const made = make(args as never);
  calls.set(made, { name, args });
  return made;
}

/** Name and arguments of a function that `makeEngineFunction` made; undefined for all others. */
export function engineCallOf(value: object): EngineCall | undefined {
  return calls.get(value);
}
