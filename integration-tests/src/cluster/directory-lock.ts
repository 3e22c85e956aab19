import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type ProcessIdentity, identifyProcess, isProcessRunning } from './processes.js';

/** What all clusters of this machine share: locks, and who has which slot. */
export function sharedDirectory(): string {
  const directory = join(tmpdir(), 'heddle-clusters');
  mkdirSync(directory, { recursive: true, mode: 0o777 });
  return directory;
}

function ownerOf(lock: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(lock, 'owner.json'), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch {
    return false;
  }
  writeFileSync(join(lock, 'owner.json'), JSON.stringify(identifyProcess(process.pid)));
  return true;
}

/**
 * Runs a function while no other process of this machine runs one under the same name.
 * A lock whose owner has died is taken over.
 * @throws Error naming the owner when the lock is not free within the bound
 */
export async function withMachineLock<T>(
  name: string,
  timeoutMs: number,
  run: () => Promise<T>,
): Promise<T> {
  const lock = join(sharedDirectory(), `${name}.lock`);
  const deadline = Date.now() + timeoutMs;
  let ownerlessSince: number | undefined;
  while (!tryLock(lock)) {
    const owner = ownerOf(lock);
    // Between making the directory and naming its owner lies a moment.
    if (owner) ownerlessSince = undefined;
    else ownerlessSince ??= Date.now();
    const abandoned = owner
      ? !isProcessRunning(owner)
      : ownerlessSince !== undefined && Date.now() - ownerlessSince > 5_000;
    if (abandoned) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `Process ${owner?.pid ?? 'unknown'} has held the lock ${lock} for ${timeoutMs} ms. ` +
          'Wait for it, or end it; the lock of an ended process is taken over by itself.',
      );
    }
    await sleep(100);
  }
  try {
    return await run();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
