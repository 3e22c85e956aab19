import type { ClusterAccess } from '../cluster-access.js';
import { FileNotFoundError, readWholeFile, type FileStatus } from '@heddle/webhdfs';

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
const containerPattern = /container_(?:e\d+_)?\d+_\d+_\d+_\d+/g;

/**
 * The aggregated logs of an application (`LogAggregationTFileController`, Hadoop 3.4.3): one TFile for
 * each node, with the container's id as key and `name, length, bytes` of each file as value. Files
 * that were compressed or encrypted are left out.
 */
export async function aggregatedLogs(
  cluster: ClusterAccess,
  applicationId: string,
  user: string,
): Promise<ContainerLog[]> {
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
    const logs: ContainerLog[] = [];
    for (const { path, sizeBytes, kind } of files) {
      if (kind !== 'file' || path.endsWith('.tmp') || sizeBytes > maxLogBytes) continue;
      const bytes = await readWholeFile(fileSystem, path, sizeBytes);
      const host = path
        .split('/')
        .at(-1)!
        .replace(/[_:]\d+$/, '');
      logs.push(...readAggregatedFile(bytes, host));
    }
    if (logs.length > 0) return logs;
  }
  return [];
}

/** @internal The logs in one node's file. */
export function readAggregatedFile(bytes: Buffer, host: string): ContainerLog[] {
  const text = bytes.toString('latin1');
  const keys = [...text.matchAll(containerPattern)]
    // A key stands behind its length, as Java's `writeUTF` writes it.
    .filter(({ index, 0: id }) => index >= 2 && bytes.readUInt16BE(index - 2) === id.length)
    .map(({ index, 0: id }) => ({ id, from: index + id.length }));
  const logs: ContainerLog[] = [];
  keys.forEach(({ id, from }, i) => {
    const end = keys[i + 1]?.from ?? bytes.length;
    logs.push(
      ...filesIn(bytes.subarray(from, end))
        .filter(({ file, text: content }) => readableFiles.has(file) && content !== '')
        .map((one) => ({ ...one, container: id, host })),
    );
  });
  return logs;
}

/** `writeUTF(name) writeUTF(length) bytes`, again and again; what is between them is TFile's own. */
function filesIn(bytes: Buffer): { readonly file: string; readonly text: string }[] {
  const found: { file: string; text: string }[] = [];
  let at = 0;
  while (at + 4 < bytes.length) {
    const name = textAt(bytes, at, /^[\w.-]{1,100}$/);
    const length = name && textAt(bytes, name.end, /^\d{1,10}$/);
    if (name === undefined || length === undefined) {
      at += 1;
      continue;
    }
    const size = Number(length.text);
    const end = length.end + size;
    found.push({ file: name.text, text: bytes.toString('utf8', length.end, end) });
    at = end;
  }
  return found;
}

function textAt(
  bytes: Buffer,
  at: number,
  pattern: RegExp,
): { readonly text: string; readonly end: number } | undefined {
  if (at + 2 > bytes.length) return undefined;
  const length = bytes.readUInt16BE(at);
  const end = at + 2 + length;
  if (length === 0 || length > 100 || end > bytes.length) return undefined;
  const text = bytes.toString('latin1', at + 2, end);
  return pattern.test(text) ? { text, end } : undefined;
}
