import { deprecatedKeys } from './deprecated-keys.js';
import { defaultValues, type DefaultedKey } from './default-values.js';
import { HadoopSettingError, type SettingOrigin } from './errors.js';
import { maxSubstitutions, substituteVariables } from './substitute-variables.js';
import {
  parseBinarySize,
  parseHadoopBoolean,
  parseHadoopDuration,
  parseHadoopInteger,
  parseHadoopList,
  type HadoopTimeUnit,
} from './values/parse-values.js';
import { parseSocketAddress, type SocketAddress } from './values/socket-address.js';
import type { SiteProperty } from './xml/parse-site-file.js';

/** The properties of one site file, in their order. */
export interface SiteFile {
  readonly file: string;
  readonly properties: readonly SiteProperty[];
}

/** What a configuration is built from. */
export interface ConfigurationSources {
  /** Later files win over earlier ones, except over their final properties. */
  readonly siteFiles: readonly SiteFile[];
  /** Values that win over everything, also over final ones (`Configuration.set`). */
  readonly overrides?: Readonly<Record<string, string>>;
  /** For `${env.…}`; empty when left out. Only main files read the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** For `${user.name}`, `${java.io.tmpdir}`; see `javaSystemProperties`. */
  readonly systemProperties?: Readonly<Record<string, string | undefined>>;
  /** @default true — false leaves the built-in defaults out, to show what the files alone say */
  readonly withDefaults?: boolean;
}

/** Keys the engine knows, with completion, and any other. */
export type HadoopKey = DefaultedKey | (string & {});

interface Entry {
  readonly value: string;
  readonly origin: SettingOrigin;
}

/**
 * The settings of a Hadoop cluster as a client sees them; immutable.
 *
 * Follows `org.apache.hadoop.conf.Configuration` of 3.4.3: files over defaults, `<final>` against later
 * files, old key names, `${…}` expanded at each read. Every accessor throws `HadoopSettingError`, which
 * names the deciding key, its value, and the file and line that set it.
 */
export class HadoopConfiguration {
  readonly #entries = new Map<string, Entry>();
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #systemProperties: Readonly<Record<string, string | undefined>>;

  constructor(sources: ConfigurationSources) {
    this.#environment = sources.environment ?? {};
    this.#systemProperties = sources.systemProperties ?? {};
    if (sources.withDefaults !== false) {
      for (const [key, { value, file }] of defaultValues) {
        this.#entries.set(key, { value, origin: { file, line: undefined } });
      }
    }
    const finalKeys = new Set<string>();
    for (const siteFile of sources.siteFiles) this.#add(siteFile, finalKeys);
    for (const [name, value] of Object.entries(sources.overrides ?? {})) {
      for (const key of currentNames(name)) {
        this.#entries.set(key, { value, origin: { file: 'program', line: undefined } });
      }
    }
  }

