import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of the end of stderr that errors show. */
const stderrBytes = 4 * 1024;
/** How long a shell that was started may take to tell the command's process id. */
const startTimeoutMs = 5_000;
const nonBlocking = constants.O_NONBLOCK;

/**
 * Runs the command beside it, tells its process id by descriptor 3 and then how it ended: a thread that
 * never returns to its event loop is told neither by Node. Its own copies of the pipes are closed, so that
 * the command alone decides when its input is no longer read.
 */
const shellScript = [
  'exec 4<&0',
  '"$@" <&4 3>&- 4<&- & c=$!',
  'exec 0</dev/null 4<&-',
  'echo $c >&3',
  'wait $c; echo $? >&3',
].join('\n');

/**
 * A command with its pipes, for a thread that cannot wait for events: all calls return at once. Bytes
 * wait in the pipes only, 64 KiB each. Call `close` whatever happened.
 */
export class PipedChild {
  readonly #child: ChildProcess;
  readonly #chunk = Buffer.allocUnsafe(64 * 1024);
  #stdin: number | undefined;
  #stdout: number | undefined;
  #stderr: number | undefined;
  #told: number | undefined;
  #stderrEnd = Buffer.alloc(0);
  /** What the shell has told so far: process id and status, a line each. */
  #toldText = '';
  #isClosed = false;

  /** @throws Error when the system cannot start processes, or make pipes */
  constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-pipe-'));
    const theirs: number[] = [];
    try {
      const names = ['in', 'out', 'err', 'told'].map((name) => join(folder, name));
      const [input, output, errors, told] = names as [string, string, string, string];
      makePipes(names);
      // Opening one end waits for the other: this end is both for a moment.
      const both = openSync(input, constants.O_RDWR);
      try {
        theirs.push(openSync(input, constants.O_RDONLY));
        this.#stdin = openSync(input, constants.O_WRONLY | nonBlocking);
      } finally {
        closeSync(both);
      }
      this.#stdout = openSync(output, constants.O_RDONLY | nonBlocking);
      theirs.push(openSync(output, constants.O_WRONLY));
      this.#stderr = openSync(errors, constants.O_RDONLY | nonBlocking);
      theirs.push(openSync(errors, constants.O_WRONLY));
      this.#told = openSync(told, constants.O_RDONLY | nonBlocking);
      theirs.push(openSync(told, constants.O_WRONLY));
      const words = ['-c', shellScript, 'heddle-pipe', ...command];
      this.#child = spawn('/bin/sh', words, { stdio: theirs, env });
      // Told by the missing process id as well, and before the event.
      this.#child.once('error', () => undefined);
      this.#child.unref();
      if (this.#child.pid === undefined) throw new Error('no process can be started');
    } catch (error) {
      this.close();
      throw error;
    } finally {
      theirs.forEach(closeSync);
      // All ends are open: names are not needed any more, and stay behind for nobody.
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Writes what the pipe takes: how many bytes, 0 when it is full; undefined when nobody reads it any more. */
  write(bytes: Uint8Array): number | undefined {
    if (this.#stdin === undefined) return undefined;
    try {
      return writeSync(this.#stdin, bytes);
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 0;
      if (codeOf(error) === 'EPIPE') return undefined;
      throw error;
    }
  }

  /** Tells the command that its input has ended; idempotent. */
  endInput(): void {
    if (this.#stdin === undefined) return;
    closeSync(this.#stdin);
    this.#stdin = undefined;
  }

  /**
   * What the command has written: bytes that are valid until the next call, none when there are none
   * yet; undefined when it has closed its output, which happens when it ends.
   */
  read(): Buffer | undefined {
    this.#drainErrors();
    return this.#readFrom(this.#stdout);
  }

  /** Lets the command work, when there was nothing to do. */
  wait(milliseconds: number): void {
    Atomics.wait(sleeper, 0, 0, milliseconds);
  }

  /** As `$?` of a shell: 128 and more for signals. Undefined while it runs. */
  exitStatus(): number | undefined {
    return this.#toldNumber(1);
  }

  /** The end of what it wrote to stderr. */
  get stderr(): string {
    this.#drainErrors();
    return this.#stderrEnd.toString('utf8');
  }

  /** Ends the command if it runs; idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.endInput();
    this.#kill();
    for (const descriptor of [this.#stdout, this.#stderr, this.#told]) {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  /** The command first: its shell is the one to tell that it has ended. */
  #kill(): void {
    // Undefined where its start has failed.
    const shell = (this.#child as ChildProcess | undefined)?.pid;
    if (shell === undefined || this.exitStatus() !== undefined) return;
    const deadline = performance.now() + startTimeoutMs;
    while (this.#toldNumber(0) === undefined && performance.now() < deadline) this.wait(1);
    if (this.exitStatus() !== undefined) return;
    const command = this.#toldNumber(0);
    if (command !== undefined) killQuietly(command);
    killQuietly(shell);
  }

  /** A number that the shell has told; undefined before it has. */
  #toldNumber(index: number): number | undefined {
    const bytes = this.#readFrom(this.#told);
    if (bytes !== undefined) this.#toldText += bytes.toString('latin1');
    const lines = this.#toldText.split('\n');
    return index < lines.length - 1 ? Number(lines[index]) : undefined;
  }

  #drainErrors(): void {
    for (;;) {
      const bytes = this.#readFrom(this.#stderr);
      if (bytes === undefined || bytes.length === 0) return;
      this.#stderrEnd = Buffer.from(Buffer.concat([this.#stderrEnd, bytes]).subarray(-stderrBytes));
    }
  }

  #readFrom(descriptor: number | undefined): Buffer | undefined {
    if (descriptor === undefined) return undefined;
    try {
      const count = readSync(descriptor, this.#chunk);
      return count === 0 ? undefined : this.#chunk.subarray(0, count);
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return this.#chunk.subarray(0, 0);
      throw error;
    }
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Named pipes: those that Node makes are sockets, which no program can open as `/dev/stdin`. */
function makePipes(paths: readonly string[]): void {
  const { error, status, stderr } = spawnSync('mkfifo', ['-m', '600', ...paths], {
    encoding: 'utf8',
    timeout: startTimeoutMs,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`mkfifo failed: ${stderr.trim()}`);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
