import { createHash } from 'node:crypto';
import type { FileSystem } from '@heddle/webhdfs';
import type { FileEntry } from '../plan/index.js';

const bufferBytes = 1024 * 1024;

/** A path in a file system. */
export interface FilePlace {
  readonly fileSystem: FileSystem;
  readonly path: string;
}

/** All files of a path, sorted, with their checksums; one with an empty path when it is a file. */
export async function listTree(fileSystem: FileSystem, path: string): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  for (const file of await filesOf(fileSystem, path)) {
    entries.push(await passThrough({ fileSystem, path: join(path, file) }, file, undefined));
  }
  return entries;
}

/**
 * Copies a file, or a directory with all files below it, to a place that does not exist yet; tells
 * what it read. Empty directories are left out.
 */
export async function copyTree(from: FilePlace, to: FilePlace): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  const files = await filesOf(from.fileSystem, from.path);
  const isFile = files.length === 1 && files[0] === '';
  if (!isFile) await to.fileSystem.makeDirectories(to.path, 0o700);
  const made = new Set<string>();
  for (const file of files) {
    const target = join(to.path, file);
    const parent = target.slice(0, target.lastIndexOf('/'));
    if (!isFile && !made.has(parent)) {
      made.add(parent);
      await to.fileSystem.makeDirectories(parent, 0o700);
    }
    const source = { fileSystem: from.fileSystem, path: join(from.path, file) };
    entries.push(await passThrough(source, file, { fileSystem: to.fileSystem, path: target }));
  }
  return entries;
}

/** Relative paths; an empty one for a file. Links are followed, as when a file is read. */
async function filesOf(fileSystem: FileSystem, root: string): Promise<string[]> {
  const status = await fileSystem.status(root);
  if (status.kind !== 'directory') return [''];
  const found: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { path, kind } of await fileSystem.list(join(root, folder))) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const relative = folder === '' ? name : `${folder}/${name}`;
      if (kind === 'directory') folders.push(relative);
      else if (kind === 'file') found.push(relative);
    }
  }
  return found.sort();
}

async function passThrough(
  from: FilePlace,
  path: string,
  to: FilePlace | undefined,
): Promise<FileEntry> {
  const hash = createHash('sha256');
  const reader = await from.fileSystem.openRead(from.path);
  let sizeBytes = 0;
  try {
    const writer = await to?.fileSystem.create(to.path, { mode: 0o600 });
    try {
      const buffer = Buffer.allocUnsafeSlow(bufferBytes);
      for (;;) {
        const count = await reader.read(sizeBytes, buffer);
        if (count === 0) break;
        const bytes = buffer.subarray(0, count);
        hash.update(bytes);
        await writer?.write(bytes);
        sizeBytes += count;
      }
      await writer?.close();
    } catch (error) {
      await writer?.abort();
      throw error;
    }
  } finally {
    await reader.close();
  }
  return { path, sizeBytes, sha256: hash.digest('hex') };
}

function join(folder: string, name: string): string {
  return name === '' ? folder : `${folder}/${name}`;
}
