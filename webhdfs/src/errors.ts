import { HeddleError } from '@heddle/common';
import { hdfsErrorClasses } from './hdfs/errors.js';

/** A path that an operation of a file system needs does not exist. */
export class FileNotFoundError extends HeddleError {
  readonly code = 'FILE_NOT_FOUND';

  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`no such file or directory: ${path}`, options);
  }
}

/** The destination of a `create` or `rename` is there already; nothing was changed. */
export class FileExistsError extends HeddleError {
  readonly code = 'FILE_EXISTS';

  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`the path exists already: ${path}`, options);
  }
}

/** The file system's permissions forbid an operation. */
export class AccessDeniedError extends HeddleError {
  readonly code = 'ACCESS_DENIED';

  constructor(
    readonly path: string,
    readonly operation: string,
    readonly user: string,
    options?: ErrorOptions,
    /** The server's own words, where one decided. */
    reason?: string,
  ) {
    super(
      `user ${user} may not ${operation} ${path}: ${reason === undefined ? '' : `${reason}; `}` +
        'check its owner and permissions, and those of the directories above it',
      options,
    );
  }
}

/** The device, or the user's quota on it, has no room left. */
export class StorageFullError extends HeddleError {
  readonly code = 'STORAGE_FULL';

  constructor(
    readonly path: string,
    advice = 'free room on that disk (or raise the quota), or write elsewhere',
    options?: ErrorOptions,
  ) {
    super(`no space left to write ${path}: ${advice}`, options);
  }
}

/** Any other failure of a file system, with its own code (`EIO`, `EMFILE`, a remote exception's name). */
export class FileSystemError extends HeddleError {
  readonly code: string = 'FILE_SYSTEM';

  constructor(
    readonly path: string,
    readonly operation: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`cannot ${operation} ${path}: ${reason}`, options);
  }
}

/** A path that must be a directory is something else. */
export class NotADirectoryError extends FileSystemError {
  override readonly code = 'NOT_A_DIRECTORY';

  constructor(
    path: string,
    operation: string,
    options?: ErrorOptions,
    reason = 'it is not a directory',
  ) {
    super(path, operation, reason, options);
  }
}

/** A remote server refused an operation for a reason that has no class of its own here. */
export class RemoteFileSystemError extends FileSystemError {
  override readonly code = 'REMOTE_FILE_SYSTEM';

  constructor(
    path: string,
    operation: string,
    /** `host:port`. */
    readonly server: string,
    /** Java class on the server, such as `org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException`. */
    readonly javaClassName: string,
    readonly serverMessage: string,
    options?: ErrorOptions,
  ) {
    super(path, operation, `${server} says ${javaClassName}: ${serverMessage}`, options);
  }
}

/** No file system is known for the scheme of a URI. */
export class UnknownSchemeError extends HeddleError {
  readonly code = 'UNKNOWN_SCHEME';

  constructor(
    readonly path: string,
    readonly scheme: string,
    readonly knownSchemes: readonly string[],
    options?: ErrorOptions,
  ) {
    super(
      `no file system for scheme "${scheme}" of ${path}: known are ${knownSchemes.join(', ')}; ` +
        `a plain path is one without "${scheme}://"`,
      options,
    );
  }
}

/** An input path does not exist, or its pattern matches nothing; comes before any task runs. */
export class InputNotFoundError extends HeddleError {
  readonly code = 'INPUT_NOT_FOUND';

  constructor(
    /** The path as the program gave it: of a comma list, the one that is missing. */
    readonly path: string,
    reason = 'it does not exist',
    options?: ErrorOptions,
  ) {
    super(`cannot read input ${path}: ${reason}`, options);
  }
}

/** The destination of a save is there already; comes before any task runs. */
export class OutputExistsError extends HeddleError {
  readonly code = 'OUTPUT_EXISTS';

  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(
      `output ${path} already exists: remove it, choose another path, or save with { overwrite: true }`,
      options,
    );
  }
}

/** Input bytes cannot be what their name or the operator says (broken compression, a line without end). */
export class InputFormatError extends HeddleError {
  readonly code = 'INPUT_FORMAT';

  constructor(
    readonly path: string,
    /** Where in the file, in bytes (compressed bytes for compressed files). */
    readonly offset: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`input ${path} at byte ${offset}: ${reason}`, options);
  }
}

/** A file is too big to be one record. */
export class InputTooLargeError extends HeddleError {
  readonly code = 'INPUT_TOO_LARGE';

  constructor(
    readonly path: string,
    readonly sizeBytes: number,
    readonly limitBytes: number,
    options?: ErrorOptions,
  ) {
    super(
      `${path} holds ${sizeBytes} bytes or more, and one record may hold ${limitBytes}: ` +
        `read it with textFile, which yields one record for each line`,
      options,
    );
  }
}

/** All classes of this file, for the codec that carries errors between processes. */
export const fileErrorClasses = [
  FileNotFoundError,
  FileExistsError,
  AccessDeniedError,
  StorageFullError,
  FileSystemError,
  NotADirectoryError,
  RemoteFileSystemError,
  UnknownSchemeError,
  InputNotFoundError,
  OutputExistsError,
  InputFormatError,
  InputTooLargeError,
  ...hdfsErrorClasses,
] as const;
