import type { Clock } from '../clock.js';
import { systemClock } from '../clock.js';
import type { LogFields, Logger, LogLevel } from '../logger.js';
import type { LogSink } from './log-entry.js';
import { isLogged } from './log-entry.js';

/** The least level that is shown; shared by a logger and all its children. */
export interface LogThreshold {
  level: LogLevel;
}

/** A `Logger` that drops what is below a threshold and hands the rest to a sink. */
export class LeveledLogger implements Logger {
  readonly #sink: LogSink;
  readonly #threshold: LogThreshold;
  readonly #fields: LogFields;
  readonly #clock: Clock;

  constructor(
    sink: LogSink,
    threshold: LogThreshold,
    fields: LogFields = {},
    clock: Clock = systemClock,
  ) {
    this.#sink = sink;
    this.#threshold = threshold;
    this.#fields = fields;
    this.#clock = clock;
  }

  error(message: string, fields?: LogFields): void {
    this.#log('error', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log('warn', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log('info', message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log('debug', message, fields);
  }

  child(fields: LogFields): Logger {
    const merged = { ...this.#fields, ...fields };
    return new LeveledLogger(this.#sink, this.#threshold, merged, this.#clock);
  }

  #log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!isLogged(level, this.#threshold.level)) return;
    const all = fields === undefined ? this.#fields : { ...this.#fields, ...fields };
    this.#sink.write({ timeMs: this.#clock.nowMs(), level, message, fields: all });
  }
}
