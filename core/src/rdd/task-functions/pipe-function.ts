import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { engineFunction } from '../../closures/engine-function.js';
import { PipeError } from '../../errors/index.js';

const CHUNK_BYTES = 64 * 1024;
const STDERR_BYTES = 4 * 1024;

/** How a command is run. */
export interface PipeCommand {
  readonly command: readonly string[];
  /** Added to the executor's environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly checkCode: boolean;
  readonly separator: string;
}

/**
 * Runs a command for a partition: records on its stdin, its lines as records. Both go through files,
 * so that neither a command that does not read nor one that floods can block or fill the memory.
 */
export const pipeThrough = engineFunction(
  'pipeThrough',
  (args: readonly [PipeCommand]) =>
    function* (_index: number, records: Iterable<unknown>): Generator<string> {
      const [pipe] = args;
      const folder = mkdtempSync(join(tmpdir(), 'heddle-pipe-'));
      try {
        const input = join(folder, 'in');
        writeRecords(input, records, pipe.separator);
        run(pipe, folder);
        yield* linesOf(join(folder, 'out'));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
);

function textOf(record: unknown): string {
  if (typeof record === 'string') return record;
  if (typeof record !== 'object' || record === null) return String(record);
  return JSON.stringify(record);
}

function writeRecords(file: string, records: Iterable<unknown>, separator: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    let waiting: (string | Uint8Array)[] = [];
    let size = 0;
    const flush = (): void => {
      const bytes = Buffer.concat(
        waiting.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
      );
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
      [waiting, size] = [[], 0];
    };
    for (const record of records) {
      const content = record instanceof Uint8Array ? record : textOf(record);
      waiting.push(content, separator);
      size += content.length + separator.length;
      if (size >= CHUNK_BYTES) flush();
    }
    flush();
  } finally {
    closeSync(descriptor);
  }
}

function run({ command, env, checkCode }: PipeCommand, folder: string): void {
  const [program, ...words] = command;
  const input = openSync(join(folder, 'in'), 'r');
  const output = openSync(join(folder, 'out'), 'wx', 0o600);
  const errors = openSync(join(folder, 'err'), 'wx+', 0o600);
  try {
    const ended = spawnSync(program!, words, {
      stdio: [input, output, errors],
      // eslint-disable-next-line no-restricted-properties -- handed on whole, not read
      env: { ...process.env, ...env },
    });
    const stderr = endOf(errors);
    const name = command.join(' ');
    if (ended.error !== undefined) {
      throw new PipeError(name, undefined, stderr, `could not be run: ${ended.error.message}`, {
        cause: ended.error,
      });
    }
    if (!checkCode) return;
    if (ended.signal !== null) {
      throw new PipeError(name, undefined, stderr, `was ended by ${ended.signal}`);
    }
    if (ended.status !== 0) {
      const status = ended.status ?? undefined;
      throw new PipeError(name, status, stderr, `ended with exit code ${String(ended.status)}`);
    }
  } finally {
    closeSync(input);
    closeSync(output);
    closeSync(errors);
  }
}

function endOf(descriptor: number): string {
  const { size } = fstatSync(descriptor);
  const bytes = Buffer.alloc(Math.min(size, STDERR_BYTES));
  readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString('utf8');
}

/** Lines of a file; a last one without an end counts, an empty one after the last end does not. */
function* linesOf(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = '';
    for (;;) {
      const count = readSync(descriptor, chunk, 0, chunk.length, null);
      const lines = (
        rest + (count === 0 ? decoder.end() : decoder.write(chunk.subarray(0, count)))
      ).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
      if (count === 0) break;
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(descriptor);
  }
}
