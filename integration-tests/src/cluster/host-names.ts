import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';

import type { ClusterPlan, NameMode } from './cluster-plan.js';
import { withMachineLock } from './directory-lock.js';
import { claimedSlots } from './slots.js';

const hostsFile = '/etc/hosts';
const marker = '# heddle test cluster, slot';
const lockTimeoutMs = 10_000;

/**
 * Chooses how hosts are called: names where this user may write them to `/etc/hosts`, so that daemons,
 * containers, Node and curl all resolve them alike; addresses otherwise.
 * @throws Error when `wanted` is neither
 */
export function chooseNameMode(wanted: string | undefined): NameMode {
  if (wanted === 'hosts' || wanted === 'addresses') return wanted;
  if (wanted !== undefined && wanted !== '') {
    throw new Error(`Names are 'hosts' or 'addresses', not '${wanted}'.`);
  }
  try {
    accessSync(hostsFile, constants.W_OK);
    return 'hosts';
  } catch {
    return 'addresses';
  }
}

function slotOfLine(line: string): number | undefined {
  const at = line.indexOf(marker);
  return at < 0 ? undefined : Number(line.slice(at + marker.length).trim());
}

/** Rewrites our lines; those of clusters that no longer exist go with this opportunity. */
async function rewrite(without: number, added: readonly string[]): Promise<void> {
  await withMachineLock('hosts-file', lockTimeoutMs, async () => {
    const living = claimedSlots();
    const before = readFileSync(hostsFile, 'utf8');
    const kept = before.split('\n').filter((line) => {
      const slot = slotOfLine(line);
      return slot === undefined || (slot !== without && living.has(slot));
    });
    while (kept.at(-1) === '') kept.pop();
    const after = `${[...kept, ...added].join('\n')}\n`;
    // In place: in a container the file is mounted and cannot be replaced.
    if (after !== before) writeFileSync(hostsFile, after);
    await Promise.resolve();
  });
}

/** Makes the names of a cluster known to this machine. */
export async function publishHostNames(plan: ClusterPlan): Promise<void> {
  if (plan.names !== 'hosts') return;
  await rewrite(
    plan.slot,
    plan.hosts.map((on) => `${on.address} ${on.name} ${marker} ${plan.slot}`),
  );
}

/** Takes them away again. */
export async function withdrawHostNames(plan: ClusterPlan): Promise<void> {
  if (plan.names === 'hosts') await rewrite(plan.slot, []);
}
