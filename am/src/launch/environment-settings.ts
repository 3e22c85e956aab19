import { environmentName, environmentValue } from './shell-text.js';

/** Prefix of settings that are environment variables of the ApplicationMaster. */
export const masterEnvironmentPrefix = 'heddle.yarn.appMasterEnv.';
/** Prefix of settings that are environment variables of executors. */
export const executorEnvironmentPrefix = 'heddle.executorEnv.';

/**
 * The environment variables that settings name, as a launch context carries them.
 *
 * @throws LaunchTextError
 */
export function environmentOf(
  settings: Iterable<readonly [string, string]>,
  prefix: string,
): Map<string, string> {
  const environment = new Map<string, string>();
  for (const [key, value] of settings) {
    if (!key.startsWith(prefix)) continue;
    const name = environmentName(key.slice(prefix.length));
    environment.set(name, environmentValue(name, value));
  }
  return environment;
}
