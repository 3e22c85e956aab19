import type { ConfigRegistry } from '@heddle/common';
import { ConfigError, hiddenValue, isSecretKey, settings } from '@heddle/common';
import type { SubmitOptions } from './submit-options.js';

/** A setting and what gave it: `--master`, `--conf`, the name of a file. */
export interface SubmittedSetting {
  readonly value: string;
  readonly origin: string;
}

/** Options of `heddle submit` that are settings under another name. */
const dedicatedOptions = [
  { option: 'master', flag: '--master', key: settings.master.key },
  { option: 'name', flag: '--name', key: settings.appName.key },
  { option: 'driverMemory', flag: '--driver-memory', key: settings.driverMemory.key },
  { option: 'executorMemory', flag: '--executor-memory', key: settings.executorMemory.key },
  { option: 'executorCores', flag: '--executor-cores', key: settings.executorCores.key },
  { option: 'numExecutors', flag: '--num-executors', key: settings.executorInstances.key },
  { option: 'files', flag: '--files', key: settings.files.key },
  { option: 'deployMode', flag: '--deploy-mode', key: settings.submitDeployMode.key },
  { option: 'queue', flag: '--queue', key: settings.yarnQueue.key },
  { option: 'archives', flag: '--archives', key: settings.yarnArchives.key },
] as const;

/** What of the words of a command are settings. */
export type SettingWords = Pick<SubmitOptions, 'conf'> &
  Partial<Pick<SubmitOptions, 'propertiesFile' | (typeof dedicatedOptions)[number]['option']>>;

/**
 * The settings that flags and the properties file give, checked. A flag wins over `--conf`, which
 * wins over the file; the program's code wins over all.
 *
 * @throws ConfigError for unknown `heddle.*` keys, malformed values, and `--conf` text without `=`
 */
export function mergeSettings(
  options: SettingWords,
  properties: ReadonlyMap<string, string>,
  registry: ConfigRegistry,
): ReadonlyMap<string, SubmittedSetting> {
  const merged = new Map<string, SubmittedSetting>();
  const put = (key: string, value: string, origin: string): void => {
    try {
      merged.set(key, { value: registry.check(key, value), origin });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(key, `${origin}: ${error.message}`, { cause: error });
    }
  };
  for (const [key, value] of properties) put(key, value, options.propertiesFile ?? 'properties');
  for (const text of options.conf) {
    const cut = text.indexOf('=');
    if (cut <= 0) {
      throw new ConfigError('--conf', `--conf '${text}' is not a setting; write --conf key=value`);
    }
    put(text.slice(0, cut).trim(), text.slice(cut + 1).trim(), '--conf');
  }
  for (const { option, flag, key } of dedicatedOptions) {
    const value = options[option];
    if (value !== undefined) put(key, value, flag);
  }
  return merged;
}

/**
 * One line for each setting with its value and where it came from, and for the engine's others
 * their defaults; secrets hidden. `final` holds what the application really runs with.
 */
export function explainSettings(
  submitted: ReadonlyMap<string, SubmittedSetting>,
  final: ReadonlyMap<string, string>,
  registry: ConfigRegistry,
): readonly string[] {
  const rows = new Map<string, readonly [value: string, origin: string]>();
  for (const entry of registry.entries()) rows.set(entry.key, [entry.defaultText, 'default']);
  for (const [key, value] of final) {
    const given = submitted.get(key);
    rows.set(key, [value, given?.value === value ? given.origin : 'program']);
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, [value, origin]]) => {
      const shown = isSecretKey(registry, key) && origin !== 'default' ? hiddenValue : value;
      return `${key} = ${shown}  (${origin})`;
    });
}
