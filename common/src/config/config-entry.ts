import { ConfigError } from '../errors.js';
import type { DurationUnit, SizeUnit } from './units.js';
import { parseDuration, parseSize } from './units.js';

/** What a program may give as the value of a setting; kept as text. */
export type ConfValue = string | number | boolean | bigint;

export type ConfigType =
  'string' | 'int' | 'double' | 'boolean' | 'bytes' | 'durationMs' | 'list' | 'enum';

/**
 * The one declaration of a setting: its key, how its text is read, its default and its documentation.
 * `docs/settings.md` is generated from these.
 *
 * Source: Spark 4.0 `ConfigEntry`.
 */
export interface ConfigEntry<T> {
  readonly key: string;
  readonly type: ConfigType;
  /** What a bare number means, for sizes and durations. */
  readonly unit: string | undefined;
  /** `undefined`: no default; `defaultText` says what happens then. */
  readonly defaultValue: T | undefined;
  readonly defaultText: string;
  readonly doc: string;
  /** Engine version that brought the setting. */
  readonly since: string;
  /** Never shown in dumps, logs and pages. */
  readonly secret: boolean;
  /** The value that a text stands for. @throws ConfigError when it is malformed or out of range */
  parse(text: string): T;
}

interface EntryOptions<T> {
  readonly doc: string;
  readonly since?: string;
  readonly default?: T;
  /** Default in words, for settings without a fixed one. */
  readonly defaultText?: string;
  readonly secret?: boolean;
  /** What is wrong with a value, or `undefined`. */
  readonly validate?: (value: T) => string | undefined;
}

interface EntryShape<T> {
  readonly type: ConfigType;
  readonly unit?: string;
  /** `undefined` when the text is malformed. */
  read(text: string): T | undefined;
  /** What a well-formed text looks like. */
  readonly expected: string;
  show(value: T): string;
}

function defineEntry<T>(
  key: string,
  shape: EntryShape<T>,
  options: EntryOptions<T>,
): ConfigEntry<T> {
  const { default: defaultValue, validate } = options;
  return {
    key,
    type: shape.type,
    unit: shape.unit,
    defaultValue,
    defaultText:
      options.defaultText ?? (defaultValue === undefined ? '(none)' : shape.show(defaultValue)),
    doc: options.doc,
    since: options.since ?? '0.1.0',
    secret: options.secret ?? false,
    parse(text) {
      const shown = options.secret === true ? '(hidden)' : `'${text}'`;
      const value = shape.read(text.trim());
      if (value === undefined) {
        throw new ConfigError(key, `${key} is ${shown}, which is not ${shape.expected}`);
      }
      const fault = validate?.(value);
      if (fault !== undefined) throw new ConfigError(key, `${key} is ${shown}: ${fault}`);
      return value;
    },
  };
}

export function stringEntry(key: string, options: EntryOptions<string>): ConfigEntry<string> {
  return defineEntry(
    key,
    {
      type: 'string',
      read: (text) => (text === '' ? undefined : text),
      expected: 'a text with at least one character',
      show: (value) => value,
    },
    options,
  );
}

export function intEntry(key: string, options: EntryOptions<number>): ConfigEntry<number> {
  return defineEntry<number>(
    key,
    {
      type: 'int',
      read: (text) =>
        /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined,
      expected: 'a whole number',
      show: String,
    },
    options,
  );
}

export function doubleEntry(key: string, options: EntryOptions<number>): ConfigEntry<number> {
  return defineEntry<number>(
    key,
    {
      type: 'double',
      read: (text) => (text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined),
      expected: 'a number',
      show: String,
    },
    options,
  );
}

export function booleanEntry(key: string, options: EntryOptions<boolean>): ConfigEntry<boolean> {
  return defineEntry<boolean>(
    key,
    {
      type: 'boolean',
      read: (text) => ({ true: true, false: false })[text.toLowerCase()],
      expected: 'true or false',
      show: String,
    },
    options,
  );
}

/** A size in bytes, written `64k`, `512m`, `2g`. */
export function bytesEntry(
  key: string,
  bareUnit: SizeUnit,
  options: EntryOptions<number>,
): ConfigEntry<number> {
  return defineEntry(
    key,
    {
      type: 'bytes',
      unit: { b: 'bytes', k: 'KiB', m: 'MiB', g: 'GiB' }[bareUnit],
      read: (text) => parseSize(text, bareUnit),
      expected: 'a size such as 64k, 512m or 2g',
      show: shortSize,
    },
    options,
  );
}

/** A duration in milliseconds, written `500ms`, `5s`, `10m`, `3h`, `1d`. */
/** Timers of Node count milliseconds in 31 bits; one above 24.8 days would end at once. */
const longestTimerMs = 24 * 86_400_000;

interface DurationOptions extends EntryOptions<number> {
  /** @default what a timer can wait, 24 days */
  readonly mostMs?: number;
}

export function durationEntry(
  key: string,
  bareUnit: DurationUnit,
  options: DurationOptions,
): ConfigEntry<number> {
  const { mostMs = longestTimerMs, validate } = options;
  return defineEntry(
    key,
    {
      type: 'durationMs',
      unit: { ms: 'milliseconds', s: 'seconds', m: 'minutes', h: 'hours', d: 'days' }[bareUnit],
      read: (text) => parseDuration(text, bareUnit),
      expected: 'a duration such as 500ms, 5s, 10m, 3h or 1d',
      show: shortDuration,
    },
    {
      ...options,
      validate: (value) =>
        value > mostMs ? `the most is ${shortDuration(mostMs)}` : validate?.(value),
    },
  );
}

/** Items between commas; blanks around them and empty items are dropped. */
export function listEntry(
  key: string,
  options: EntryOptions<readonly string[]>,
): ConfigEntry<readonly string[]> {
  return defineEntry<readonly string[]>(
    key,
    {
      type: 'list',
      read: splitList,
      expected: 'a comma-separated list',
      show: (value) => (value.length === 0 ? '(empty)' : value.join(',')),
    },
    options,
  );
}

/** One of a few words; upper and lower case are the same. */
export function enumEntry<const W extends string>(
  key: string,
  words: readonly W[],
  options: EntryOptions<NoInfer<W>>,
): ConfigEntry<W> {
  return defineEntry<W>(
    key,
    {
      type: 'enum',
      unit: words.join(', '),
      read: (text) => words.find((word) => word.toLowerCase() === text.toLowerCase()),
      expected: `one of ${words.join(', ')}`,
      show: (value) => value,
    },
    options,
  );
}

/** The items of a comma-separated list. */
export function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** For `validate`: at least `minimum`. */
export function atLeast(minimum: number): (value: number) => string | undefined {
  return (value) => (value >= minimum ? undefined : `it must be at least ${minimum}`);
}

function shortSize(sizeBytes: number): string {
  for (const [suffix, factor] of [
    ['g', 2 ** 30],
    ['m', 2 ** 20],
    ['k', 2 ** 10],
  ] as const) {
    if (sizeBytes >= factor && sizeBytes % factor === 0) return `${sizeBytes / factor}${suffix}`;
  }
  return `${sizeBytes}b`;
}

function shortDuration(durationMs: number): string {
  const suffixes = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  for (const [suffix, factor] of suffixes) {
    if (durationMs >= factor && durationMs % factor === 0) return `${durationMs / factor}${suffix}`;
  }
  return `${durationMs}ms`;
}
