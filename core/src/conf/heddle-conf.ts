import {
  ArgumentError,
  ConfigError,
  hiddenValue,
  isSecretKey,
  settings,
  settingsRegistry,
  type ConfValue,
} from '@heddle/common';

/**
 * Settings of a program: keys and values, all kept as text. Keys of the engine begin with `heddle.`;
 * all others are the user's own.
 *
 * Source: Spark 4.0 `SparkConf`.
 */
export class HeddleConf {
  readonly #values = new Map<string, string>();

  /** @throws ConfigError as `set` */
  constructor(init: Readonly<Record<string, ConfValue>> = {}) {
    for (const [key, value] of Object.entries(init)) this.set(key, value);
  }

  /**
   * @throws ConfigError for an unknown `heddle.` key, a malformed value, null and undefined
   *
   * @example
   * new HeddleConf().set('heddle.executor.memory', '2g').get('heddle.executor.memory'); // '2g'
   */
  set(key: string, value: ConfValue): this {
    this.#values.set(key, settingsRegistry.check(key, value));
    return this;
  }

  /**
   * Sets the key unless it is set already; the value is checked in any case.
   *
   * @example
   * new HeddleConf({ 'heddle.executor.memory': '2g' }).setIfMissing('heddle.executor.memory', '1g').get('heddle.executor.memory'); // '2g'
   */
  setIfMissing(key: string, value: ConfValue): this {
    const text = settingsRegistry.check(key, value);
    if (!this.#values.has(key)) this.#values.set(key, text);
    return this;
  }

  /**
   * Sets `heddle.master`: where the application runs.
   *
   * @example
   * new HeddleConf().setMaster('local[4]').get('heddle.master'); // 'local[4]'
   */
  setMaster(master: string): this {
    return this.set(settings.master.key, master);
  }

  /**
   * Sets the name of the application.
   *
   * @example
   * new HeddleConf().setAppName('report').getAll()[0]?.[1]; // 'report'
   */
  setAppName(name: string): this {
    return this.set(settings.appName.key, name);
  }

  /**
   * The text of the key, else `defaultValue`; the engine's own defaults are not looked at.
   *
   * @example
   * new HeddleConf().get('heddle.executor.memory', '1g'); // '1g'
   */
  get(key: string): string | undefined;
  get(key: string, defaultValue: string): string;
  get(key: string, defaultValue?: string): string | undefined {
    return this.#values.get(key) ?? defaultValue;
  }

  /**
   * Whether the key was set here; defaults do not count.
   *
   * @example
   * new HeddleConf({ mine: 1 }).contains('mine'); // true
   */
  contains(key: string): boolean {
    return this.#values.has(key);
  }

  /**
   * Forgets the key, if it was set.
   *
   * @example
   * new HeddleConf({ mine: 1 }).remove('mine').contains('mine'); // false
   */
  remove(key: string): this {
    this.#values.delete(key);
    return this;
  }

  /**
   * All pairs, sorted by key.
   *
   * @example
   * new HeddleConf({ b: 1, a: 2 }).getAll().length; // 2
   */
  getAll(): [string, string][] {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /**
   * `key=value` lines, sorted; values of secrets are hidden.
   *
   * @example
   * new HeddleConf({ b: 1, a: 2 }).toDebugString(); // 'a=2\nb=1'
   */
  toDebugString(): string {
    return this.getAll()
      .map(([key, value]) => `${key}=${isSecretKey(settingsRegistry, key) ? hiddenValue : value}`)
      .join('\n');
  }

  /** A conf with these texts, which were checked before. @internal */
  static fromTexts(texts: Iterable<readonly [string, string]>): HeddleConf {
    const conf = new HeddleConf();
    for (const [key, text] of texts) conf.#values.set(key, text);
    return conf;
  }
}

/** What `HeddleContext.getOrCreate` takes when it is not given a `HeddleConf`. */
export interface ContextOptions {
  readonly appName?: string;
  readonly master?: string;
  readonly conf?: HeddleConf | Readonly<Record<string, ConfValue>>;
}

/** The settings that a program gives in code; `appName` and `master` win over `conf`. @throws ConfigError, ArgumentError */
export function confOfOptions(options: HeddleConf | ContextOptions | undefined): HeddleConf {
  if (options === undefined) return new HeddleConf();
  if (options instanceof HeddleConf) return HeddleConf.fromTexts(options.getAll());
  checkIsObject(options);
  const unknown = Object.keys(options).find((key) => !['appName', 'master', 'conf'].includes(key));
  if (unknown !== undefined) {
    throw new ConfigError(
      unknown,
      `getOrCreate takes appName, master and conf, not ${unknown}; settings go into conf`,
    );
  }
  const { appName, master, conf: given } = options;
  const conf =
    given instanceof HeddleConf
      ? HeddleConf.fromTexts(given.getAll())
      : new HeddleConf(given ?? {});
  if (master !== undefined) conf.setMaster(master);
  if (appName !== undefined) conf.setAppName(appName);
  return conf;
}

function checkIsObject(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new ArgumentError(
    `getOrCreate: options must be a HeddleConf or { appName?, master?, conf? }, and is ${String(options)}`,
  );
}
