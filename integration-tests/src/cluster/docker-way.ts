import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import {
  type ClusterHost,
  type ClusterPlan,
  type Daemon,
  hostDirectory,
  logDirectory,
} from './cluster-plan.js';
import type { ClusterWay } from './cluster-way.js';
import { writeContainerPrograms } from './container-programs.js';
import { withMachineLock } from './directory-lock.js';
import { DockerEngine, composeCommand, docker, hostImage, tryDocker } from './docker-engine.js';
import { publishHostNames, withdrawHostNames } from './host-names.js';
import type { Command } from './java-command.js';
import { runProcess } from './run-process.js';

const composeTimeoutMs = 180_000;
const machineTimeoutMs = 900_000;

function project(plan: ClusterPlan): string {
  return `heddle-cluster-${plan.slot}`;
}

function networkName(plan: ClusterPlan): string {
  return `${project(plan)}_cluster`;
}

/** Name of the container that plays a host. */
function containerOf(plan: ClusterPlan, host: ClusterHost): string {
  return `${project(plan)}-${host.name.split('.')[0]!}`;
}

/** The Compose file: hosts with fixed addresses and names on a network of their own. */
export function composeFile(plan: ClusterPlan): object {
  const { uid, gid } = userInfo();
  const service = (host: ClusterHost): object => ({
    image: hostImage,
    container_name: containerOf(plan, host),
    hostname: host.name,
    init: true,
    user: `${uid}:${gid}`,
    stop_grace_period: '1s',
    volumes: [
      `${plan.directory}:${plan.directory}`,
      `${plan.jarDirectory}:${plan.jarDirectory}:ro`,
      // So that the user who runs the daemons has the name that it has outside.
      '/etc/passwd:/etc/passwd:ro',
    ],
    networks: { cluster: { ipv4_address: host.address, aliases: [host.name] } },
  });
  return {
    version: '2.4',
    services: Object.fromEntries(
      plan.hosts.map((host) => [host.name.split('.')[0]!, service(host)]),
    ),
    networks: { cluster: { ipam: { config: [{ subnet: `10.77.${plan.slot}.0/24` }] } } },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Every host is a container; a daemon is a process in the container of its host. */
export class DockerWay implements ClusterWay {
  readonly #folder: string;
  readonly #engine: DockerEngine;
  readonly #report: (line: string) => void;

  /**
   * @param clusterFolder where the Dockerfile is
   * @param workFolder where an engine of our own keeps its data
   */
  constructor(clusterFolder: string, workFolder: string, report: (line: string) => void) {
    this.#folder = clusterFolder;
    this.#engine = new DockerEngine(join(workFolder, 'docker'));
    this.#report = report;
  }

  async prepareMachine(): Promise<void> {
    await withMachineLock('docker', machineTimeoutMs, async () => {
      await this.#engine.ensureRunning();
      await this.#engine.ensureImage(join(this.#folder, 'docker'), this.#report);
    });
  }

  async prepare(plan: ClusterPlan): Promise<void> {
    for (const directory of ['pids', 'logs', 'tmp']) {
      mkdirSync(join(plan.directory, directory), { recursive: true });
    }
    writeContainerPrograms(plan);
    writeFileSync(this.#composeFile(plan), JSON.stringify(composeFile(plan), undefined, 2));
    await this.#compose(plan, ['up', '-d']);
    await publishHostNames(plan);
  }

  #composeFile(plan: ClusterPlan): string {
    return join(plan.directory, 'docker-compose.json');
  }

  async #compose(plan: ClusterPlan, args: readonly string[]): Promise<void> {
    const [program, ...words] = await composeCommand();
    const result = await runProcess(
      [program, ...words, '-p', project(plan), '-f', this.#composeFile(plan), ...args],
      { timeoutMs: composeTimeoutMs },
    );
    if (result.code !== 0) {
      throw new Error(`docker compose ${args.join(' ')} failed: ${result.stderr.slice(-2000)}`);
    }
  }

  #pidFile(plan: ClusterPlan, daemon: Daemon): string {
    return join(plan.directory, 'pids', daemon.name);
  }

  /** Number of the daemon's process in its container; undefined before its first start. */
  #pid(plan: ClusterPlan, daemon: Daemon): number | undefined {
    try {
      return Number(readFileSync(this.#pidFile(plan, daemon), 'utf8'));
    } catch {
      return undefined;
    }
  }

  async startDaemon(plan: ClusterPlan, daemon: Daemon, command: Command): Promise<void> {
    const directory = hostDirectory(plan, daemon.host);
    mkdirSync(directory, { recursive: true });
    const pidFile = this.#pidFile(plan, daemon);
    rmSync(pidFile, { force: true });
    // The container has its own Java, wherever the one outside is.
    const words = ['java', ...command.argv.slice(1)].map(quoted).join(' ');
    const output = quoted(join(logDirectory(plan), `${daemon.name}.out`));
    // The number is written before the command ends, so that nobody finds the daemon without one.
    const script = `nohup setsid ${words} >>${output} 2>&1 </dev/null & echo $! >${quoted(pidFile)}`;
    const environment = Object.entries(command.environment).flatMap(([key, value]) => [
      '-e',
      `${key}=${value}`,
    ]);
    const container = containerOf(plan, daemon.host);
    await docker(['exec', '-w', directory, ...environment, container, 'bash', '-c', script]);
  }

  async #inHost(plan: ClusterPlan, daemon: Daemon, script: string): Promise<string | undefined> {
    const container = containerOf(plan, daemon.host);
    const result = await tryDocker(['exec', container, 'bash', '-c', script]);
    return result.code === 0 ? result.stdout : undefined;
  }

  async signalDaemon(plan: ClusterPlan, daemon: Daemon, signal: NodeJS.Signals): Promise<boolean> {
    const pid = this.#pid(plan, daemon);
    if (pid === undefined) return false;
    const script = `kill -${signal.replace(/^SIG/, '')} ${pid}`;
    return (await this.#inHost(plan, daemon, script)) !== undefined;
  }

  async isDaemonRunning(plan: ClusterPlan, daemon: Daemon): Promise<boolean> {
    const pid = this.#pid(plan, daemon);
    if (pid === undefined) return false;
    // An ended process that was not waited for has no command line.
    const commandLine = await this.#inHost(plan, daemon, `tr '\\0' ' ' </proc/${pid}/cmdline`);
    return commandLine?.includes(`-Dproc_${daemon.name} `) ?? false;
  }

  async isDaemonPaused(plan: ClusterPlan, daemon: Daemon): Promise<boolean> {
    const pid = this.#pid(plan, daemon);
    if (pid === undefined) return false;
    const states = await this.#inHost(plan, daemon, `grep -h ^State: /proc/${pid}/task/*/status`);
    return (
      states
        ?.trim()
        .split('\n')
        .every((line) => /^State:\s+T/.test(line)) ?? false
    );
  }

  async daemonMemoryBytes(plan: ClusterPlan, daemon: Daemon): Promise<number> {
    const pid = this.#pid(plan, daemon);
    if (pid === undefined) return 0;
    const status = await this.#inHost(plan, daemon, `cat /proc/${pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1] ?? 0) * 1024;
  }

  async cutOff(plan: ClusterPlan, host: ClusterHost): Promise<void> {
    await docker(['network', 'disconnect', networkName(plan), containerOf(plan, host)]);
  }

  async rejoin(plan: ClusterPlan, host: ClusterHost): Promise<void> {
    await docker([
      'network',
      'connect',
      '--ip',
      host.address,
      '--alias',
      host.name,
      networkName(plan),
      containerOf(plan, host),
    ]);
  }

  async release(plan: ClusterPlan): Promise<void> {
    // What never came to life leaves nothing to remove.
    if ((await tryDocker(['info'])).code === 0) {
      await this.#compose(plan, ['down', '-v', '-t', '1']).catch(() => undefined);
      const names = plan.hosts.map((host) => containerOf(plan, host));
      await tryDocker(['rm', '-f', ...names]);
    }
    await withdrawHostNames(plan);
    await this.#engine.release();
  }
}
