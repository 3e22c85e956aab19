import { setTimeout as sleep } from 'node:timers/promises';

import { askDaemon } from './ask-daemon.js';
import {
  type ClusterPlan,
  type Daemon,
  daemonsOfKind,
  nameNodePorts,
  resourceManagerPorts,
  workerCount,
} from './cluster-plan.js';

const requestTimeoutMs = 5_000;

/** What the daemons say about the cluster. */
export interface ClusterHealth {
  /** -1 while no NameNode answers. */
  readonly liveDataNodes: number;
  /** -1 while no NameNode answers. */
  readonly deadDataNodes: number;
  readonly safeMode: boolean;
  /** NodeManagers by state, as the ResourceManager names them: RUNNING, LOST … */
  readonly nodes: Readonly<Record<string, number>>;
  /** NodeManagers by name of their host. */
  readonly nodeStates: Readonly<Record<string, string>>;
}

async function getJson(plan: ClusterPlan, url: string): Promise<unknown> {
  try {
    const { status, body } = await askDaemon(plan, url, { timeoutMs: requestTimeoutMs });
    return status === 200 ? (JSON.parse(body) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

/** Address of a NameNode's pages and of WebHDFS, without names. */
export function nameNodeUrl(plan: ClusterPlan, daemon: Daemon): string {
  const ports = nameNodePorts(plan);
  return webUrl(plan, daemon, ports);
}

function webUrl(
  plan: ClusterPlan,
  daemon: Daemon,
  ports: { readonly http: number; readonly https: number },
): string {
  const { address } = daemon.host;
  return plan.profile.httpsOnly
    ? `https://${address}:${ports.https}`
    : `http://${address}:${ports.http}`;
}

/** Address of a ResourceManager's pages and REST API, without names. */
export function resourceManagerUrl(plan: ClusterPlan, daemon: Daemon): string {
  return webUrl(plan, daemon, resourceManagerPorts(plan, daemon.name));
}

async function jmxBean(
  plan: ClusterPlan,
  daemon: Daemon,
  name: string,
): Promise<Record<string, unknown>> {
  const url = `${nameNodeUrl(plan, daemon)}/jmx?qry=Hadoop:service=NameNode,name=${name}`;
  const found = (await getJson(plan, url)) as { beans?: Record<string, unknown>[] } | undefined;
  return found?.beans?.[0] ?? {};
}

/** The NameNode that serves; undefined while none does. */
export async function activeNameNode(plan: ClusterPlan): Promise<Daemon | undefined> {
  for (const daemon of daemonsOfKind(plan, 'namenode')) {
    const status = await jmxBean(plan, daemon, 'NameNodeStatus');
    if (status['State'] === 'active') return daemon;
  }
  return undefined;
}

/** The ResourceManager that serves; undefined while none does. */
export async function activeResourceManager(plan: ClusterPlan): Promise<Daemon | undefined> {
  for (const daemon of daemonsOfKind(plan, 'resourcemanager')) {
    const url = `${resourceManagerUrl(plan, daemon)}/ws/v1/cluster/info`;
    const answer = (await getJson(plan, url)) as { clusterInfo?: { haState?: string } } | undefined;
    if (answer?.clusterInfo?.haState === 'ACTIVE') return daemon;
  }
  return undefined;
}

/** Asks the daemons; what does not answer counts as absent. */
export async function clusterHealth(plan: ClusterPlan): Promise<ClusterHealth> {
  const nameNode = await activeNameNode(plan);
  const [state, info] = nameNode
    ? await Promise.all([
        jmxBean(plan, nameNode, 'FSNamesystemState'),
        jmxBean(plan, nameNode, 'NameNodeInfo'),
      ])
    : [{}, {}];
  const manager = await activeResourceManager(plan);
  const listed = manager
    ? ((await getJson(plan, `${resourceManagerUrl(plan, manager)}/ws/v1/cluster/nodes`)) as {
        nodes?: { node?: { nodeHostName: string; state: string }[] };
      } | null)
    : undefined;
  const nodes: Record<string, number> = {};
  const nodeStates: Record<string, string> = {};
  for (const node of listed?.nodes?.node ?? []) {
    nodes[node.state] = (nodes[node.state] ?? 0) + 1;
    nodeStates[node.nodeHostName] = node.state;
  }
  return {
    liveDataNodes: Number(state['NumLiveDataNodes'] ?? -1),
    deadDataNodes: Number(state['NumDeadDataNodes'] ?? -1),
    safeMode: info['Safemode'] !== '',
    nodes,
    nodeStates,
  };
}

/** Tells whether everything is there. */
export function isHealthy(health: ClusterHealth): boolean {
  return (
    health.liveDataNodes === workerCount &&
    !health.safeMode &&
    health.nodes['RUNNING'] === workerCount
  );
}

/** The sentence about a cluster's health. */
export function describeHealth(health: ClusterHealth): string {
  const nodes = Object.entries(health.nodes).map(([state, count]) => `${count} ${state}`);
  return (
    `DataNodes: ${health.liveDataNodes} live; ` +
    `safe mode: ${health.safeMode ? 'on' : 'off'}; NodeManagers: ${nodes.join(', ') || 'none'}`
  );
}

/**
 * Waits for what `until` wants.
 * @param check called between two looks; throws when waiting has become pointless
 * @throws Error with the last state when it does not come within the bound
 */
export async function waitForHealth(
  plan: ClusterPlan,
  timeoutMs: number,
  until: (health: ClusterHealth) => boolean = isHealthy,
  check: () => void = () => undefined,
): Promise<ClusterHealth> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    check();
    const health = await clusterHealth(plan);
    if (until(health)) return health;
    if (Date.now() > deadline) {
      throw new Error(
        `The cluster in ${plan.directory} is not as wanted after ${timeoutMs} ms. ${describeHealth(health)}.`,
      );
    }
    await sleep(200);
  }
}
