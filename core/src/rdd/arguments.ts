import { ArgumentError, nearestName } from '@heddle/common';

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The driver keeps something of every task; more of them than this is a slip of the pen. */
const MAX_PARTITIONS = 10_000_000;

/** A number of partitions: a whole number from 1 to ten million. @throws ArgumentError */
export function checkPartitionCount(count: unknown, operator: string, name = 'n'): number {
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) {
    throw new ArgumentError(
      `${operator}: ${name} is a number of partitions, a whole number from 1, and is ${shown(count)}`,
    );
  }
  if (count > MAX_PARTITIONS) {
    throw new ArgumentError(
      `${operator}: ${name} is a number of partitions, at most ${MAX_PARTITIONS}, and is ${count}`,
    );
  }
  return count;
}

/** A number of elements: a whole number from 0. @throws ArgumentError */
export function checkElementCount(count: unknown, operator: string, name = 'n'): number {
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw new ArgumentError(
      `${operator}: ${name} is a number of elements, a whole number from 0, and is ${shown(count)}`,
    );
  }
  return count;
}

/** @throws ArgumentError when `f` is no function, or one that could not be called in a loop */
export function checkFunction(f: unknown, operator: string, name = 'f'): void {
  if (typeof f !== 'function') {
    throw new ArgumentError(`${operator}: ${name} must be a function, and is ${shown(f)}`);
  }
}

/** @throws ArgumentError when `value` is no finite number */
export function checkFinite(value: unknown, operator: string, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new ArgumentError(`${operator}: ${name} must be a finite number, and is ${shown(value)}`);
  }
  return value;
}

/** @throws ArgumentError when `value` is neither true nor false */
export function checkBoolean(value: unknown, operator: string, name: string): boolean {
  if (typeof value !== 'boolean') {
    throw new ArgumentError(`${operator}: ${name} must be true or false, and is ${shown(value)}`);
  }
  return value;
}

/** @throws ArgumentError when `value` is no text with at least one character */
export function checkText(value: unknown, operator: string, name: string): string {
  if (typeof value !== 'string' || value === '') {
    throw new ArgumentError(
      `${operator}: ${name} must be a text with at least one character, and is ${shown(value)}`,
    );
  }
  return value;
}

/** What every action takes last. */
export interface ActionOptions {
  /** Aborting it cancels the action's jobs and rejects with `JobCancelledError`. */
  readonly signal?: AbortSignal | undefined;
}

/** Whether an optional parameter's place holds the action's options instead. */
export function isActionOptions(value: unknown): value is ActionOptions {
  return isPlainObject(value);
}

/** Whether it is an object as a literal makes it: no array, no instance of a class. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const plainOptionNames: readonly string[] = ['signal'];

/**
 * Refuses options that an action does not know: a mistyped one would be left out without a word.
 *
 * @param known names of the options that the action takes
 * @throws ArgumentError naming the option, and the one that was probably meant
 */
export function checkActionOptions(
  options: unknown,
  operator: string,
  known: readonly string[] = plainOptionNames,
): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ArgumentError(
      `${operator}: options must be an object with ${known.join(', ')}, and is ${shown(options)}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    const hint = near === undefined ? `known are: ${known.join(', ')}` : `did you mean '${near}'?`;
    throw new ArgumentError(`${operator}: there is no option '${name}'; ${hint}`);
  }
  const { signal } = options as { readonly signal?: unknown };
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new ArgumentError(
      `${operator}: signal must be an AbortSignal, such as new AbortController().signal, and is ${shown(signal)}`,
    );
  }
}
