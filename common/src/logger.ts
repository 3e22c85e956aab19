/** Severity: error = someone must act; warn = recovered; info = life cycle; debug = per task. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Fields of a log line; never records, keys, tokens or buffers. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * What library code logs to: a constant message and variable fields.
 * Only main files build a real one; everything else receives it.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

/** Drops everything; the default of tests. */
export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLogger,
};
