import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { withMachineLock } from './directory-lock.js';
import { runProcess } from './run-process.js';

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
const downloadTimeoutMs = 600_000;

/** Fewer than Hadoop has ever had: a folder with less was not copied to its end. */
const leastJars = 100;

async function download(
  version: string,
  pom: string,
  destination: string,
  least = leastJars,
): Promise<void> {
  const partial = `${destination}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const command = [
    'mvn',
    '-B',
    '-ntp',
    '-q',
    '-f',
    pom,
    plugin,
    `-Dhadoop.version=${version}`,
    `-DoutputDirectory=${partial}`,
    '-DincludeScope=runtime',
  ] as const;
  let said: string;
  try {
    const result = await runProcess(command, { timeoutMs: downloadTimeoutMs });
    if (result.code === 0 && readdirSync(partial).length >= least) {
      renameSync(partial, destination);
      return;
    }
    said = `Maven ended with ${result.code}: ${(result.stdout + result.stderr).slice(-2000)}`;
  } catch (error) {
    said = error instanceof Error ? error.message : String(error);
  }
  rmSync(partial, { recursive: true, force: true });
  throw new Error(
    `Hadoop ${version} could not be fetched from Maven Central. ${said}\n` +
      'The test cluster needs Java 17, Maven (Debian: apt-get install openjdk-17-jdk-headless maven) ' +
      `and the network once; the command was: ${command.join(' ')}`,
  );
}

/**
 * Returns the directory with the jars of a release, and fetches them when they are not there yet.
 * @throws Error saying what Maven said
 */
export async function ensureJars(
  version: string,
  clusterFolder: string,
  cacheDirectory: string,
  report: (line: string) => void,
): Promise<string> {
  const destination = join(cacheDirectory, version);
  if (existsSync(destination)) return destination;
  return withMachineLock(`jars-${version}`, downloadTimeoutMs, async () => {
    if (existsSync(destination)) return destination;
    report(`Fetching the jars of Hadoop ${version} from Maven Central (100 MB, once) ...`);
    mkdirSync(cacheDirectory, { recursive: true });
    await download(version, join(clusterFolder, 'pom.xml'), destination);
    return destination;
  });
}

/** Version of HttpFS, as in its pom. */
const httpFsVersion = '3.4.2';

/**
 * Returns the directory with what HttpFS needs beside the jars of a cluster; fetches it when it is not there yet.
 * @throws Error saying what Maven said
 */
export async function ensureHttpFsJars(
  clusterFolder: string,
  cacheDirectory: string,
): Promise<string> {
  const destination = join(cacheDirectory, `httpfs-${httpFsVersion}`);
  return withMachineLock('jars-httpfs', downloadTimeoutMs, async () => {
    if (!existsSync(destination)) {
      mkdirSync(cacheDirectory, { recursive: true });
      await download(httpFsVersion, join(clusterFolder, 'httpfs', 'pom.xml'), destination, 2);
    }
    return destination;
  });
}
