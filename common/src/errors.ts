/**
 * The root of every error the engine throws.
 *
 * `code` is stable (upper snake case of the class name without `Error`); match on it rather than on
 * the message, since two copies of the engine may be loaded.
 */
export abstract class HeddleError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An argument of an API call is out of its allowed range or of the wrong type; thrown at the call. */
export class ArgumentError extends RangeError {
  readonly code = 'ARGUMENT';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArgumentError';
  }
}

/** A setting is unknown, malformed or out of range; names the deciding key. */
export class ConfigError extends HeddleError {
  readonly code = 'CONFIG';

  constructor(
    readonly key: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A state that the engine's own invariants exclude: a defect of the engine, never of a program. */
export class InternalError extends HeddleError {
  readonly code = 'INTERNAL';

  constructor(message: string, options?: ErrorOptions) {
    super(`${message} (this is a defect of the engine: please report it with this text)`, options);
  }
}

/** The text of anything thrown, also of values whose own `toString` throws; cut at `maxLength` characters. */
export function describeThrown(thrown: unknown, maxLength = 2_000): string {
  let text: string;
  try {
    text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  } catch {
    text = '<a value whose text cannot be taken>';
  }
  return text.length <= maxLength
    ? text
    : `${text.slice(0, maxLength)}… (${text.length} characters)`;
}

/** Whatever was thrown, as an Error: itself when it is one. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(describeThrown(thrown), { cause: thrown });
}
