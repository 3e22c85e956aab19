import type winston from 'winston';
import type { LogEntry, LogSink } from './log-entry.js';
import { formatLogJson, formatLogText } from './log-entry.js';

/** Writes whole lines to where the log goes; the progress bar hides itself around each. */
export type LineWriter = (line: string) => void;

/**
 * Log entries through winston, which is loaded with the first entry: most runs log nothing and must
 * not pay for it. An entry counts as unwritten until its line has reached the writer, so that
 * `flushSync` can write, in order, whatever a process that ends still has in its streams.
 */
export class WinstonSink implements LogSink {
  readonly #writeLine: LineWriter;
  readonly #format: (entry: LogEntry) => string;
  #unwritten: string[] = [];
  #logger: winston.Logger | undefined;
  #loading: Promise<void> | undefined;
  #closed = false;

  constructor(writeLine: LineWriter, format: 'text' | 'json') {
    this.#writeLine = writeLine;
    this.#format = format === 'json' ? formatLogJson : formatLogText;
  }

  write(entry: LogEntry): void {
    const line = this.#format(entry);
    if (this.#closed) {
      this.#writeLine(line);
      return;
    }
    this.#unwritten.push(line);
    if (this.#logger === undefined) this.#loading ??= this.#load();
    else send(this.#logger, line);
  }

  /** Writes what has not reached the writer yet, and from now on every line at once. */
  flushSync(): void {
    this.#closed = true;
    const unwritten = this.#unwritten;
    this.#unwritten = [];
    for (const line of unwritten) this.#writeLine(line);
  }

  /** Resolves when winston is loaded, if anything was written. */
  async settled(): Promise<void> {
    await this.#loading;
  }

  async #load(): Promise<void> {
    const [{ default: library }, { default: Transport }] = await Promise.all([
      import('winston'),
      import('winston-transport'),
    ]);
    if (this.#closed) return;
    this.#logger = library.createLogger({
      levels: { error: 0, warn: 1, info: 2, debug: 3 },
      // The threshold stands before this sink, so that dropped lines cost nothing.
      level: 'debug',
      // The line is formatted already.
      format: library.format((info) => info)(),
      transports: [
        // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston's types name this very class by another path
        new Transport({
          log: (info: { message: string }, next) => {
            if (!this.#closed) {
              this.#unwritten.shift();
              this.#writeLine(info.message);
            }
            next();
          },
        }),
      ],
    });
    // A copy: writing takes lines off the queue.
    for (const line of [...this.#unwritten]) send(this.#logger, line);
  }
}

function send(logger: winston.Logger, line: string): void {
  logger.log('info', line);
}
