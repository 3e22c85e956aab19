import { writeSync } from 'node:fs';
import type { Logger, LogLevel, LogThreshold } from '@heddle/common';
import { LeveledLogger, WinstonSink } from '@heddle/common';
import { Terminal } from '../progress/terminal.js';

/** Everything that the command itself writes, on stderr: stdout is the program's own. */
export class CommandConsole {
  readonly terminal = new Terminal(process.stderr);
  readonly logger: Logger;
  readonly json: boolean;
  readonly #threshold: LogThreshold = { level: 'warn' };
  readonly #sink: WinstonSink;
  #exiting = false;

  /** @param json write JSON lines instead of text */
  constructor(json: boolean) {
    this.json = json;
    this.#sink = new WinstonSink((line) => this.#writeLine(line), json ? 'json' : 'text');
    this.logger = new LeveledLogger(this.#sink, this.#threshold);
  }

  setLogLevel(level: LogLevel): void {
    this.#threshold.level = level;
  }

  /** Lines for people; with `--json` they are one object of that kind. */
  tell(kind: string, text: string): void {
    this.#writeLine(this.json ? JSON.stringify({ kind, text }) : text);
  }

  /** One JSON line, only with `--json`. */
  tellJson(value: Readonly<Record<string, unknown>>): void {
    if (this.json) this.#writeLine(JSON.stringify(value));
  }

  /** Writes what the log still holds; from now on every line is written before the call returns. */
  flushSync(): void {
    this.terminal.clearStatus();
    this.#exiting = true;
    this.#sink.flushSync();
  }

  #writeLine(line: string): void {
    if (!this.#exiting) {
      this.terminal.writeLine(line);
      return;
    }
    try {
      writeSync(process.stderr.fd, `${line}\n`);
    } catch {
      // A closed stderr: nobody reads.
    }
  }
}
