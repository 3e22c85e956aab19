import { userInfo } from 'node:os';
import { HeddleError, toError } from '@heddle/common';
import {
  AccessDeniedError,
  FileExistsError,
  FileNotFoundError,
  FileSystemError,
  StorageFullError,
} from '../errors.js';

/** The `code` of a system error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** An error of `node:fs` as a typed error; errors that are typed already pass. */
export function localError(error: unknown, path: string, operation: string): HeddleError {
  if (error instanceof HeddleError) return error;
  const options = { cause: error };
  const errno = errnoOf(error);
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new FileNotFoundError(path, options);
    case 'EEXIST':
    case 'ENOTEMPTY':
      return new FileExistsError(path, options);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AccessDeniedError(path, operation, userName(), options);
    case 'ENOSPC':
    case 'EDQUOT':
      return new StorageFullError(path, undefined, options);
    case 'EISDIR':
      return new FileSystemError(path, operation, 'it is a directory', options);
    default:
      return new FileSystemError(path, operation, toError(error).message, options);
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no entry in the user database.
    return `with id ${process.getuid?.() ?? 'unknown'}`;
  }
}
