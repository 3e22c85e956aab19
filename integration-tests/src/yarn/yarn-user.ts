import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '@heddle/common';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { FileNotFoundError, type CreateOptions } from '@heddle/webhdfs';
import { openClusterFileSystems, type ClusterFileSystems } from '@heddle/webhdfs/hadoop';
import { Scratch, runHeddle, type CommandResult, type RunOptions } from '../command/run-heddle.js';

/** Where the driver of a program runs. */
export const deployModes = ['client', 'cluster'] as const;
export type DeployMode = (typeof deployModes)[number];

/** Small containers: several builders may share the machine. */
export const smallExecutor = ['--num-executors', '1', '--executor-memory', '256m'];

/** How a program is submitted. */
export interface SubmitWords extends RunOptions {
  /** Options of `heddle submit`. @default one small executor */
  readonly words?: readonly string[];
  /** Arguments of the program. */
  readonly args?: readonly string[];
}

/** A row of `heddle ls --json`. */
export interface ListedApplication {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly user: string;
  readonly queue: string;
  readonly runningContainers: number;
}

const commandTimeoutMs = 240_000;
const untilRunningMs = 120_000;

/**
 * Somebody who uses `heddle` on the shared cluster: with a home in HDFS, a folder of this machine, and
 * a folder of temporary files that nobody else uses.
 */
export class YarnUser {
  readonly cluster: MiniCluster;
  readonly name: string;
  readonly scratch: Scratch;
  #files: ClusterFileSystems | undefined;

  private constructor(cluster: MiniCluster, name: string) {
    this.cluster = cluster;
    this.name = name;
    // The hosts of a cluster of containers see its folder, and no other of this machine.
    this.scratch = new Scratch(join(cluster.plan.directory, 'tmp'));
    mkdirSync(this.temporaryFolder);
  }

  /** @param name user of HDFS and YARN; the home is made when it is missing */
  static async open(name: string): Promise<YarnUser> {
    return YarnUser.on(await sharedCluster(), name);
  }

  /** The same on a cluster of one's own. */
  static async on(cluster: MiniCluster, name: string): Promise<YarnUser> {
    const url = `${await cluster.webHdfsUrl()}/user/${name}`;
    const asRoot = `user.name=${cluster.superUser}`;
    for (const query of ['op=MKDIRS&permission=755', `op=SETOWNER&owner=${name}`]) {
      const answer = await fetch(`${url}?${query}&${asRoot}`, { method: 'PUT' });
      if (!answer.ok) throw new Error(`${query}: ${answer.status} ${await answer.text()}`);
    }
    const user = new YarnUser(cluster, name);
    // On a cluster that runs on, an earlier test may have failed.
    await user.remove('.heddle/staging');
    return user;
  }

  /** `TMPDIR` of this user's commands. */
  get temporaryFolder(): string {
    return join(this.scratch.path, 'tmp');
  }

  /** This user's variables. */
  get environment(): Readonly<Record<string, string>> {
    return {
      HADOOP_CONF_DIR: this.cluster.confDir,
      HADOOP_USER_NAME: this.name,
      TMPDIR: this.temporaryFolder,
    };
  }

  /** Removes the user's folder of this machine. */
  close(): void {
    this.scratch.remove();
  }

  /** Runs `heddle <words>`. */
  run(words: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runHeddle(words, {
      timeoutMs: commandTimeoutMs,
      ...options,
      env: { ...this.environment, ...options.env },
    });
  }

  /** Submits a program with `--json`. @param program its text, or the path of its file */
  submit(
    mode: DeployMode,
    program: string | { readonly file: string },
    options: SubmitWords = {},
  ): Promise<CommandResult> {
    const file =
      typeof program === 'string'
        ? this.scratch.write(`program-${mode}.ts`, program)
        : program.file;
    const { words = smallExecutor, args = [], ...rest } = options;
    return this.run(
      ['submit', '--master', 'yarn', '--deploy-mode', mode, '--json', ...words, file, ...args],
      rest,
    );
  }

