import { ConfigError } from '../errors.js';
import type { ConfigEntry } from './config-entry.js';
import { nearestName } from './nearest-name.js';

/** Keys with this prefix are the engine's own: unknown ones are refused. */
export const settingPrefix = 'heddle.';

/** Keys whose values are hidden in dumps, also the user's own (Spark's `redaction.regex`). */
const secretKeyPattern = /secret|password|passwd|token|credential|access[.-]?key|api[.-]?key/i;

/** What stands in a dump in place of a secret. */
export const hiddenValue = '*********(redacted)';

/** Where the text of a setting comes from: `HeddleConf`, a `Map`, anything with a `get`. */
export interface ConfigSource {
  get(key: string): string | undefined;
}

/** Settings whose keys begin with `prefix` and go on with a name of the user's choice. */
export interface SettingFamily {
  readonly prefix: string;
  readonly doc: string;
}

/** All settings that the engine knows, by key. */
export class ConfigRegistry {
  readonly #entries = new Map<string, ConfigEntry<unknown>>();

  readonly #families: readonly SettingFamily[];

  /** @param families prefixes of keys that anything may follow */
  constructor(entries: Iterable<ConfigEntry<unknown>>, families: readonly SettingFamily[] = []) {
    this.#families = families;
    for (const entry of entries) {
      if (this.#entries.has(entry.key))
        throw new ConfigError(entry.key, `${entry.key} is declared twice`);
      this.#entries.set(entry.key, entry);
    }
  }

  /** In the order of their keys. */
  entries(): readonly ConfigEntry<unknown>[] {
    return [...this.#entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  find(key: string): ConfigEntry<unknown> | undefined {
    return this.#entries.get(key);
  }

  /**
   * Checks a setting and returns its text. Keys outside `heddle.` are the user's own: they pass as
   * they are.
   *
   * @throws ConfigError for an unknown `heddle.` key (naming the nearest known one), for `null` and
   *   `undefined`, and for a malformed value of a known one
   */
  check(key: string, value: unknown): string {
    if (key === '') throw new ConfigError(key, 'the key of a setting has at least one character');
    const entry = this.#entries.get(key);
    if (entry === undefined && key.startsWith(settingPrefix) && !this.#isOfFamily(key)) {
      throw this.#unknown(key);
    }
    if (value === null || value === undefined) {
      throw new ConfigError(
        key,
        `${key} was given ${String(value)}; leave the setting out, or remove it, to have its default`,
      );
    }
    switch (typeof value) {
      case 'string':
      case 'number':
      case 'boolean':
      case 'bigint': {
        const text = String(value);
        entry?.parse(text);
        return text;
      }
      default:
        throw new ConfigError(
          key,
          `${key} was given ${describeKind(value)}; a setting is a string, number, bigint or boolean`,
        );
    }
  }

  #isOfFamily(key: string): boolean {
    return this.#families.some(
      ({ prefix }) => key.startsWith(prefix) && key.length > prefix.length,
    );
  }

  /** Prefixes of keys that go on with a name of the user's choice. */
  get families(): readonly SettingFamily[] {
    return this.#families;
  }

  #unknown(key: string): ConfigError {
    const near = nearestName(key, this.#entries.keys());
    const advice =
      near === undefined
        ? 'see docs/settings.md for those that there are'
        : `did you mean ${near}?`;
    return new ConfigError(key, `there is no setting ${key}: ${advice}`);
  }
}

function describeKind(value: unknown): string {
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/**
 * The value of a setting: what the source holds, else the default.
 *
 * @throws ConfigError when the text is malformed, or when there is neither a text nor a default
 */
export function readSetting<T>(source: ConfigSource, entry: ConfigEntry<T>): T {
  const value = readOptionalSetting(source, entry);
  if (value === undefined) throw new ConfigError(entry.key, `${entry.key} must be set`);
  return value;
}

/** As `readSetting`; `undefined` when there is neither a text nor a default. */
export function readOptionalSetting<T>(source: ConfigSource, entry: ConfigEntry<T>): T | undefined {
  const text = source.get(entry.key);
  return text === undefined ? entry.defaultValue : entry.parse(text);
}

/** Whether a dump must hide the value of this key: declared secret, or named like one. */
export function isSecretKey(registry: ConfigRegistry, key: string): boolean {
  return registry.find(key)?.secret ?? secretKeyPattern.test(key);
}
