import { HeddleError } from '@heddle/common';

/** `zip` found partitions of two RDDs with different numbers of records. */
export class ZipLengthError extends HeddleError {
  readonly code = 'ZIP_LENGTH';

  constructor(
    readonly partition: number,
    /** Records of the shorter side. */
    readonly length: number,
  ) {
    super(
      `zip: one side of partition ${partition} ends after ${length} records and the other goes on; ` +
        'zip RDDs that come from the same one by steps like map, or join them by a key',
    );
  }
}

/** Values of a group of `flatMapGroups` were asked for when the group was over. */
export class GroupPassedError extends HeddleError {
  readonly code = 'GROUP_PASSED';

  constructor() {
    super(
      'flatMapGroups: the values of a group are a stream, and it was read after the group was over; ' +
        'read it inside the function, or give records that are made of the values: [...values] for an array of them',
    );
  }
}

/** A command of `pipe` could not be started, or ended badly. */
export class PipeError extends HeddleError {
  readonly code = 'PIPE';

  constructor(
    readonly command: string,
    /** As `$?` of a shell, 128 + n for signal n; undefined when it was not started, or stopped. */
    readonly exitCode: number | undefined,
    /** The end of what it wrote to stderr. */
    readonly stderr: string,
    what: string,
    options?: ErrorOptions,
  ) {
    const told = stderr.trim() === '' ? '' : `; it wrote to stderr: ${stderr.trim()}`;
    super(`pipe: ${command} ${what}${told}`, options);
  }
}

/** A file is whole, and holds something that Heddle does not read: a class, a codec, an old version. */
export class UnsupportedFormatError extends HeddleError {
  readonly code = 'UNSUPPORTED_FORMAT';

  constructor(
    readonly path: string,
    /** What is not supported, such as the name of a Java class. */
    readonly unsupported: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`cannot read ${path}: ${reason}`, options);
  }
}
