import type { LogFields, LogLevel } from '../logger.js';

/** One line of a log, before it has a form. */
export interface LogEntry {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Where log entries go. */
export interface LogSink {
  write(entry: LogEntry): void;
}

const severities: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Whether entries of `level` are shown when the least shown level is `threshold`. */
export function isLogged(level: LogLevel, threshold: LogLevel): boolean {
  return severities[level] <= severities[threshold];
}

/** `12:34:56.789 WARN  lost a task thread stage=3 reason=heapLimit`: a line for people. */
export function formatLogText(entry: LogEntry): string {
  const time = new Date(entry.timeMs).toISOString().slice(11, 23);
  let line = `${time} ${entry.level.toUpperCase().padEnd(5)} ${entry.message}`;
  for (const [name, value] of Object.entries(entry.fields)) {
    if (value !== undefined) line += ` ${name}=${formatField(value)}`;
  }
  return line;
}

/**
 * One JSON object: the fields, `kind`, `time`, `level`, `message`. Fields that are named as one of
 * these stand together in an object `fields`.
 */
export function formatLogJson(entry: LogEntry): string {
  const own = {
    kind: 'log',
    time: new Date(entry.timeMs).toISOString(),
    level: entry.level,
    message: entry.message,
  };
  const isTaken = (name: string): boolean => name === 'fields' || Object.hasOwn(own, name);
  const given = Object.entries(entry.fields).filter(([, value]) => value !== undefined);
  const taken = given.filter(([name]) => isTaken(name));
  return JSON.stringify({
    ...Object.fromEntries(given.filter(([name]) => !isTaken(name))),
    ...own,
    ...(taken.length > 0 && { fields: Object.fromEntries(taken) }),
  });
}

function formatField(value: string | number | boolean): string {
  const text = String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
