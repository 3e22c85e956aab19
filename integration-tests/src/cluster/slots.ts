import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { portBaseOf, slotCount } from './cluster-plan.js';
import { sharedDirectory } from './directory-lock.js';

interface SlotClaim {
  readonly directory: string;
}

function claimFile(slot: number): string {
  return join(sharedDirectory(), `slot-${slot}.json`);
}

function claimOf(slot: number): SlotClaim | undefined {
  try {
    return JSON.parse(readFileSync(claimFile(slot), 'utf8')) as SlotClaim;
  } catch {
    return undefined;
  }
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '0.0.0.0', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Slots that belong to clusters whose directories still exist. */
export function claimedSlots(): ReadonlyMap<number, string> {
  const claims = new Map<number, string>();
  for (const file of readdirSync(sharedDirectory())) {
    const slot = Number(/^slot-(\d+)\.json$/.exec(file)?.[1] ?? Number.NaN);
    if (Number.isNaN(slot)) continue;
    const claim = claimOf(slot);
    if (claim && existsSync(join(claim.directory, 'cluster.json')))
      claims.set(slot, claim.directory);
  }
  return claims;
}

/**
 * Claims the first slot that no cluster has and whose ports nobody listens on. Call it under the machine's
 * lock, and write `cluster.json` before the lock is given back.
 * @throws Error when all slots are taken
 */
export async function claimSlot(directory: string): Promise<number> {
  const claims = claimedSlots();
  for (let slot = 0; slot < slotCount; slot++) {
    const owner = claims.get(slot);
    if (owner !== undefined && owner !== directory) continue;
    const base = portBaseOf({ slot });
    // One of the NameNode, one of the ResourceManager, one of the shuffle service stand for all.
    const free = await Promise.all([base + 20, base + 34, base + 61].map(isPortFree));
    if (!free.every(Boolean)) continue;
    writeFileSync(claimFile(slot), JSON.stringify({ directory } satisfies SlotClaim));
    return slot;
  }
  throw new Error(
    `All ${slotCount} slots for clusters are taken (${sharedDirectory()}). Stop some with 'make cluster-down'.`,
  );
}

/** Gives a slot back. */
export function releaseSlot(slot: number, directory: string): void {
  if (claimOf(slot)?.directory === directory) rmSync(claimFile(slot), { force: true });
}
