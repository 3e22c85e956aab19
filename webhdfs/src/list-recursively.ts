import { FileNotFoundError } from './errors.js';
import type { FileStatus, FileSystem } from './file-system.js';

/**
 * Everything below a directory, each directory before what it holds, sorted by name in each. What
 * vanishes meanwhile is left out; links to directories are followed, so a link to a directory
 * above is followed once.
 *
 * @throws FileNotFoundError when the directory itself is missing
 */
export async function* listRecursively(
  fileSystem: FileSystem,
  directory: string,
): AsyncGenerator<FileStatus> {
  const seen = new Set([(await fileSystem.status(directory)).fileId]);
  // A stack of listings, since trees may be deeper than the call stack.
  const stack = [(await fileSystem.list(directory)).values()];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.next();
    if (next.done === true) {
      stack.pop();
      continue;
    }
    yield next.value;
    if (next.value.kind !== 'directory' || seen.has(next.value.fileId)) continue;
    seen.add(next.value.fileId);
    try {
      stack.push((await fileSystem.list(next.value.path)).values());
    } catch (error) {
      if (!(error instanceof FileNotFoundError)) throw error;
    }
  }
}
