import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { MANIFEST, UNFINISHED } from './cache-names.js';

/** Builds of one program that are kept. */
const MAX_BUILDS_PER_PROGRAM = 4;
/** Builds that are kept in all. */
const MAX_BUILDS = 64;
/** Bytes that are kept in all. */
const MAX_BYTES = 256 * 1024 * 1024;
/** A folder that has been filled for so long belongs to a process that died. */
const UNFINISHED_AGE_MS = 3_600_000;

/** A build that a cache keeps. */
export interface KeptBuild {
  readonly folder: string;
  readonly usedMs: number;
  readonly sizeBytes: number;
}

/** Builds of one program, the one that was used last first. */
export async function listBuilds(programFolder: string): Promise<KeptBuild[]> {
  const names = await readdir(programFolder).catch(() => []);
  const builds: KeptBuild[] = [];
  for (const name of names) {
    const folder = join(programFolder, name);
    if (name.startsWith(UNFINISHED)) await dropAbandoned(folder);
    else builds.push(await describeBuild(folder));
  }
  return builds.sort((a, b) => b.usedMs - a.usedMs);
}

async function describeBuild(folder: string): Promise<KeptBuild> {
  const files = await readdir(folder).catch(() => []);
  const stats = await Promise.all(
    files.map(async (file) => {
      const found = await stat(join(folder, file)).catch(() => undefined);
      return { file, sizeBytes: found?.size ?? 0, changedMs: found?.mtimeMs ?? 0 };
    }),
  );
  return {
    folder,
    usedMs: stats.find(({ file }) => file === MANIFEST)?.changedMs ?? 0,
    sizeBytes: stats.reduce((sum, one) => sum + one.sizeBytes, 0),
  };
}

async function dropAbandoned(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > UNFINISHED_AGE_MS) await drop(folder);
}

/**
 * Keeps a cache within its bounds, dropping what was not used for the longest time. Programs that run
 * have links of their own.
 */
export async function dropStaleBuilds(directory: string): Promise<void> {
  const kept: KeptBuild[] = [];
  for (const name of await readdir(directory)) {
    const builds = await listBuilds(join(directory, name));
    kept.push(...builds.slice(0, MAX_BUILDS_PER_PROGRAM));
    for (const { folder } of builds.slice(MAX_BUILDS_PER_PROGRAM)) await drop(folder);
  }
  kept.sort((a, b) => b.usedMs - a.usedMs);
  let sizeBytes = 0;
  for (const [position, build] of kept.entries()) {
    sizeBytes += build.sizeBytes;
    if (position >= MAX_BUILDS || sizeBytes > MAX_BYTES) await drop(build.folder);
  }
}

/** Another process may be dropping it too. */
async function drop(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}
