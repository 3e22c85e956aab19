import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterHost, ClusterPlan } from './cluster-plan.js';
import type { Command } from './java-command.js';
import { runProcess } from './run-process.js';

const commandTimeoutMs = 20_000;

/** Where control groups of version 2 are; undefined where there are none. */
function controlGroups(): string | undefined {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8');
    return /^cgroup2 (\S+) cgroup2 rw/m.exec(mounts)?.[1];
  } catch {
    return undefined;
  }
}

/** Path of a worker's control group below that of the machine, which the packet filter knows it by. */
function groupOf(plan: ClusterPlan, host: ClusterHost): string {
  return `heddle-test-${plan.slot}-w${host.worker}`;
}

function groupDirectory(plan: ClusterPlan, host: ClusterHost): string | undefined {
  const base = controlGroups();
  return base === undefined || host.worker === undefined
    ? undefined
    : join(base, groupOf(plan, host));
}

/**
 * The rules that take a worker off the network of this machine. All loopback addresses are one interface, and
 * connections leave from 127.0.0.1 whoever makes them: so they are told apart by the control group of the
 * process that holds the socket, and by the worker's own address where no such process exists yet.
 */
function rules(plan: ClusterPlan, host: ClusterHost): readonly (readonly string[])[] {
  const comment = ['-m', 'comment', '--comment', `heddle test cluster, slot ${plan.slot}`];
  const group = ['-m', 'cgroup', '--path', groupOf(plan, host)];
  return [
    ['OUTPUT', ...group],
    ['INPUT', ...group],
    ['OUTPUT', '-s', host.address],
    ['OUTPUT', '-d', host.address],
  ].map((rule) => [...rule, ...comment, '-j', 'DROP']);
}

async function iptables(action: '-I' | '-D' | '-C', rule: readonly string[]): Promise<string> {
  try {
    const argv = ['iptables', '-w', '10', action, ...rule] as const;
    const { code, stderr } = await runProcess(argv, { timeoutMs: commandTimeoutMs });
    return code === 0 ? '' : stderr || `iptables ended with ${code}`;
  } catch (error) {
    return String(error);
  }
}

/** Makes a control group for each worker where this user may; without them workers cannot be cut off. */
export function makeWorkerGroups(plan: ClusterPlan): void {
  for (const host of plan.hosts) {
    const directory = groupDirectory(plan, host);
    try {
      if (directory !== undefined) mkdirSync(directory, { recursive: true });
    } catch {
      // Not root, or control groups are mounted read-only: nothing but `cutOffWorker` needs them.
    }
  }
}

/** The same command, run in the control group of its worker, which its containers inherit. */
export function inWorkerGroup(plan: ClusterPlan, host: ClusterHost, command: Command): Command {
  const directory = groupDirectory(plan, host);
  if (directory === undefined || !existsSync(directory)) return command;
  const script = 'echo $$ >"$0" && exec "$@"';
  const words = ['/bin/sh', '-c', script, join(directory, 'cgroup.procs')] as const;
  return { ...command, argv: [...words, ...command.argv] };
}

/**
 * Takes a worker off the network, its containers included.
 * @throws Error saying what is missing on this machine
 */
export async function cutOffWorker(plan: ClusterPlan, host: ClusterHost): Promise<void> {
  const directory = groupDirectory(plan, host);
  let missing = 'control groups of version 2 that this user may write to';
  if (directory !== undefined && existsSync(directory)) {
    missing = '';
    for (const rule of rules(plan, host)) missing ||= await iptables('-I', rule);
  }
  if (missing === '') return;
  await rejoinWorker(plan, host);
  throw new Error(
    `${host.name} cannot be cut off: that needs root, control groups of version 2 and iptables with its cgroup ` +
      `match (${missing.trim()}). Pause its daemons instead, or start the cluster with the way 'docker'.`,
  );
}

/** Undoes `cutOffWorker`, as often as it was done. */
export async function rejoinWorker(plan: ClusterPlan, host: ClusterHost): Promise<void> {
  if (host.worker === undefined || !existsSync(groupDirectory(plan, host) ?? '')) return;
  for (const rule of rules(plan, host)) {
    while ((await iptables('-C', rule)) === '' && (await iptables('-D', rule)) === '');
  }
}

/** Removes rules and control groups; their processes must have ended. */
export async function removeWorkerGroups(plan: ClusterPlan): Promise<void> {
  for (const host of plan.hosts) {
    const directory = groupDirectory(plan, host);
    if (directory === undefined || !existsSync(directory)) continue;
    await rejoinWorker(plan, host);
    try {
      rmdirSync(directory);
    } catch {
      // Somebody's process is in it still: an empty control group costs nothing.
    }
  }
}
