import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { activate, memoryFile, startCluster } from './cluster-start.js';
import { certificatesOf } from './certificates.js';
import {
  type ClusterHost,
  type ClusterPlan,
  type Daemon,
  type NameMode,
  type WayName,
  clientConfDirectory,
  dataNodePorts,
  logDirectory,
  planCluster,
} from './cluster-plan.js';
import type { ClusterWay } from './cluster-way.js';
import { withMachineLock } from './directory-lock.js';
import { DockerWay } from './docker-way.js';
import { chooseNameMode } from './host-names.js';
import { ensureJars } from './jars.js';
import { clientCommand, daemonCommand } from './java-command.js';
import { Keeper } from './keeper.js';
import { ProcessWay } from './process-way.js';
import { type ProfileName, type SiteProperties, profileNamed } from './profiles.js';
import {
  type ClusterHealth,
  activeNameNode,
  activeResourceManager,
  clusterHealth,
  nameNodeUrl,
  resourceManagerUrl,
  waitForHealth,
} from './readiness.js';
import { type ProcessResult, runProcess } from './run-process.js';
import { writeHostFiles } from './site-files.js';
import { claimSlot, releaseSlot } from './slots.js';

const clusterFolder = fileURLToPath(new URL('../../../cluster/', import.meta.url));
const startLockTimeoutMs = 600_000;
const clientTimeoutMs = 120_000;
const daemonEndTimeoutMs = 20_000;

/** What a cluster is started with. */
export interface MiniClusterOptions {
  /** Which kind of cluster; `default` unless given. */
  readonly profile?: ProfileName | (string & {});
  /** Where everything of it is; a new folder below `integration-tests/cluster/work` unless given. */
  readonly directory?: string;
  readonly way?: WayName;
  /** `hosts` or `addresses`; by what this user may do unless given. */
  readonly names?: NameMode | undefined;
  /** Whether the cluster ends with this process, however it ends; true unless given. */
  readonly endsWithThisProcess?: boolean;
  /** Told what happens, line by line. */
  readonly report?: (line: string) => void;
}

interface ClusterFile {
  readonly formatVersion: 1;
  readonly profile: string;
  readonly way: WayName;
  readonly names: NameMode;
  readonly slot: number;
  readonly jarDirectory: string;
}

function clusterFile(directory: string): string {
  return join(directory, 'cluster.json');
}

function wayOf(name: WayName, report: (line: string) => void): ClusterWay {
  return name === 'docker'
    ? new DockerWay(clusterFolder, workDirectory(), report)
    : new ProcessWay();
}

/** Where clusters and jars are unless the environment says otherwise. */
export function workDirectory(): string {
  const given = process.env['HEDDLE_CLUSTER_WORK'];
  return given === undefined || given === '' ? join(clusterFolder, 'work') : resolve(given);
}

/** A running Hadoop cluster on this machine. */
export class MiniCluster {
  /** Where everything is. */
  readonly plan: ClusterPlan;
  readonly #way: ClusterWay;
  #keeper: Keeper | undefined;
  #clients: Promise<unknown> = Promise.resolve();

  private constructor(plan: ClusterPlan, report: (line: string) => void) {
    this.plan = plan;
    this.#way = wayOf(plan.way, report);
  }

