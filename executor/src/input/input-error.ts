import { decodeError, encodeError, plainCodeTable, type FilePiece } from 'heddle/internal';
import { FileNotFoundError, InputNotFoundError } from '@heddle/webhdfs';

/** An error of the host as bytes for the thread: class, fields, stack and cause stay. */
export function encodeInputError(error: Error): Uint8Array {
  return encodeError(error, plainCodeTable);
}

/** @param shared may lie in shared memory: it is copied before it is read */
export function decodeInputError(shared: Uint8Array): Error {
  return decodeError(Uint8Array.from(shared), plainCodeTable);
}

/** What a missing file means to a task: its input was there when it was listed. */
export function asInputError(error: Error, piece: FilePiece): Error {
  if (!(error instanceof FileNotFoundError)) return error;
  return new InputNotFoundError(piece.path, 'it was there when the input was listed, and is gone', {
    cause: error,
  });
}
