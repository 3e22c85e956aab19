import { createReadStream, existsSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { MiniCluster } from '@heddle/integration-tests/cluster';
import { readWholeFile } from '@heddle/webhdfs';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';

/** Eight pieces of a file of 256 MiB, each on every node. */
const blockSizeBytes = 32 * 2 ** 20;
const replication = 3;
/** Whoever runs the measured programs; owns nothing else. */
const user = 'bench';

/** A Hadoop cluster of this machine on which both engines are measured. */
export class BenchmarkCluster {
  readonly #cluster: MiniCluster;
  readonly #isOurs: boolean;
  readonly #files: WebHdfsFileSystem;

  private constructor(cluster: MiniCluster, isOurs: boolean) {
    this.#cluster = cluster;
    this.#isOurs = isOurs;
    const conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
    this.#files = new WebHdfsFileSystem(
      webHdfsOptions({ conf, user: cluster.superUser }, 'hdfs', ''),
    );
  }

  /** @param directory folder of a running cluster of the profile `benchmark`; otherwise one is started */
  static async open(directory: string | undefined): Promise<BenchmarkCluster> {
    const cluster =
      directory === undefined
        ? await MiniCluster.start({
            profile: 'benchmark',
            report: (line) => void process.stderr.write(`cluster: ${line}\n`),
          })
        : MiniCluster.attach(directory);
    const opened = new BenchmarkCluster(cluster, directory === undefined);
    await opened.#files.makeDirectories(`/user/${user}`, 0o777);
    await opened.#files.setPermission(`/user/${user}`, 0o777);
    return opened;
  }

  /** Variables of both engines' commands. */
  get environment(): Readonly<Record<string, string>> {
    return { HADOOP_CONF_DIR: this.#cluster.confDir, HADOOP_USER_NAME: user };
  }

  /** Everything of the cluster is below it: logs of daemons, directories of containers. */
  get directory(): string {
    return this.#cluster.plan.directory;
  }

  /** Puts a file of this machine into HDFS unless it is there. @returns its URI */
  async put(file: string): Promise<string> {
    const path = `/bench/${basename(file)}`;
    const there = await this.#files.status(path).catch(() => undefined);
    if (there === undefined) {
      await this.#files.makeDirectories('/bench', 0o755);
      const writer = await this.#files.create(path, { blockSizeBytes, replication });
      for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
        await writer.write(chunk as Buffer);
      }
      await writer.close();
    }
    return this.#files.uri(path);
  }

  /** Lines of all files in a directory. */
  async countLines(directory: string): Promise<number> {
    let lines = 0;
    for (const { path, sizeBytes } of await this.#files.list(directory)) {
      const bytes = await readWholeFile(this.#files, path, sizeBytes);
      for (const byte of bytes) lines += byte === 0x0a ? 1 : 0;
    }
    return lines;
  }

  async remove(path: string): Promise<void> {
    await this.#files.delete(path);
  }

  /** Makes the next submission of ours the first one: nothing of the engine is in the cluster. */
  async forgetEngine(): Promise<void> {
    await this.remove(`/user/${user}/.heddle`);
  }

  /** Reads an event log. @param uri as `--json` names it */
  async eventLog(uri: string): Promise<string> {
    let path = new URL(uri).pathname;
    // One whose program ended in a hurry keeps its first name.
    if ((await this.#files.status(path).catch(() => undefined)) === undefined)
      path += '.inprogress';
    const { sizeBytes } = await this.#files.status(path);
    return (await readWholeFile(this.#files, path, sizeBytes)).toString('utf8');
  }

  async close(): Promise<void> {
    this.#files.close();
    if (this.#isOurs) await this.#cluster.stop();
  }
}

/**
 * What Spark needs on such a cluster: its jars staged once, containers of the same sizes as ours, and
 * a Java that containers find.
 *
 * @param sparkHome folder of the distribution
 */
export async function sparkOnYarn(
  cluster: BenchmarkCluster,
  sparkHome: string,
  workDirectory: string,
): Promise<readonly string[]> {
  const archive = join(workDirectory, 'spark-jars.zip');
  if (!existsSync(archive)) {
    execFileSync('jar', ['cf0M', archive, '-C', join(sparkHome, 'jars'), '.'], {
      stdio: 'inherit',
    });
  }
  const staged = await cluster.put(archive);
  const java = execFileSync('sh', ['-c', 'readlink -f "$(command -v java)"'], { encoding: 'utf8' });
  const javaHome = java.trim().replace(/\/bin\/java$/, '');
  const settings = {
    'spark.yarn.archive': staged,
    'spark.yarn.appMasterEnv.JAVA_HOME': javaHome,
    'spark.executorEnv.JAVA_HOME': javaHome,
    // 640 MiB, as our ApplicationMaster has.
    'spark.yarn.am.memory': '256m',
    'spark.ui.enabled': 'false',
    // The cluster's own mapping is a class that Spark's jars do not have.
    'spark.hadoop.net.topology.node.switch.mapping.impl':
      'org.apache.hadoop.net.ScriptBasedMapping',
  };
  return [
    ...['--deploy-mode', 'client', ...executors],
    ...Object.entries(settings).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
  ];
}

/** Two executors of one core, in containers of 1408 MiB, for both engines. */
export const executors = [
  ...['--num-executors', '2', '--executor-cores', '1', '--executor-memory', '1g'],
];
