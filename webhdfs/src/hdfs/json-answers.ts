import type { BlockLocation } from '../file-system.js';
import type { FileStatus } from '../file-system.js';

/** Metadata of a file or directory as HDFS tells them (`JsonUtil.toJsonString`, Hadoop 3.4). */
export interface HdfsFileStatus extends FileStatus {
  readonly owner: string;
  readonly group: string;
  readonly replication: number;
  readonly accessedMs: number;
  /** Entries of a directory; 0 for files. */
  readonly childrenCount: number;
}

/** A replica of a block, as `GET_BLOCK_LOCATIONS` tells it. */
export interface ReplicaLocation {
  readonly hostName: string;
  readonly ipAddress: string;
  readonly transferPort: number;
  readonly httpPort: number;
  readonly httpsPort: number;
}

/** A JSON object of an answer, read field by field; what is not there reads as empty. */
export class JsonObject {
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    this.#value = typeof value === 'object' && value !== null ? { ...value } : {};
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null;
  }

  text(name: string): string {
    const value = this.#value[name];
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number {
    const value = this.#value[name];
    return typeof value === 'number' ? value : 0;
  }

  boolean(name: string): boolean {
    return this.#value[name] === true;
  }

  object(name: string): JsonObject {
    return new JsonObject(this.#value[name]);
  }

  objects(name: string): JsonObject[] {
    const value = this.#value[name];
    return Array.isArray(value) ? value.map((item) => new JsonObject(item)) : [];
  }

  texts(name: string): string[] {
    const value = this.#value[name];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }
}

/** @param path of the file itself */
export function fileStatusOf(json: JsonObject, path: string): HdfsFileStatus {
  const type = json.text('type');
  const kind = type === 'FILE' ? 'file' : type === 'DIRECTORY' ? 'directory' : 'other';
  return {
    path,
    kind,
    sizeBytes: kind === 'file' ? json.number('length') : 0,
    // Directories have none; a split size is asked of files only.
    blockSizeBytes: json.number('blockSize') || 128 * 1024 * 1024,
    modifiedMs: json.number('modificationTime'),
    mode: Number.parseInt(json.text('permission') || '0', 8),
    fileId: String(json.number('fileId')),
    owner: json.text('owner'),
    group: json.text('group'),
    replication: json.number('replication'),
    accessedMs: json.number('accessTime'),
    childrenCount: json.number('childrenNum'),
  };
}

/** The blocks of `GETFILEBLOCKLOCATIONS`. */
export function blockLocationsOf(json: JsonObject): BlockLocation[] {
  return json
    .object('BlockLocations')
    .objects('BlockLocation')
    .map((block) => ({
      offset: block.number('offset'),
      length: block.number('length'),
      hosts: [...new Set([...block.texts('cachedHosts'), ...block.texts('hosts')])],
    }));
}

/** The blocks of the older, private `GET_BLOCK_LOCATIONS`, with their replicas. */
export function locatedBlocksOf(
  json: JsonObject,
): { readonly offset: number; readonly length: number; readonly replicas: ReplicaLocation[] }[] {
  return json
    .object('LocatedBlocks')
    .objects('locatedBlocks')
    .map((located) => ({
      offset: located.number('startOffset'),
      length: located.object('block').number('numBytes'),
      replicas: located.objects('locations').map((location) => ({
        hostName: location.text('hostName'),
        ipAddress: location.text('ipAddr'),
        transferPort: location.number('xferPort'),
        httpPort: location.number('infoPort'),
        httpsPort: location.number('infoSecurePort'),
      })),
    }));
}
