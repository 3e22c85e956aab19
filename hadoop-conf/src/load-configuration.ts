import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';

import { ConfDirectoryError, SiteFileError } from './errors.js';
import { HadoopConfiguration, type SiteFile } from './hadoop-configuration.js';
import { decodeSiteText } from './xml/decode-site-text.js';
import { parseSiteFile } from './xml/parse-site-file.js';

/** The site files of a client, in the order in which they are laid over each other. */
export const siteFileNames = [
  'core-site.xml',
  'hdfs-site.xml',
  'yarn-site.xml',
  'mapred-site.xml',
] as const;

/** Where to look, and what `${…}` may use. */
export interface LoadOptions {
  /**
   * Directories with site files, most important first: each file is taken from the first directory that
   * has it, as on a Java class path. Normally the values of `YARN_CONF_DIR` and `HADOOP_CONF_DIR`.
   */
  readonly directories: readonly string[];
  /** For `${env.…}`; only main files pass the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** @default javaSystemProperties() */
  readonly systemProperties?: Readonly<Record<string, string | undefined>>;
  /** Values that win over every file. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/**
 * Reads `core-site.xml`, `hdfs-site.xml`, `yarn-site.xml` and `mapred-site.xml`; absent ones are skipped.
 *
 * @throws ConfDirectoryError when directories are named and none of them is there
 * @throws SiteFileError when a directory cannot be read, or a file is unreadable or broken
 */
export function loadHadoopConfiguration(options: LoadOptions): HadoopConfiguration {
  const { directories } = options;
  if (directories.length > 0 && !directories.some((directory) => existsSync(directory))) {
    throw new ConfDirectoryError(directories);
  }
  const siteFiles: SiteFile[] = [];
  for (const name of siteFileNames) {
    for (const directory of directories) {
      const siteFile = readSiteFile(join(directory, name));
      if (siteFile !== undefined) {
        siteFiles.push(siteFile);
        break;
      }
    }
  }
  return new HadoopConfiguration({
    siteFiles,
    environment: options.environment ?? {},
    systemProperties: options.systemProperties ?? javaSystemProperties(),
    ...(options.overrides === undefined ? {} : { overrides: options.overrides }),
  });
}

/**
 * The directories that an environment names: `YARN_CONF_DIR`, then `HADOOP_CONF_DIR`, then
 * `$HADOOP_HOME/etc/hadoop`; several in one variable are separated by colons.
 */
export function confDirectoriesOf(
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const home = environment['HADOOP_HOME'];
  const listed = [
    environment['YARN_CONF_DIR'],
    environment['HADOOP_CONF_DIR'],
    home === undefined || home === '' ? undefined : join(home, 'etc', 'hadoop'),
  ];
  const directories = listed.flatMap((value) => (value ?? '').split(':'));
  return [...new Set(directories.filter((directory) => directory !== ''))];
}

/** One site file, or undefined when there is none. @throws SiteFileError when it is unreadable or broken */
export function readSiteFile(file: string): SiteFile | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    const reason = `it cannot be read (${code ?? String(error)})`;
    throw new SiteFileError(file, undefined, reason, { cause: error });
  }
  return { file, properties: parseSiteFile(decodeSiteText(bytes, file), file) };
}

/**
 * What a JVM of this user on this machine would answer for the properties that site files use:
 * `user.name`, `user.home`, `java.io.tmpdir` (`/tmp` on Linux, whatever `TMPDIR` says).
 *
 * A user id without an entry in the user database has no name; `user.name` is then left out.
 */
export function javaSystemProperties(): Record<string, string | undefined> {
  let userName: string | undefined;
  try {
    userName = userInfo().username;
  } catch {
    // Containers with an arbitrary user id: Java says "?" there, which no path should contain.
    userName = undefined;
  }
  return { 'user.name': userName, 'user.home': homedir(), 'java.io.tmpdir': '/tmp' };
}
