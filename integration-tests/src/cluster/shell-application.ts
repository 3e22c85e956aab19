import { setTimeout as sleep } from 'node:timers/promises';

import type { MiniCluster } from './mini-cluster.js';

/** A shell command that runs as an ApplicationMaster which never registers. */
export interface ShellApplication {
  readonly user: string;
  /** For `bash -c`; a double quote in it must be escaped, as YARN pastes it between such. */
  readonly command: string;
  readonly memoryMb?: number;
  readonly queue?: string;
  readonly unmanaged?: boolean;
  readonly maxAttempts?: number;
}

/** What the ResourceManager says about an application. */
export interface ApplicationReport {
  readonly state: string;
  readonly finalStatus: string;
  readonly diagnostics: string;
  readonly logAggregationStatus?: string;
  readonly amHostHttpAddress?: string;
}

const requestTimeoutMs = 10_000;

async function request(url: string, method: string, body?: object): Promise<Response> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(requestTimeoutMs),
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

/** Submits a command through the ResourceManager's REST API and returns the application's id. */
export async function submitShell(
  cluster: MiniCluster,
  application: ShellApplication,
): Promise<string> {
  const apps = `${await cluster.resourceManagerUrl()}/ws/v1/cluster/apps`;
  const asUser = `user.name=${application.user}`;
  const created = await request(`${apps}/new-application?${asUser}`, 'POST');
  const id = ((await created.json()) as { 'application-id': string })['application-id'];
  await request(`${apps}?${asUser}`, 'POST', {
    'application-id': id,
    'application-name': 'shell',
    'application-type': 'HEDDLE-TEST',
    queue: application.queue ?? 'default',
    'unmanaged-AM': application.unmanaged ?? false,
    'max-app-attempts': application.maxAttempts ?? 1,
    'am-container-spec': { commands: { command: application.command } },
    resource: { memory: application.memoryMb ?? 256, vCores: 1 },
  });
  return id;
}

/** Asks for the report of an application. */
export async function applicationReport(
  cluster: MiniCluster,
  id: string,
): Promise<ApplicationReport> {
  const url = `${await cluster.resourceManagerUrl()}/ws/v1/cluster/apps/${id}`;
  return ((await (await request(url, 'GET')).json()) as { app: ApplicationReport }).app;
}

/** Asks for the end of an application. */
export async function killApplication(
  cluster: MiniCluster,
  id: string,
  user: string,
): Promise<void> {
  const url = `${await cluster.resourceManagerUrl()}/ws/v1/cluster/apps/${id}/state?user.name=${user}`;
  await request(url, 'PUT', { state: 'KILLED' });
}

/**
 * Waits until the report of an application is as wanted.
 * @throws Error with the last report when it does not become so within the bound
 */
export async function waitForReport(
  cluster: MiniCluster,
  id: string,
  wanted: (report: ApplicationReport) => boolean,
  timeoutMs = 60_000,
): Promise<ApplicationReport> {
  const deadline = Date.now() + timeoutMs;
  let last: ApplicationReport | Error | undefined;
  for (;;) {
    try {
      last = await applicationReport(cluster, id);
      if (wanted(last)) return last;
    } catch (error) {
      // A ResourceManager that restarts does not answer, or does not know the application yet.
      last = error instanceof Error ? error : new Error(String(error));
    }
    if (Date.now() > deadline) {
      const said = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${id} is not as wanted after ${timeoutMs} ms: ${said}`);
    }
    await sleep(200);
  }
}

/** Waits for the end of an application. */
export function waitForEnd(cluster: MiniCluster, id: string): Promise<ApplicationReport> {
  return waitForReport(cluster, id, ({ state }) =>
    ['FINISHED', 'FAILED', 'KILLED'].includes(state),
  );
}
