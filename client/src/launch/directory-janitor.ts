import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Reads directories line by line until the pipe ends, which is when its owner ends, however that
 * happens. What was there then is removed until it has stayed away for three seconds: executors that
 * have not noticed yet may write once more. Half a minute at most.
 */
const script = `
while IFS= read -r one; do set -- "$@" "$one"; done
there() { for one; do [ -e "$one" ] && return 0; done; return 1; }
there "$@" || exit 0
looks=0; away=0
while [ $away -lt 3 ] && [ $looks -lt 30 ]; do
  if there "$@"; then rm -rf -- "$@"; away=0; else away=$((away + 1)); fi
  looks=$((looks + 1))
  sleep 1
done`;

/**
 * Removes directories when this process ends, also by `kill -9`: a shell that waits at a pipe whose other
 * end only this process holds. What has been removed or renamed before then is not there to be removed.
 */
export class DirectoryJanitor {
  readonly #pipe: Writable | undefined;

  constructor() {
    try {
      // A session of its own: Ctrl-C at a terminal goes to all of the foreground's.
      const child = spawn('/bin/sh', ['-c', script], {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: {},
        cwd: '/',
      });
      child.on('error', () => undefined);
      child.stdin.on('error', () => undefined);
      child.unref();
      if (child.stdin instanceof Socket) child.stdin.unref();
      this.#pipe = child.stdin;
    } catch {
      // No shell, or no process to be had: what is removed at an orderly end is removed all the same.
    }
  }

  /** @param directory absolute path of something that only this process makes */
  add(directory: string): void {
    if (directory.includes('\n')) return;
    this.#pipe?.write(`${directory}\n`);
  }
}
