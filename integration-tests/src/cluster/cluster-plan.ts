import { join } from 'node:path';

import type { ClusterProfile } from './profiles.js';

/** A machine of the cluster, or what plays one. */
export interface ClusterHost {
  /** What the daemons call it; in the mode without names the same as `address`. */
  readonly name: string;
  /** IPv4 address. */
  readonly address: string;
  /** Rack of a worker. */
  readonly rack?: string;
  /** 1, 2 or 3 for the workers. */
  readonly worker?: number;
}

/** The four daemons of Hadoop that a cluster has. */
export type DaemonKind = 'namenode' | 'datanode' | 'resourcemanager' | 'nodemanager';

/** One daemon: `nn`, `rm`, `dn1` … `dn3`, `nm1` … `nm3`; in pairs `nn1`, `nn2`, `rm1`, `rm2`. */
export interface Daemon {
  readonly name: string;
  readonly kind: DaemonKind;
  readonly host: ClusterHost;
}

/** How the daemons are run. */
export type WayName = 'processes' | 'docker';

/** How hosts are called: by names in `/etc/hosts`, or by their addresses alone. */
export type NameMode = 'hosts' | 'addresses';

/** Where everything of one cluster is: computed from few facts, so that any process can attach to it. */
export interface ClusterPlan {
  readonly profile: ClusterProfile;
  readonly way: WayName;
  readonly names: NameMode;
  /** Number that no other running cluster of this machine has; addresses and ports follow from it. */
  readonly slot: number;
  /** Holds configuration, data, logs and pids; nothing of the cluster is elsewhere. */
  readonly directory: string;
  /** Holds the jars, shared by clusters of one release. */
  readonly jarDirectory: string;
  readonly hosts: readonly ClusterHost[];
  readonly daemons: readonly Daemon[];
}

/** The facts that a plan is computed from. */
export type PlanFacts = Pick<
  ClusterPlan,
  'profile' | 'way' | 'names' | 'slot' | 'directory' | 'jarDirectory'
>;

/** How many workers there are; two racks. */
export const workerCount = 3;

const firstPort = 21_000;
const portsOfSlot = 100;

/** How many clusters fit below the ports that systems give to clients. */
export const slotCount = 100;

/** First of the hundred ports of a cluster. */
export function portBaseOf(plan: Pick<ClusterPlan, 'slot'>): number {
  return firstPort + plan.slot * portsOfSlot;
}

/** Ports of a NameNode. */
export function nameNodePorts(plan: ClusterPlan): { rpc: number; http: number; https: number } {
  const base = portBaseOf(plan);
  return { rpc: base + 20, http: base + 70, https: base + 71 };
}

/**
 * Ports of a ResourceManager. They differ within a pair, because both listen on all addresses: one that
 * listens on a loopback address alone announces tracking URLs with the name `localhost`.
 */
export function resourceManagerPorts(
  plan: ClusterPlan,
  daemonName: string,
): {
  scheduler: number;
  tracker: number;
  client: number;
  admin: number;
  http: number;
  https: number;
} {
  const base = portBaseOf(plan) + (daemonName === 'rm2' ? 10 : 0);
  return {
    scheduler: base + 30,
    tracker: base + 31,
    client: base + 32,
    admin: base + 33,
    http: base + 34,
    https: base + 35,
  };
}

/** Ports of the NodeManager of a worker; the shuffle service listens on all addresses. */
export function nodeManagerPorts(
  plan: ClusterPlan,
  worker: number,
): {
  rpc: number;
  localizer: number;
  http: number;
  https: number;
  collector: number;
  shuffle: number;
} {
  const base = portBaseOf(plan);
  return {
    localizer: base + 50,
    rpc: base + 51,
    http: base + 52,
    collector: base + 53,
    https: base + 54,
    shuffle: base + 60 + worker,
  };
}

/**
 * Ports of the DataNode of a worker. They differ between workers, because the NameNode knows DataNodes by
 * the address that their connections come from, which is 127.0.0.1 for every loopback address.
 */
export function dataNodePorts(
  plan: ClusterPlan,
  worker: number,
): { transfer: number; http: number; https: number; ipc: number } {
  const base = portBaseOf(plan) + worker;
  return { transfer: base + 80, http: base + 85, https: base + 95, ipc: base + 90 };
}

function host(facts: PlanFacts, label: string, number: number): ClusterHost {
  const network = facts.way === 'docker' ? '10.77' : '127.77';
  const address = `${network}.${facts.slot}.${number}`;
  const name = facts.names === 'hosts' ? `${label}.c${facts.slot}.heddle.test` : address;
  return { name, address };
}

/** Computes hosts and daemons. */
export function planCluster(facts: PlanFacts): ClusterPlan {
  const hosts: ClusterHost[] = [];
  const daemons: Daemon[] = [];
  const master = (name: string, kind: DaemonKind, number: number): void => {
    const on = host(facts, name, number);
    hosts.push(on);
    daemons.push({ name, kind, host: on });
  };
  const pair = facts.profile.highlyAvailable;
  master(pair ? 'nn1' : 'nn', 'namenode', 11);
  if (pair) master('nn2', 'namenode', 12);
  master(pair ? 'rm1' : 'rm', 'resourcemanager', 21);
  if (pair) master('rm2', 'resourcemanager', 22);
  for (let worker = 1; worker <= workerCount; worker++) {
    const rack = worker < workerCount ? '/rack-a' : '/rack-b';
    const on = { ...host(facts, `w${worker}`, 100 + worker), rack, worker };
    hosts.push(on);
    daemons.push({ name: `dn${worker}`, kind: 'datanode', host: on });
    daemons.push({ name: `nm${worker}`, kind: 'nodemanager', host: on });
  }
  return { ...facts, hosts, daemons };
}

/** Configuration of clients and of containers: what is printed as `HADOOP_CONF_DIR`. */
export function clientConfDirectory(plan: ClusterPlan): string {
  return join(plan.directory, 'conf');
}

/** What one host keeps: its daemons' configuration and data. */
export function hostDirectory(plan: ClusterPlan, on: ClusterHost): string {
  return join(plan.directory, 'hosts', on.name);
}

/** Configuration of the daemons of one host. */
export function hostConfDirectory(plan: ClusterPlan, on: ClusterHost): string {
  return join(hostDirectory(plan, on), 'conf');
}

/** The only directory of programs that containers find: everything but Node. */
export function containerProgramDirectory(plan: ClusterPlan): string {
  return join(plan.directory, 'container-programs');
}

/** Where logs of daemons are. */
export function logDirectory(plan: ClusterPlan): string {
  return join(plan.directory, 'logs');
}

/** Daemons of one kind, in order. */
export function daemonsOfKind(plan: ClusterPlan, kind: DaemonKind): readonly Daemon[] {
  return plan.daemons.filter((daemon) => daemon.kind === kind);
}
