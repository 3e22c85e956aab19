import {
  FileNotFoundError,
  FileSystemError,
  InputNotFoundError,
  NotADirectoryError,
} from '../errors.js';
import type { BlockLocation, FileStatus, FileSystem } from '../file-system.js';
import type { FileSystemRegistry } from '../file-system-registry.js';
import { mapConcurrently } from '../map-concurrently.js';
import { literalPath, parseGlob, type GlobSegment } from './glob.js';
import { splitPathList } from './path-list.js';

/** A file to read. */
export interface InputFile {
  /** Full name (`file:///data/a.txt`), taken literally. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  /** Where its bytes are; empty when the file system has no notion of hosts. */
  readonly blocks: readonly BlockLocation[];
}

/**
 * Lists the files of an input: a path, a glob, a directory (its files, not those of directories
 * below), or a comma list of these. Names that begin with `_` or `.` are skipped unless they are
 * spelled out. Order: that of the list, then by name. A file that is named twice is there twice.
 * Follows Hadoop 3.4 `mapred.FileInputFormat.listStatus` (plus the order, which there is the file
 * system's), with Spark's default of not descending.
 * @throws InputNotFoundError for a path that is not there and a pattern without matches
 * @throws FileSystemError for a directory inside a directory, and for pipes and devices
 */
export async function expandInput(
  fileSystems: FileSystemRegistry,
  pathList: string,
): Promise<InputFile[]> {
  const lists: InputFile[][] = [];
  for (const path of splitPathList(pathList)) lists.push(await expandPath(fileSystems, path));
  return lists.flat();
}

/** Names that inputs skip: `_SUCCESS`, `_temporary`, `.crc` files and their like. */
export function isHiddenName(name: string): boolean {
  return name.startsWith('_') || name.startsWith('.');
}

async function expandPath(fileSystems: FileSystemRegistry, path: string): Promise<InputFile[]> {
  const literal = literalPath(path);
  const { fileSystem, path: pattern } =
    literal === undefined ? fileSystems.resolvePattern(path) : fileSystems.resolve(literal);
  const found =
    literal === undefined
      ? await matchPattern(fileSystem, pattern)
      : [
          await fileSystem
            .status(pattern)
            .catch((error: unknown) => notFound(error, path, pattern)),
        ];
  if (found.length === 0) {
    throw new InputNotFoundError(
      path,
      'the pattern matches nothing (names with _ or . are skipped)',
    );
  }
  const files = await mapConcurrently(found, 8, (status) => filesOf(fileSystem, status));
  return await mapConcurrently(files.flat(), 8, async (status) => ({
    path: fileSystem.uri(status.path),
    sizeBytes: status.sizeBytes,
    blockSizeBytes: status.blockSizeBytes,
    blocks: await knownBlocks(fileSystem, status),
  }));
}

function notFound(error: unknown, path: string, resolved: string): never {
  if (!(error instanceof FileNotFoundError)) throw error;
  const where = path === resolved ? '' : ` (${resolved})`;
  throw new InputNotFoundError(path, `it does not exist${where}`, { cause: error });
}

async function filesOf(fileSystem: FileSystem, status: FileStatus): Promise<FileStatus[]> {
  if (status.kind === 'directory') {
    const children = await fileSystem.list(status.path);
    const visible = children.filter((child) => !isHiddenName(nameOf(child.path)));
    for (const child of visible) checkIsFile(fileSystem, child);
    return visible;
  }
  checkIsFile(fileSystem, status);
  return [status];
}

function checkIsFile(fileSystem: FileSystem, status: FileStatus): void {
  if (status.kind === 'file') return;
  const reason =
    status.kind === 'directory'
      ? 'it is a directory inside the input directory, and inputs do not descend: name it with a pattern such as dir/*/*'
      : 'it is a pipe, a device or a broken link: only files can be read in splits';
  throw new FileSystemError(fileSystem.uri(status.path), 'read input', reason);
}

async function knownBlocks(fileSystem: FileSystem, status: FileStatus): Promise<BlockLocation[]> {
  if (fileSystem.scheme === 'file') return [];
  return await fileSystem.blockLocations(status.path, 0, status.sizeBytes);
}

async function matchPattern(fileSystem: FileSystem, pattern: string): Promise<FileStatus[]> {
  const matches = new Map<string, FileStatus>();
  for (const segments of parseGlob(pattern)) {
    for (const match of await matchSegments(fileSystem, segments)) matches.set(match.path, match);
  }
  return [...matches.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

async function matchSegments(
  fileSystem: FileSystem,
  segments: readonly GlobSegment[],
): Promise<FileStatus[]> {
  let candidates = [''];
  let at = 0;
  for (; at < segments.length; at += 1) {
    const segment = segments[at]!;
    if (segment.kind === 'literal') {
      candidates = candidates.map((candidate) => `${candidate}/${segment.name}`);
      continue;
    }
    const lists = await mapConcurrently(candidates, 8, (directory) =>
      matchNames(fileSystem, directory, segment),
    );
    candidates = lists.flat();
  }
  const found = await mapConcurrently(candidates, 8, (path) => statusIfThere(fileSystem, path));
  return found.filter((status) => status !== undefined);
}

async function matchNames(
  fileSystem: FileSystem,
  directory: string,
  segment: Extract<GlobSegment, { kind: 'pattern' }>,
): Promise<string[]> {
  let names: string[];
  try {
    names = await fileSystem.listNames(directory === '' ? '/' : directory);
  } catch (error) {
    // A file where the pattern wants a directory, or one that is gone: no match.
    if (error instanceof FileNotFoundError || error instanceof NotADirectoryError) return [];
    throw error;
  }
  return names
    .filter((name) => segment.expression.test(name))
    .filter((name) => segment.matchesHidden || !isHiddenName(name))
    .map((name) => `${directory}/${name}`);
}

async function statusIfThere(
  fileSystem: FileSystem,
  path: string,
): Promise<FileStatus | undefined> {
  try {
    return await fileSystem.status(path);
  } catch (error) {
    if (error instanceof FileNotFoundError) return undefined;
    throw error;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
