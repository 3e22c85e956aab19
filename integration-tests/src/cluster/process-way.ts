import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
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
import { publishHostNames, withdrawHostNames } from './host-names.js';
import type { Command } from './java-command.js';
import { ownEnvironment } from './run-process.js';
import {
  type ProcessIdentity,
  identifyProcess,
  isProcessPaused,
  isProcessRunning,
  processesWorkingIn,
  residentBytes,
  signalProcess,
  waitForEnd,
} from './processes.js';
import {
  cutOffWorker,
  inWorkerGroup,
  makeWorkerGroups,
  rejoinWorker,
  removeWorkerGroups,
} from './worker-network.js';

const endTimeoutMs = 10_000;

function pidFile(plan: ClusterPlan, daemon: Daemon): string {
  return join(plan.directory, 'pids', `${daemon.name}.json`);
}

function identityOf(plan: ClusterPlan, daemon: Daemon): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(pidFile(plan, daemon), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/** Every daemon is a process of this machine on its own loopback address. */
export class ProcessWay implements ClusterWay {
  async prepareMachine(): Promise<void> {
    // The jars are all there is to it.
  }

  async prepare(plan: ClusterPlan): Promise<void> {
    for (const directory of ['pids', 'logs', 'tmp']) {
      mkdirSync(join(plan.directory, directory), { recursive: true });
    }
    writeContainerPrograms(plan);
    makeWorkerGroups(plan);
    await publishHostNames(plan);
  }

  async startDaemon(plan: ClusterPlan, daemon: Daemon, command: Command): Promise<void> {
    const { argv, environment } = inWorkerGroup(plan, daemon.host, command);
    const [program, ...args] = argv;
    const output = openSync(join(logDirectory(plan), `${daemon.name}.out`), 'a');
    const directory = hostDirectory(plan, daemon.host);
    mkdirSync(directory, { recursive: true });
    try {
      const child = spawn(program, args, {
        cwd: directory,
        detached: true,
        env: { ...ownEnvironment(), ...environment },
        stdio: ['ignore', output, output],
      });
      await once(child, 'spawn');
      child.unref();
      const identity = identifyProcess(child.pid!);
      if (identity) writeFileSync(pidFile(plan, daemon), JSON.stringify(identity));
    } finally {
      closeSync(output);
    }
  }

  signalDaemon(plan: ClusterPlan, daemon: Daemon, signal: NodeJS.Signals): Promise<boolean> {
    const identity = identityOf(plan, daemon);
    return Promise.resolve(identity !== undefined && signalProcess(identity, signal));
  }

  isDaemonRunning(plan: ClusterPlan, daemon: Daemon): Promise<boolean> {
    const identity = identityOf(plan, daemon);
    return Promise.resolve(identity !== undefined && isProcessRunning(identity));
  }

  isDaemonPaused(plan: ClusterPlan, daemon: Daemon): Promise<boolean> {
    const identity = identityOf(plan, daemon);
    return Promise.resolve(identity !== undefined && isProcessPaused(identity.pid));
  }

  daemonMemoryBytes(plan: ClusterPlan, daemon: Daemon): Promise<number> {
    const identity = identityOf(plan, daemon);
    return Promise.resolve(
      identity && isProcessRunning(identity) ? residentBytes(identity.pid) : 0,
    );
  }

  cutOff(plan: ClusterPlan, host: ClusterHost): Promise<void> {
    return cutOffWorker(plan, host);
  }

  rejoin(plan: ClusterPlan, host: ClusterHost): Promise<void> {
    return rejoinWorker(plan, host);
  }

  async release(plan: ClusterPlan): Promise<void> {
    const daemons = plan.daemons
      .map((daemon) => identityOf(plan, daemon))
      .filter((identity) => identity !== undefined);
    // Not the whole folder: somebody's shell may stand beside the logs.
    const hosts = join(plan.directory, 'hosts');
    // Also the containers, which outlive their NodeManager where recovery is on. They may start others meanwhile.
    for (let round = 0; round < 5; round++) {
      const all = [...daemons.filter(isProcessRunning), ...processesWorkingIn(hosts)];
      if (all.length === 0) break;
      for (const identity of all) signalProcess(identity, 'SIGKILL');
      await waitForEnd(all, endTimeoutMs);
    }
    await removeWorkerGroups(plan);
    await withdrawHostNames(plan);
  }
}
