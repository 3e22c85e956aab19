import type { FileSystem } from './file-system.js';

/**
 * The bytes of a small file; fewer than `sizeBytes` where it ends sooner.
 * @param sizeBytes as its status or a listing says
 */
export async function readWholeFile(
  fileSystem: Pick<FileSystem, 'openRead'>,
  path: string,
  sizeBytes: number,
): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  const reader = await fileSystem.openRead(path);
  try {
    return bytes.subarray(0, await reader.read(0, bytes));
  } finally {
    await reader.close();
  }
}
