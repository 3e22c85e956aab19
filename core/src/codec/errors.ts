import { HeddleError } from '@heddle/common';

/** Encoded bytes are cut off, altered, or of a version that this engine does not read. */
export class CorruptDataError extends HeddleError {
  readonly code = 'CORRUPT_DATA';

  constructor(what: string, options?: ErrorOptions) {
    super(
      `encoded data cannot be read: ${what}. The bytes are damaged or were written by another version of the engine.`,
      options,
    );
  }
}

/** A value that no encoding carries to another process, with the way to it from the encoded root. */
export class UnsupportedValueError extends HeddleError {
  readonly code = 'UNSUPPORTED_VALUE';
  /** A function or instance that neither the language nor the program made, but some package. */
  readonly isForeign: boolean;

  constructor(
    /** Why this value cannot travel, as the end of a sentence. */
    readonly reason: string,
    /** Way from the root to the value, such as `.rows[3].socket`; empty for the root itself. */
    readonly path = '',
    options?: ErrorOptions & { readonly isForeign?: boolean },
  ) {
    super(`a value cannot be encoded${path === '' ? '' : ` (at ${path})`}: ${reason}`, options);
    this.isForeign = options?.isForeign === true;
  }
}
