import { accessSync, constants } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { delimiter, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { toError } from '@heddle/common';
import { engineFunction } from '../../closures/engine-function.js';
import { filesRootDirectory } from '../../context/heddle-files.js';
import { TaskContext } from '../../context/task-context.js';
import { PipeError } from '../../errors/index.js';
import { PipedChild } from './piped-child.js';

/** Records are gathered until they are this much. */
const gatheredBytes = 64 * 1024;
/** Waits between looks at a command that neither reads nor writes. */
const shortestWaitMs = 0.05;
const longestWaitMs = 5;
/** Codes by which a shell says that it could not run a command, and statuses of signals. */
const notExecutable = 126;
const notFound = 127;
const signalBase = 128;

/** How a command is run. */
export interface PipeCommand {
  readonly command: readonly string[];
  /** Added to the executor's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly checkCode: boolean;
  readonly separator: string;
}

/**
 * Runs a command for a partition: records on its stdin, its lines as records, both as they come. What
 * is not read waits in pipes of 64 KiB: neither a command that does not read nor one that floods can
 * block the task or fill its memory.
 */
export const pipeThrough = engineFunction(
  'pipeThrough',
  (args: readonly [PipeCommand]) =>
    function* (_index: number, records: Iterable<unknown>): Generator<string> {
      const [pipe] = args;
      const child = start(pipe);
      const input = records[Symbol.iterator]();
      TaskContext.get()?.onCompletion(() => child.close());
      try {
        yield* exchange(pipe, child, input);
        if (pipe.checkCode) checkStatus(pipe, child);
      } finally {
        child.close();
        input.return?.();
      }
    },
);

function start({ command, env }: PipeCommand): PipedChild {
  // eslint-disable-next-line no-restricted-properties -- handed on whole, not read
  const all: NodeJS.ProcessEnv = { ...process.env };
  const filesRoot = filesRootDirectory();
  if (filesRoot !== undefined) all['HEDDLE_FILES_ROOT'] = filesRoot;
  Object.assign(all, env);
  const name = command.join(' ');
  const missing = findProblem(command[0]!, all['PATH'] ?? '');
  if (missing !== undefined) {
    throw new PipeError(name, undefined, '', `could not be run: ${missing}`);
  }
  try {
    return new PipedChild(command, all);
  } catch (error) {
    const cause = toError(error);
    throw new PipeError(name, undefined, '', `could not be run: ${cause.message}`, { cause });
  }
}

/** Why a program cannot be run; undefined when it seems that it can. */
function findProblem(program: string, path: string): string | undefined {
  const places = program.includes('/')
    ? [program]
    : path.split(delimiter).map((folder) => join(folder, program));
  const isThere = places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (isThere) return undefined;
  return program.includes('/')
    ? 'there is no such program on the executor, or it may not be executed'
    : `no folder of the executor's PATH (${path}) has such a program`;
}

/** Writes records and yields lines, whichever of both can go on; waits a little when neither can. */
function* exchange(
  { command, separator }: PipeCommand,
  child: PipedChild,
  records: Iterator<unknown>,
): Generator<string> {
  const input = new PendingInput(records, separator);
  const lines = new LineCutter();
  let waitMs = shortestWaitMs;
  for (;;) {
    const pending = input.bytes();
    const written = pending === undefined ? undefined : child.write(pending);
    if (written === undefined) child.endInput();
    else input.taken(written);
    const bytes = child.read();
    if (bytes === undefined) break;
    yield* lines.cut(bytes);
    if (bytes.length > 0 || (written ?? 0) > 0) {
      waitMs = shortestWaitMs;
      continue;
    }
    if (TaskContext.get()?.isInterrupted() === true) {
      throw new PipeError(command.join(' '), undefined, '', 'was stopped, as its task was');
    }
    child.wait(waitMs);
    waitMs = Math.min(longestWaitMs, waitMs * 2);
  }
  yield* lines.end();
}

/** Records as bytes on their way to a command, read only as fast as it takes them. */
class PendingInput {
  readonly #records: Iterator<unknown>;
  readonly #separator: Buffer;
  #bytes: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(records: Iterator<unknown>, separator: string) {
    this.#records = records;
    this.#separator = Buffer.from(separator);
  }

  /** What comes next; undefined when everything was taken. */
  bytes(): Uint8Array | undefined {
    if (this.#bytes.length === 0 && !this.#ended) this.#gather();
    return this.#bytes.length === 0 ? undefined : this.#bytes;
  }

  taken(count: number): void {
    this.#bytes = this.#bytes.subarray(count);
  }

  #gather(): void {
    const parts: Uint8Array[] = [];
    let size = 0;
    while (size < gatheredBytes) {
      const next = this.#records.next();
      if (next.done === true) {
        this.#ended = true;
        break;
      }
      const { value } = next;
      const part = value instanceof Uint8Array ? value : Buffer.from(textOf(value));
      parts.push(part, this.#separator);
      size += part.length + this.#separator.length;
    }
    this.#bytes = Buffer.concat(parts, size);
  }
}

function textOf(record: unknown): string {
  if (typeof record === 'string') return record;
  if (typeof record !== 'object' || record === null) return String(record);
  return JSON.stringify(record);
}

/** Lines of a text that comes in pieces; a last one without an end counts, an empty one after the last end does not. */
class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  #rest: string[] = [];

  *cut(bytes: Buffer): Generator<string> {
    const parts = this.#decoder.write(bytes).split('\n');
    if (parts.length === 1) {
      this.#rest.push(parts[0]!);
      return;
    }
    parts[0] = this.#rest.join('') + parts[0]!;
    this.#rest = [parts.pop()!];
    for (const line of parts) yield withoutReturn(line);
  }

  *end(): Generator<string> {
    const last = this.#rest.join('') + this.#decoder.end();
    if (last !== '') yield last;
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** The output has ended, so the shell is about to tell the status, or has been killed. */
function checkStatus({ command }: PipeCommand, child: PipedChild): void {
  const status = child.exitStatus();
  if (status === 0) return;
  const name = command.join(' ');
  const { stderr } = child;
  if (status === undefined) {
    throw new PipeError(
      name,
      undefined,
      stderr,
      'ended, and was not told how: it was killed with its shell',
    );
  }
  if (status === notFound || status === notExecutable) {
    const what = `could not be run, or ended with exit code ${status}`;
    throw new PipeError(name, status, stderr, what);
  }
  const signal = Object.entries(osConstants.signals).find(([, n]) => n === status - signalBase);
  const what =
    signal === undefined
      ? `ended with exit code ${status}`
      : `ended with exit code ${status}, as one that ${signal[0]} ends`;
  throw new PipeError(name, status, stderr, what);
}
