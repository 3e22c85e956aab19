import type { ClusterAccess } from '../cluster-access.js';
import {
  FileNotFoundError,
  readWholeFile,
  type FileStatus,
  type FileSystem,
} from '@heddle/webhdfs';
import { TFileBrokenError, readTFile } from './t-file.js';

/** One file of one container. */
export interface ContainerLog {
  readonly container: string;
  readonly host: string;
  readonly file: string;
  readonly text: string;
}

/** Other files of a container are YARN's own notes. */
const readableFiles: ReadonlySet<string> = new Set(['stderr', 'stdout', 'prelaunch.err']);
const maxLogBytes = 256 * 2 ** 20;
const containerPattern = /^container_(?:e\d+_)?\d+_\d+_\d+_\d+$/;

/** What the nodes brought. */
export interface AggregatedLogs {
  readonly logs: readonly ContainerLog[];
  /** Of which nodes' logs nothing is known, and why. */
  readonly problems: readonly { readonly host: string; readonly problem: string }[];
}

/**
 * The aggregated logs of an application (`LogAggregationTFileController`, Hadoop 3.4.3): one TFile for
 * each node, with the container's id as key and `name, length, bytes` of each file as value. Files
 * that are compressed, broken or too large are left out, and named with the reason.
 */
export async function aggregatedLogs(
  cluster: ClusterAccess,
  applicationId: string,
  user: string,
): Promise<AggregatedLogs> {
  const { fileSystem } = cluster.files;
  const root = cluster.conf.getTrimmed('yarn.nodemanager.remote-app-log-dir') ?? '/tmp/logs';
  const base = root.replace(/^[a-z]+:\/\/[^/]*/, '');
  const suffix = cluster.conf.getTrimmed('yarn.nodemanager.remote-app-log-dir-suffix') ?? 'logs';
  const number = Number(applicationId.split('_')[2]);
  const bucket = String(number % 10_000).padStart(4, '0');
  const candidates = [
    `${base}/${user}/bucket-${suffix}-tfile/${bucket}/${applicationId}`,
    `${base}/${user}/${suffix}-tfile/${applicationId}`,
    `${base}/${user}/${suffix}/${applicationId}`,
  ];
  for (const directory of candidates) {
    let files: FileStatus[];
    try {
      files = await fileSystem.list(directory);
    } catch (error) {
      if (error instanceof FileNotFoundError) continue;
      throw error;
    }
    const found: AggregatedLogs[] = [];
    for (const { path, sizeBytes, kind } of files) {
      if (kind !== 'file' || path.endsWith('.tmp')) continue;
      found.push(await readNode(fileSystem, path, sizeBytes));
    }
    if (found.length > 0) {
      return {
        logs: found.flatMap(({ logs }) => logs),
        problems: found.flatMap(({ problems }) => problems),
      };
    }
  }
  return { logs: [], problems: [] };
}

async function readNode(
  fileSystem: Pick<FileSystem, 'openRead'>,
  path: string,
  sizeBytes: number,
): Promise<AggregatedLogs> {
  const host = hostOf(path);
  if (sizeBytes > maxLogBytes) {
    const problem = `${path} has ${sizeBytes} bytes, more than ${maxLogBytes}`;
    return { logs: [], problems: [{ host, problem }] };
  }
  try {
    return readAggregatedFile(await readWholeFile(fileSystem, path, sizeBytes), host);
  } catch (error) {
    if (!(error instanceof TFileBrokenError)) throw error;
    return { logs: [], problems: [{ host, problem: `${path}: ${error.message}` }] };
  }
}

/**
 * The node in the name of its file: `host_port`, with a time behind it where nodes bring logs of
 * running applications too.
 */
function hostOf(path: string): string {
  return path
    .split('/')
    .at(-1)!
    .replace(/[_:]\d+(?:_\d+)?$/, '');
}

/**
 * @internal The logs in one node's file.
 * @throws TFileBrokenError
 */
export function readAggregatedFile(bytes: Buffer, host: string): AggregatedLogs {
  const { compression, records } = readTFile(bytes);
  if (compression !== 'none') {
    return { logs: [], problems: [{ host, problem: `they are compressed (${compression})` }] };
  }
  const logs: ContainerLog[] = [];
  for (const { key, value } of records) {
    const container = utfAt(key, 0)?.text ?? '';
    // Others are VERSION, APPLICATION_ACL and APPLICATION_OWNER.
    if (!containerPattern.test(container)) continue;
    for (const { file, content } of filesIn(value)) {
      if (!readableFiles.has(file) || content.length === 0) continue;
      logs.push({ container, host, file, text: content.toString('utf8') });
    }
  }
  return { logs, problems: [] };
}

interface NamedFile {
  readonly file: string;
  readonly content: Buffer;
}

/** `writeUTF(name) writeUTF(length) bytes`, again and again (`AggregatedLogFormat.LogValue`). */
function filesIn(value: Buffer): NamedFile[] {
  const found: NamedFile[] = [];
  let at = 0;
  while (at < value.length) {
    const name = utfAt(value, at);
    const length = name && utfAt(value, name.end);
    if (length === undefined || !/^\d{1,15}$/.test(length.text)) {
      // A node that could not read a file to its end writes the reason in place of the rest; where
      // that ends nobody says, so it all belongs to that file.
      const last = found.pop();
      if (last === undefined) throw new TFileBrokenError('a container has no name of a file', at);
      found.push({ file: last.file, content: Buffer.concat([last.content, value.subarray(at)]) });
      return found;
    }
    at = length.end + Number(length.text);
    found.push({ file: name!.text, content: value.subarray(length.end, at) });
  }
  return found;
}

/** A text behind its length in two bytes, as Java's `writeUTF` writes it. */
function utfAt(
  bytes: Buffer,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  if (at + 2 > bytes.length) return undefined;
  const end = at + 2 + bytes.readUInt16BE(at);
  return end > bytes.length ? undefined : { text: bytes.toString('utf8', at + 2, end), end };
}