  /**
   * Starts a cluster and returns when all its nodes work. Starts on one machine happen one after another.
   * @throws Error with the last lines of the logs, which stay, when it does not come up
   */
  static async start(options: MiniClusterOptions = {}): Promise<MiniCluster> {
    const profile = profileNamed(options.profile ?? 'default');
    const way = options.way ?? 'processes';
    const names = way === 'docker' ? 'hosts' : chooseNameMode(options.names);
    const report = options.report ?? ((): void => undefined);
    const work = workDirectory();
    const directory = resolve(options.directory ?? join(work, `${profile.name}-${process.pid}`));
    const jarDirectory = await ensureJars(
      profile.hadoopVersion,
      clusterFolder,
      join(work, 'jars'),
      report,
    );
    await wayOf(way, report).prepareMachine();
    return withMachineLock('start', startLockTimeoutMs, async () => {
      if (existsSync(clusterFile(directory))) {
        throw new Error(
          `There is a cluster in ${directory} already. Stop it first: make cluster-down.`,
        );
      }
      mkdirSync(directory, { recursive: true });
      const slot = await claimSlot(directory);
      const file: ClusterFile = {
        formatVersion: 1,
        profile: profile.name,
        way,
        names,
        slot,
        jarDirectory,
      };
      writeFileSync(clusterFile(directory), JSON.stringify(file, undefined, 2));
      const cluster = new MiniCluster(
        planCluster({ profile, way, names, slot, directory, jarDirectory }),
        report,
      );
      if (options.endsWithThisProcess ?? true) cluster.#keeper = await Keeper.start(directory);
      try {
        await startCluster(cluster.plan, cluster.#way, report);
      } catch (error) {
        await cluster.stop({ keepLogs: true });
        throw error;
      }
      return cluster;
    });
  }

  /**
   * Returns the cluster that runs, or ran, in a folder.
   * @throws Error when there is none
   */
  static attach(directory: string): MiniCluster {
    const absolute = isAbsolute(directory) ? directory : resolve(directory);
    let file: ClusterFile;
    try {
      file = JSON.parse(readFileSync(clusterFile(absolute), 'utf8')) as ClusterFile;
    } catch (cause) {
      throw new Error(`No cluster runs in ${absolute}. Start one: make cluster-up.`, { cause });
    }
    const profile = profileNamed(file.profile);
    return new MiniCluster(planCluster({ ...file, profile, directory: absolute }), () => undefined);
  }

  /** The directory for `HADOOP_CONF_DIR`. */
  get confDir(): string {
    return clientConfDirectory(this.plan);
  }

  /** A path that tests and containers both see, for a container to say there that it runs. */
  sharedFile(name: string): string {
    return join(this.plan.directory, 'tmp', name);
  }

  /** The user who may do everything in HDFS: the one that runs the daemons. */
  get superUser(): string {
    return userInfo().username;
  }

  /** Ends everything and removes the folder; `keepLogs` leaves the logs in it. */
  async stop(options: { keepLogs?: boolean } = {}): Promise<void> {
    await this.#way.release(this.plan);
    await this.#keeper?.dismiss();
    releaseSlot(this.plan.slot, this.plan.directory);
    if (!options.keepLogs) {
      rmSync(this.plan.directory, { recursive: true, force: true });
      return;
    }
    for (const entry of readdirSync(this.plan.directory)) {
      if (entry !== 'logs')
        rmSync(join(this.plan.directory, entry), { recursive: true, force: true });
    }
  }

  /**
   * Returns the daemon with a name such as `nm2`.
   * @throws Error naming the daemons
   */
  daemon(name: string): Daemon {
    const found = this.plan.daemons.find((daemon) => daemon.name === name);
    if (found) return found;
    const known = this.plan.daemons.map((daemon) => daemon.name).join(', ');
    throw new Error(`The cluster has no daemon '${name}', only ${known}.`);
  }

  /**
   * Returns the worker with a number from 1.
   * @throws Error when there is no such worker
   */
  worker(number: number): ClusterHost {
    const found = this.plan.hosts.find((host) => host.worker === number);
    if (!found) throw new Error(`The cluster has no worker ${number}.`);
    return found;
  }

  isRunning(name: string): Promise<boolean> {
    return this.#way.isDaemonRunning(this.plan, this.daemon(name));
  }

  /**
   * Ends a daemon at once, as a crash of its process does, and returns when it is gone.
   * @throws Error when it did not run, or does not end
   */
  kill(name: string): Promise<void> {
    return this.#end(name, 'SIGKILL');
  }

  /**
   * Asks a daemon to end and returns when it is gone.
   * @throws Error when it did not run, or does not end
   */
  terminate(name: string): Promise<void> {
    return this.#end(name, 'SIGTERM');
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    await this.#signal(name, signal);
    const deadline = Date.now() + daemonEndTimeoutMs;
    while (await this.isRunning(name)) {
      if (Date.now() > deadline) throw new Error(`${name} still runs after ${signal}.`);
      await sleep(50);
    }
  }

  async #signal(name: string, signal: NodeJS.Signals): Promise<void> {
    if (await this.#way.signalDaemon(this.plan, this.daemon(name), signal)) return;
    throw new Error(`${name} does not run, so it cannot be sent ${signal}.`);
  }

  /**
   * Stops a daemon's process in the middle of whatever it does, and returns when it stands still; its
   * connections stay open.
   * @throws Error when it does not run or does not stand still within the bound
   */
  async pause(name: string): Promise<void> {
    await this.#signal(name, 'SIGSTOP');
    const deadline = Date.now() + daemonEndTimeoutMs;
    while (!(await this.#way.isDaemonPaused(this.plan, this.daemon(name)))) {
      if (Date.now() > deadline) throw new Error(`${name} does not stand still after SIGSTOP.`);
      await sleep(20);
    }
  }

  /** Lets a paused daemon go on. */
  resume(name: string): Promise<void> {
    return this.#signal(name, 'SIGCONT');
  }

  /** Starts a daemon that has ended, on its old data; does not wait until it serves. */
  async startDaemon(name: string): Promise<void> {
    const daemon = this.daemon(name);
    if (await this.isRunning(name)) throw new Error(`${name} runs already.`);
    await this.#way.startDaemon(this.plan, daemon, daemonCommand(this.plan, daemon));
  }

  /**
   * Kills a daemon if it runs and starts it again; does not wait until it serves.
   * @param core further properties of its host's `core-site.xml`, until the next restart
   */
  async restart(name: string, core: SiteProperties = {}): Promise<void> {
    if (await this.isRunning(name)) await this.kill(name);
    writeHostFiles(this.plan, this.daemon(name).host, core);
    await this.startDaemon(name);
  }

  /**
   * Makes one daemon of a pair the active one; the other must not be.
   * @throws Error when it does not become so within a minute
   */
  activate(name: string): Promise<void> {
    return activate(this.plan, this.daemon(name));
  }

  /**
   * Takes a worker off the network, its containers included; `rejoin` undoes it.
   * @throws Error where the way of running daemons cannot do it
   */
  cutOff(host: ClusterHost): Promise<void> {
    return this.#way.cutOff(this.plan, host);
  }

  /** Puts a worker back on the network. */
  rejoin(host: ClusterHost): Promise<void> {
    return this.#way.rejoin(this.plan, host);
  }

  /** Asks the daemons how they are. */
  health(): Promise<ClusterHealth> {
    return clusterHealth(this.plan);
  }

  /**
   * Waits until all nodes work, or until what `until` wants.
   * @throws Error with the last state when it does not come within the bound
   */
  waitForHealth(
    timeoutMs = 60_000,
    until?: (health: ClusterHealth) => boolean,
  ): Promise<ClusterHealth> {
    return waitForHealth(this.plan, timeoutMs, until);
  }

  /** Resident memory of every daemon in bytes, by name. */
  async memoryBytes(): Promise<Readonly<Record<string, number>>> {
    const bytes: Record<string, number> = {};
    for (const daemon of this.plan.daemons) {
      bytes[daemon.name] = await this.#way.daemonMemoryBytes(this.plan, daemon);
    }
    return bytes;
  }

  /** What `memoryBytes` was when the cluster had just become ready. */
  memoryBytesWhenReady(): Readonly<Record<string, number>> {
    return JSON.parse(readFileSync(memoryFile(this.plan), 'utf8')) as Record<string, number>;
  }

  /** Where the certificate is (PEM) of the authority that signed those of all daemons. */
  get caFile(): string {
    return certificatesOf(this.plan).caFile;
  }

  /**
   * Runs a class of Hadoop as a client, one at a time: `org.apache.hadoop.fs.FsShell`,
   * `org.apache.hadoop.yarn.client.cli.ApplicationCLI` …
   * @throws Error when it does not end within two minutes; a failure of the class is a result with its code
   */
  runHadoop(
    mainClass: string,
    args: readonly string[],
    options: {
      user?: string;
      input?: string;
      extraClassPath?: readonly string[];
      environment?: Record<string, string>;
      timeoutMs?: number;
    } = {},
  ): Promise<ProcessResult> {
    const { user, input, extraClassPath, timeoutMs } = options;
    const environment = {
      ...options.environment,
      ...(user === undefined ? {} : { HADOOP_USER_NAME: user }),
    };
    const command = clientCommand(this.plan, mainClass, args, {
      environment,
      ...(extraClassPath === undefined ? {} : { extraClassPath }),
    });
    const run = (): Promise<ProcessResult> =>
      runProcess(command.argv, {
        environment: command.environment,
        timeoutMs: timeoutMs ?? clientTimeoutMs,
        ...(input === undefined ? {} : { input }),
      });
    // Small machines: one JVM beside the daemons is enough.
    const result = this.#clients.then(run, run);
    this.#clients = result.catch(() => undefined);
    return result;
  }

  /**
   * URL of the active NameNode's WebHDFS, by address.
   * @throws Error while no NameNode is active
   */
  async webHdfsUrl(): Promise<string> {
    const active = await activeNameNode(this.plan);
    if (!active) throw new Error('No NameNode of the cluster is active.');
    return `${nameNodeUrl(this.plan, active)}/webhdfs/v1`;
  }

  /** Host and port where a worker's DataNode takes and gives bytes over WebHDFS. */
  dataNodeAuthority(worker: number): string {
    return `${this.worker(worker).name}:${dataNodePorts(this.plan, worker).http}`;
  }

  /**
   * URL of the active ResourceManager's REST API, by address.
   * @throws Error while no ResourceManager is active
   */
  async resourceManagerUrl(): Promise<string> {
    const active = await activeResourceManager(this.plan);
    if (!active) throw new Error('No ResourceManager of the cluster is active.');
    return resourceManagerUrl(this.plan, active);
  }

  /** The last lines of every daemon's log, for messages about failures. */
  logTails(lines = 20): string {
    const directory = logDirectory(this.plan);
    return this.plan.daemons
      .map(({ name }) => {
        let text = '';
        for (const end of ['out', 'log']) {
          const file = join(directory, `${name}.${end}`);
          if (existsSync(file)) text += readFileSync(file, 'utf8');
        }
        return `== ${name}\n${text.split('\n').slice(-lines).join('\n')}`;
      })
      .join('\n');
  }
}