  #add({ file, properties }: SiteFile, finalKeys: Set<string>): void {
    for (const { name, value, isFinal, line } of properties) {
      for (const key of namesOfProperty(name)) {
        if (value !== undefined && !finalKeys.has(key)) {
          this.#entries.set(key, { value, origin: { file, line } });
        }
        if (isFinal) finalKeys.add(key);
      }
    }
  }

  /** Keys that have a value, with their expanded values, sorted by key; for comparisons and reports. */
  *entries(): Generator<readonly [key: string, value: string]> {
    for (const key of [...this.#entries.keys()].sort()) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** Where the value of a key comes from; undefined when it has none. */
  originOf(key: HadoopKey): SettingOrigin | undefined {
    return this.#entryOf(key)?.origin;
  }

  /** The value as written, without expansion. */
  getRaw(key: HadoopKey): string | undefined {
    return this.#entryOf(key)?.value;
  }

  /**
   * The value with `${…}` expanded and blanks at its ends kept.
   *
   * @throws HadoopSettingError when expansion needs more than 20 rounds
   */
  get(key: HadoopKey): string | undefined {
    const raw = this.getRaw(key);
    if (raw?.includes('${') !== true) return raw;
    const result = substituteVariables(raw, {
      environment: this.#environment,
      systemProperties: this.#systemProperties,
      rawValueOf: (name) => this.getRaw(name),
    });
    if (result.kind === 'value') return result.text;
    throw this.errorFor(
      key,
      `its variables need more than ${maxSubstitutions} substitutions: do they name each other?`,
      raw,
    );
  }

  /** The expanded value without blanks at its ends. */
  getTrimmed(key: HadoopKey): string | undefined {
    return this.get(key)?.trim();
  }

  /** As `getTrimmed`. @throws HadoopSettingError when the key is unset or empty */
  getRequired(key: HadoopKey): string {
    const value = this.getTrimmed(key);
    if (value === undefined || value === '') throw this.errorFor(key, 'a value is needed here');
    return value;
  }

  /** @throws HadoopSettingError when the value is no whole number (decimal or `0x…`) */
  getInteger(key: HadoopKey): number | undefined {
    return this.#parsed(key, parseHadoopInteger, 'a whole number is needed, such as 10 or 0x1F');
  }

  /** @throws HadoopSettingError when the value is no number */
  getNumber(key: HadoopKey): number | undefined {
    const parse = (text: string): number | undefined =>
      /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[fd]?$/i.test(text)
        ? Number.parseFloat(text)
        : undefined;
    return this.#parsed(key, parse, 'a number is needed, such as 2.1');
  }

  /** `true` or `false`; undefined for anything else too, where Hadoop silently takes the caller's default. */
  getBoolean(key: HadoopKey): boolean | undefined {
    const text = this.getTrimmed(key);
    return text === undefined ? undefined : parseHadoopBoolean(text);
  }

  /** Bytes, with binary prefixes (`128m`). @throws HadoopSettingError when the value is no size */
  getSizeBytes(key: HadoopKey): number | undefined {
    return this.#parsed(key, parseBinarySize, 'a size is needed, such as 4096, 64k, 128m or 1g');
  }

  /**
   * Milliseconds (`30s`, `5m`); a bare -1 stays -1.
   *
   * @param bareUnit the unit of a number without one, which differs from key to key
   * @throws HadoopSettingError when the value is no duration
   */
  getDurationMs(key: HadoopKey, bareUnit: HadoopTimeUnit): number | undefined {
    const parse = (text: string): number | undefined => parseHadoopDuration(text, bareUnit);
    return this.#parsed(
      key,
      parse,
      `a duration is needed: a whole number with ns, us, ms, s, m, h or d, or bare in ${bareUnit}`,
    );
  }

  /** Parts between commas or line ends, trimmed, without empty ones and repetitions; empty when unset. */
  getList(key: HadoopKey): string[] {
    const text = this.get(key);
    return text === undefined ? [] : parseHadoopList(text);
  }

  /**
   * One of some words, whatever their case.
   *
   * @throws HadoopSettingError for another value, listing the words
   */
  getOneOf<const Word extends string>(key: HadoopKey, words: readonly Word[]): Word | undefined {
    const parse = (text: string): Word | undefined =>
      words.find((word) => word.toLowerCase() === text.toLowerCase());
    return this.#parsed(key, parse, `one of ${words.join(', ')} is needed`);
  }

  /**
   * @param defaultPort for values without a port
   * @throws HadoopSettingError when the value is no `host:port`, or lacks a port that has no default
   */
  getSocketAddress(key: HadoopKey, defaultPort?: number): SocketAddress | undefined {
    const parse = (text: string): SocketAddress | undefined =>
      parseSocketAddress(text, defaultPort);
    const form = defaultPort === undefined ? 'host:port' : 'host or host:port';
    return this.#parsed(key, parse, `an address is needed, written ${form}`);
  }

  /** An error about a key, with its present value and origin, for readers that check more than a form. */
  errorFor(key: HadoopKey, reason: string, value = this.getTrimmed(key)): HadoopSettingError {
    return new HadoopSettingError(this.#decidingName(key), value, this.originOf(key), reason);
  }

  #parsed<T>(
    key: HadoopKey,
    parse: (text: string) => T | undefined,
    needed: string,
  ): T | undefined {
    const text = this.getTrimmed(key);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) throw this.errorFor(key, needed, text);
    return value;
  }

  /** A deprecated key reads the first of its replacements that has a value. */
  #entryOf(key: string): Entry | undefined {
    return this.#entries.get(this.#decidingName(key));
  }

  #decidingName(key: string): string {
    const names = currentNames(key);
    return names.find((name) => this.#entries.has(name)) ?? names[0]!;
  }
}

/** As Hadoop stores it: a name with blanks at its ends, possible in an attribute, is one that nobody can ask for. */
function namesOfProperty(name: string): readonly string[] {
  return deprecatedKeys.get(name) ?? [name];
}

function currentNames(key: string): readonly string[] {
  return namesOfProperty(key.trim());
}
