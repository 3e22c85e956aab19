import { HeddleError } from '@heddle/common';
import { registerErrorClasses } from '../../codec/value/engine-types.js';

/** An archive cannot be unpacked: it is damaged, of an unknown kind, or leads out of its directory. */
export class ArchiveError extends HeddleError {
  readonly code = 'ARCHIVE';

  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the archive ${path} cannot be unpacked: ${reason}`, options);
  }
}

registerErrorClasses(ArchiveError);
