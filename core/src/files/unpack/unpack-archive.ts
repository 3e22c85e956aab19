import { mkdir, rename, rm } from 'node:fs/promises';
import { describeThrown } from '@heddle/common';
import { ArchiveOutput } from './archive-output.js';
import { ArchiveError } from './errors.js';
import { unpackTar } from './tar.js';
import { unpackZip } from './zip.js';

const kinds = [
  { ending: /\.(zip|jar)$/i, unpack: unpackZip },
  {
    ending: /\.tar$/i,
    unpack: (path: string, output: ArchiveOutput) => unpackTar(path, false, output),
  },
  {
    ending: /\.(tar\.gz|tgz)$/i,
    unpack: (path: string, output: ArchiveOutput) => unpackTar(path, true, output),
  },
] as const;

/** Whether a path has the ending of an archive that can be unpacked. */
export function isArchiveName(path: string): boolean {
  return kinds.some(({ ending }) => ending.test(path));
}

/**
 * Unpacks an archive of this machine into a new directory, which is there as a whole or not at all.
 * Files and directories only: links and devices are refused.
 * @throws ArchiveError
 */
export async function unpackArchive(path: string, directory: string): Promise<void> {
  const kind = kinds.find(({ ending }) => ending.test(path));
  if (kind === undefined) {
    throw new ArchiveError(path, 'it is none of .zip, .jar, .tar, .tar.gz and .tgz');
  }
  const temporary = `${directory}.unpacking`;
  await rm(temporary, { recursive: true, force: true });
  try {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    await kind.unpack(path, new ArchiveOutput(path, temporary));
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(path, describeThrown(error), { cause: error });
  }
}