  /** What the driver printed: here in client mode, in its container's log in cluster mode. */
  async printed(mode: DeployMode, result: CommandResult): Promise<string> {
    if (mode === 'client') return result.stdout;
    const id = String(result.report?.['applicationId']);
    const logs = await this.run(['logs', id, '--container', 'am', '--json']);
    if (logs.exitCode !== 0) throw new Error(`${logs.stdout}${logs.stderr}`);
    return logs.stdout
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { readonly file?: string; readonly text?: string })
      .map(({ file, text }) => (file === 'stdout' ? (text ?? '') : ''))
      .join('');
  }

  /** The cluster's file system as this user sees it; relative paths are below the home. */
  get files(): ClusterFileSystems {
    this.#files ??= openClusterFileSystems({
      conf: loadHadoopConfiguration({ directories: [this.cluster.confDir] }),
      user: this.name,
      settings: new Map(),
      environment: {},
      logger: silentLogger,
    });
    return this.#files;
  }

  /** Puts bytes into HDFS; folders are made. @param path relative to the user's home */
  async put(
    path: string,
    content: string | Uint8Array,
    options: CreateOptions = {},
  ): Promise<void> {
    const { fileSystem, path: absolute } = this.files.registry.resolve(path);
    await fileSystem.makeDirectories(dirname(absolute));
    const writer = await fileSystem.create(absolute, { overwrite: true, ...options });
    await writer.write(typeof content === 'string' ? Buffer.from(content) : content);
    await writer.close();
  }

  /**
   * Puts a file of one block into HDFS, whose only copy a worker's DataNode keeps: it is given to that
   * one. (Where a NameNode sends a writer follows from the writer's rack.)
   *
   * @param worker its number
   */
  async putOn(worker: number, path: string, content: string): Promise<void> {
    const query = `op=CREATE&overwrite=true&replication=1&user.name=${this.name}`;
    const url = `${await this.cluster.webHdfsUrl()}/user/${this.name}/${path}?${query}`;
    const redirect = await fetch(url, { method: 'PUT', redirect: 'manual' });
    const target = new URL(redirect.headers.get('location')!);
    target.host = this.cluster.dataNodeAuthority(worker);
    // `fetch` refuses the 100 that a DataNode answers first.
    const put = request(target, { method: 'PUT' }).end(content);
    const [answer] = (await once(put, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 201) throw new Error(`${path}: ${answer.statusCode}`);
    await once(answer.resume(), 'end');
  }

  /** Names in a folder of the user's home; none when there is no such folder. */
  async list(path: string): Promise<string[]> {
    const { fileSystem, path: absolute } = this.files.registry.resolve(path);
    return fileSystem.listNames(absolute).catch((error: unknown) => {
      if (error instanceof FileNotFoundError) return [];
      throw error;
    });
  }

  /** Runs one of Hadoop's own tools as this user. @returns what it printed */
  async hadoop(mainClass: string, words: readonly string[]): Promise<string> {
    const result = await this.cluster.runHadoop(mainClass, words, { user: this.name });
    if (result.code !== 0) throw new Error(result.stderr);
    return result.stdout.trimEnd();
  }

  /** Removes a path of the user's home. */
  async remove(path: string): Promise<void> {
    const { fileSystem, path: absolute } = this.files.registry.resolve(path);
    await fileSystem.delete(absolute);
  }

  /** This user's applications. @param words further words, such as `--all` */
  async applications(...words: string[]): Promise<ListedApplication[]> {
    const listed = await this.run(['ls', '--json', ...words]);
    if (listed.exitCode !== 0) throw new Error(listed.stderr);
    const all = JSON.parse(listed.stdout) as ListedApplication[];
    return all.filter(({ user }) => user === this.name);
  }

  /** Waits until an application of this user runs, with so many containers. @returns its id */
  async untilRunning(containers = 2): Promise<string> {
    const deadlineMs = Date.now() + untilRunningMs;
    while (Date.now() < deadlineMs) {
      const found = (await this.applications()).find(({ state }) => state === 'RUNNING');
      if (found !== undefined && found.runningContainers >= containers) return found.id;
      await delay(200);
    }
    throw new Error(`no application of ${this.name} came to run`);
  }
}
