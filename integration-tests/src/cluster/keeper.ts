import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./keeper-main.js', import.meta.url));
const goodbye = 'stopped\n';

/**
 * A process that outlives this one and then stops the cluster, however this one ended: it notices the end of
 * its standard input.
 */
export class Keeper {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts the keeper of the cluster in a folder. */
  static async start(directory: string): Promise<Keeper> {
    // In a session of its own, so that Ctrl-C in a terminal does not end it together with this process.
    const child = spawn(process.execPath, [program, directory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(child, 'spawn');
    child.stdin.on('error', () => undefined);
    child.unref();
    // A pipe is a socket underneath; it must not keep this process alive.
    if (child.stdin instanceof Socket) child.stdin.unref();
    return new Keeper(child);
  }

  /** Tells it that the cluster has been stopped, and waits for its end. */
  async dismiss(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.ref();
    this.#child.stdin!.end(goodbye);
    await ended;
  }
}

/** What the keeper reads when nothing is left to do. */
export const keeperGoodbye = goodbye.trim();
