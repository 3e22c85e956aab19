import { Console } from 'node:console';
import { writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/**
 * What a thread's `console`, `process.stdout` and `process.stderr` write to: whole lines, each marked
 * with the task, straight to a file descriptor. (The streams that Node gives to worker threads pass
 * through the main thread: what a busy thread had written is lost when it is ended.)
 */
export class TaskLog {
  readonly #descriptor: number;
  /** Stands before each line: what takes a progress bar off a terminal's last line. */
  readonly #lineStart: string;
  #mark = '';
  #pending = '';

  constructor(descriptor: number, lineStart = '') {
    this.#descriptor = descriptor;
    this.#lineStart = lineStart;
  }

  /** Marks the lines from now on, such as `[task 7 stage 2 partition 3] `. */
  begin(mark: string): void {
    this.#mark = mark;
  }

  /** Ends a line that was left open. */
  end(): void {
    if (this.#pending !== '') this.write('\n');
    this.#mark = '';
  }

  write(text: string): void {
    const lines = (this.#pending + text).split('\n');
    this.#pending = lines.pop()!;
    for (const line of lines)
      writeAll(this.#descriptor, `${this.#lineStart}${this.#mark}${line}\n`);
  }
}

/** Puts a log behind everything in this thread that writes to the process's output. */
export function captureOutput(log: TaskLog): void {
  const write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    log.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString());
    const done = typeof encoding === 'function' ? encoding : callback;
    if (typeof done === 'function') queueMicrotask(() => void Reflect.apply(done, undefined, []));
    return true;
  };
  process.stdout.write = write;
  process.stderr.write = write;
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: unknown, _encoding, done) => {
      write(chunk);
      done();
    },
  });
  globalThis.console = new Console({ stdout: stream, stderr: stream });
}

/** Writes all bytes, also to a pipe whose reader is slow. */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
