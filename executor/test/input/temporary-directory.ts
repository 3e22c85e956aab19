import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory below the system's temporary one. */
export async function makeTemporaryDirectory(): Promise<{
  readonly path: string;
  remove(): Promise<void>;
}> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'heddle-files-')));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
