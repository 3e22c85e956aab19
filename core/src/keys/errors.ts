import { HeddleError } from '@heddle/common';

/**
 * A value cannot be a key: it has no equality by value that is the same in every process
 * (functions, symbols, promises, weak collections, errors, objects without visible fields, cycles).
 */
export class KeyNotHashableError extends HeddleError {
  readonly code = 'KEY_NOT_HASHABLE';

  constructor(
    /** What was met, such as `a function`. */
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(
      `${found} cannot be a key, or a part of one. Keys are compared by value in every process: ` +
        'use strings, numbers, bigints, booleans, null, undefined, dates, bytes, regular expressions, ' +
        'or arrays, plain objects, Maps, Sets and class instances with public fields made of those.',
      options,
    );
  }
}
