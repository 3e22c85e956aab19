import { globSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { MiniCluster } from '@heddle/integration-tests/cluster';
import type { YarnUser } from './yarn-user.js';

/** A process that works in a container's directory. */
export interface ContainerProcess {
  readonly pid: number;
  readonly command: string;
  readonly directory: string;
}

/** YARN removes local files some time after the end. */
const patienceMs = 60_000;

/** Processes of this machine whose working directory is a container's. @param part of that directory's path */
export function containerProcesses(part: string): ContainerProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const directory = readlinkSync(`/proc/${name}/cwd`);
        if (!directory.includes(part)) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return [{ pid: Number(name), command, directory }];
      } catch {
        // It ended between the listing and the reading.
        return [];
      }
    });
}

/**
 * Asserts that nothing stays of any application of a user: no process, no container, no staged file,
 * no local file on any node, no temporary file of the command. What YARN does a moment later is waited for.
 */
export async function expectNothingLeft(user: YarnUser): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  let left = await leftovers(user);
  while (left.length > 0 && performance.now() < deadlineMs) {
    await delay(200);
    left = await leftovers(user);
  }
  expect(left.join('\n'), 'what applications left behind').to.equal('');
}

async function leftovers(user: YarnUser): Promise<string[]> {
  const { cluster, name } = user;
  const processes = containerProcesses(`${cluster.plan.directory}/`)
    .filter(({ directory }) => directory.includes(`/usercache/${name}/`))
    .map(({ pid, command }) => `process ${pid}: ${command.slice(0, 200)}`);
  const staged = (await user.list('.heddle/staging')).map((one) => `staged files: ${one}`);
  const uploads = (await user.list('.heddle/runtime'))
    .filter((one) => one.endsWith('.uploading'))
    .map((one) => `half an upload: ${one}`);
  const local = globSync(
    `${cluster.plan.directory}/hosts/*/nm-local/usercache/${name}/appcache/*`,
  ).map((path) => `local files: ${path}`);
  const temporary = readdirSync(user.temporaryFolder)
    // tsc and esbuild have caches of their own; what is ours has our name.
    .filter((one) => one.startsWith('heddle-'))
    .map((one) => `temporary: ${basename(one)}`);
  return [
    ...processes,
    ...(await openContainers(cluster, name)),
    ...staged,
    ...uploads,
    ...local,
    ...temporary,
  ];
}

/** Applications of the user that have not ended, as the ResourceManager knows them. */
async function openContainers(cluster: MiniCluster, user: string): Promise<string[]> {
  const states = 'NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING';
  const url = `${await cluster.resourceManagerUrl()}/ws/v1/cluster/apps?user=${user}&states=${states}`;
  const answer = (await (await fetch(url)).json()) as {
    apps: { app?: { id: string; state: string; runningContainers: number }[] } | null;
  };
  return (answer.apps?.app ?? []).map(
    ({ id, state, runningContainers }) => `${id} is ${state} with ${runningContainers} containers`,
  );
}
