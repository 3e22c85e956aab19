import { describeThrown, HeddleError } from '@heddle/common';
import { encodeError, ThrownValueError } from 'heddle/internal';
import type { CodeTable, TaskFailure } from 'heddle/internal';
import { ShuffleFetchError } from '../shuffle/errors.js';
import { CommitDeniedError, TaskKilledError, TaskMemoryError } from './errors.js';

/** Longest text of an error that travels; a message of 100 MB helps nobody. */
const maxTextLength = 64 * 1024;

/** Errors that another attempt would meet again, since they depend on code and data alone. */
const finalCodes: ReadonlySet<string> = new Set([
  'CODE_MISMATCH',
  'GROUP_TOO_LARGE',
  'KEY_NOT_HASHABLE',
  'PARTITION_OUT_OF_RANGE',
  'RECORD_TYPE',
  'RESULT_TOO_LARGE',
  'UNSUPPORTED_VALUE',
  'WRONG_SIDE',
]);

/** What was thrown in a task as the failure that is reported; never throws. */
export function taskFailure(
  thrown: unknown,
  label: string | undefined,
  code: CodeTable,
): TaskFailure {
  const error = asError(thrown);
  if (error instanceof TaskKilledError) return { kind: 'killed', reason: error.message };
  if (error instanceof CommitDeniedError) return { kind: 'commitDenied', summary: error.message };
  if (error instanceof TaskMemoryError) {
    return { kind: 'threadLost', reason: 'heapLimit', summary: error.message };
  }
  if (error instanceof ShuffleFetchError) {
    const { shuffleId, mapPartition, mapId, generation, scope, message: summary } = error;
    return { kind: 'fetchFailed', shuffleId, mapPartition, mapId, generation, scope, summary };
  }
  const where = label === undefined ? '' : ` (in ${label})`;
  return {
    kind: 'exception',
    error: encoded(error, code),
    summary: `${describeThrown(error)}${where}`,
    retryable: !(error instanceof HeddleError && finalCodes.has(error.code)),
  };
}

/** The Error itself, its texts cut, or a `ThrownValueError` around another value; never throws. */
export function asError(thrown: unknown): Error {
  if (!isError(thrown)) {
    const text = describeThrown(thrown);
    return new ThrownValueError(
      `the function threw ${quoted(thrown, text)}, which is no Error`,
      thrown,
    );
  }
  try {
    const { message } = thrown;
    if (message.length > maxTextLength) {
      // Before the first look at `stack`, which V8 writes then, with the message in it.
      thrown.message = `${message.slice(0, maxTextLength)}… (${message.length} characters)`;
    }
    if (thrown.stack !== undefined && thrown.stack.length > 2 * maxTextLength) {
      thrown.stack = thrown.stack.slice(0, 2 * maxTextLength);
    }
  } catch {
    // Frozen, or a getter of the user: it travels as it is.
  }
  return thrown;
}

function encoded(error: Error, code: CodeTable): Uint8Array {
  try {
    return encodeError(error, code);
  } catch {
    return encodeError(new Error(describeThrown(error)), code);
  }
}

/** `instanceof` runs code of a proxy's handler, which may throw. */
function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error && typeof thrown.message === 'string';
  } catch {
    return false;
  }
}

function quoted(thrown: unknown, text: string): string {
  return typeof thrown === 'string' ? JSON.stringify(text) : text;
}
