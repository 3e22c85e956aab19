import { posix } from 'node:path';
import {
  FileExistsError,
  FileNotFoundError,
  FileSystemError,
  NotADirectoryError,
  RemoteFileSystemError,
} from '../errors.js';
import type {
  BlockLocation,
  ContentSummary,
  CreateOptions,
  FileReader,
  FileSystem,
  FileTimes,
  FileWriter,
  ReadRange,
  RenameOptions,
} from '../file-system.js';
import { BlockLocator } from './block-locator.js';
import { HdfsFileReader } from './hdfs-file-reader.js';
import type { Parameters } from './http/web-hdfs-url.js';
import { fileStatusOf, JsonObject, type HdfsFileStatus } from './json-answers.js';
import { NameNodeClient, type NameNodeCall } from './name-node-client.js';
import { openAppend, openCreate } from './open-writer.js';
import { renamePath } from './rename-path.js';
import { ReplicaNames } from './replica-names.js';
import type { WebHdfsOptions } from './web-hdfs-options.js';

/**
 * HDFS over WebHDFS, or any file system behind HttpFS. Operations and parameters as in Hadoop 3.4's
 * `WebHDFS.md`; each method is one operation unless it says otherwise.
 */
export class WebHdfsFileSystem implements FileSystem {
  readonly scheme: string;
  readonly #options: WebHdfsOptions;
  readonly #nameNodes: NameNodeClient;
  readonly #replicas: ReplicaNames;
  readonly #blocks: BlockLocator;
  #batchListing = true;

  constructor(options: WebHdfsOptions) {
    this.scheme = options.scheme;
    this.#options = options;
    this.#nameNodes = new NameNodeClient(options);
    this.#replicas = new ReplicaNames(this.#nameNodes);
    this.#blocks = new BlockLocator(this.#nameNodes);
  }

  uri(path: string): string {
    return `${this.scheme}://${this.#options.authority}${path}`;
  }

  async status(path: string): Promise<HdfsFileStatus> {
    const json = await this.#json('GET', 'GETFILESTATUS', path, 'look at');
    return fileStatusOf(json.object('FileStatus'), path);
  }

  async listNames(directory: string): Promise<string[]> {
    const entries = await this.#entries(directory);
    return entries.map((entry) => entry.text('pathSuffix')).sort();
  }

  async list(directory: string): Promise<HdfsFileStatus[]> {
    const base = directory.endsWith('/') ? directory : `${directory}/`;
    const entries = await this.#entries(directory);
    return entries
      .map((entry) => fileStatusOf(entry, base + entry.text('pathSuffix')))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** One `GETFILESTATUS`; the reader asks for bytes when it is read. */
  async openRead(path: string, range?: ReadRange): Promise<FileReader> {
    const status = await this.status(path);
    if (status.kind === 'directory') {
      throw new FileSystemError(path, 'read', 'it is a directory');
    }
    const file = { path, sizeBytes: status.sizeBytes, ...(range === undefined ? {} : { range }) };
    return new HdfsFileReader(this.#nameNodes, this.#replicas, file);
  }

  /** Resolves when the NameNode knows the new file: refusals are told here. */
  async create(path: string, options: CreateOptions = {}): Promise<FileWriter> {
    const previous = await this.#statusIfThere(path);
    if (previous !== undefined && (options.overwrite !== true || previous.kind === 'directory')) {
      throw new FileExistsError(path);
    }
    return await openCreate(this.#nameNodes, this, path, options, previous?.fileId);
  }

  async append(path: string): Promise<FileWriter> {
    const { kind, sizeBytes } = await this.status(path);
    if (kind === 'directory') throw new FileSystemError(path, 'append to', 'it is a directory');
    return await openAppend(this.#nameNodes, this, path, sizeBytes);
  }

  async makeDirectories(path: string, mode = 0o755): Promise<void> {
    const permission = mode.toString(8);
    const json = await this.#json('PUT', 'MKDIRS', path, 'make directory', { permission });
    if (!json.boolean('boolean')) {
      throw new FileSystemError(path, 'make directory', 'the NameNode did not make it');
    }
  }

  async rename(source: string, destination: string, options: RenameOptions = {}): Promise<void> {
    await renamePath(this.#nameNodes, this, source, destination, options.overwrite === true);
  }

  async delete(path: string): Promise<boolean> {
    // An attempt whose answer was lost may have deleted it: then it was there all the same.
    let unknown = false;
    try {
      const json = await this.#json('DELETE', 'DELETE', path, 'delete', { recursive: true }, () => {
        unknown = true;
        return Promise.resolve(undefined);
      });
      return json.boolean('boolean') || unknown;
    } catch (error) {
      // Below a file: a path that is only missing is no error to the server.
      if (error instanceof FileNotFoundError) return false;
      throw error;
    }
  }

  async blockLocations(path: string, offset: number, length: number): Promise<BlockLocation[]> {
    return await this.#blocks.locate(path, offset, length);
  }

  async setPermission(path: string, mode: number): Promise<void> {
    const permission = mode.toString(8);
    await this.#call('PUT', 'SETPERMISSION', path, 'set permissions of', { permission });
  }

  async setTimes(path: string, times: FileTimes): Promise<void> {
    await this.#call('PUT', 'SETTIMES', path, 'set times of', {
      modificationtime: Math.trunc(times.modifiedMs ?? -1),
      accesstime: Math.trunc(times.accessedMs ?? -1),
    });
  }

  async contentSummary(path: string): Promise<ContentSummary> {
    const json = await this.#json('GET', 'GETCONTENTSUMMARY', path, 'sum up');
    const summary = json.object('ContentSummary');
    return {
      files: summary.number('fileCount'),
      directories: summary.number('directoryCount'),
      sizeBytes: summary.number('length'),
    };
  }

  /** Nothing to do: a closed file of HDFS is on its DataNodes, the NameNode's edits are synced. */
  async sync(path: string): Promise<void> {
    await this.status(path);
  }

  /** Gives a path to somebody else; only the superuser may. */
  async setOwner(path: string, owner: string, group?: string): Promise<void> {
    await this.#call('PUT', 'SETOWNER', path, 'set the owner of', { owner, group });
  }

  /** Number of replicas of a file; reached some time later. @throws FileNotFoundError */
  async setReplication(path: string, replication: number): Promise<void> {
    const json = await this.#json('PUT', 'SETREPLICATION', path, 'set replication of', {
      replication,
    });
    if (!json.boolean('boolean')) throw new FileNotFoundError(path);
  }

  /** Where relative paths of the user begin: `/user/<name>`. */
  async homeDirectory(): Promise<string> {
    const json = await this.#json('GET', 'GETHOMEDIRECTORY', '/', 'ask for the home directory at');
    return json.text('Path');
  }

  /**
   * A delegation token for this cluster, as `Token.encodeToUrlString`: a secret.
   *
   * @param renewer who may renew it; YARN's ResourceManager for applications
   * @returns undefined where the cluster gives none (without Kerberos)
   */
  async delegationToken(renewer: string): Promise<string | undefined> {
    const json = await this.#json('GET', 'GETDELEGATIONTOKEN', '/', 'fetch a token at', {
      renewer,
    });
    return json.object('Token').text('urlString') || undefined;
  }

  /** Prolongs a token; resolves to its new end, milliseconds since the epoch. @throws AuthenticationRefusedError */
  async renewDelegationToken(token: string): Promise<number> {
    const json = await this.#json('PUT', 'RENEWDELEGATIONTOKEN', '/', 'renew a token at', {
      token,
    });
    return json.number('long');
  }

  /** Ends a token's validity. @throws AuthenticationRefusedError */
  async cancelDelegationToken(token: string): Promise<void> {
    await this.#call('PUT', 'CANCELDELEGATIONTOKEN', '/', 'cancel a token at', { token });
  }

  /** Closes idle connections. Idempotent. */
  close(): void {
    this.#nameNodes.close();
  }

  /** Entries of a directory in the server's order, by batches. @throws NotADirectoryError */
  async #entries(directory: string): Promise<JsonObject[]> {
    const entries: JsonObject[] = [];
    for (let startAfter: string | undefined; ;) {
      const batch = await this.#batch(directory, startAfter);
      // A file lists itself, without a name.
      if (batch.entries.length === 1 && batch.entries[0]!.text('pathSuffix') === '') {
        throw new NotADirectoryError(directory, 'list');
      }
      entries.push(...batch.entries);
      const last = batch.entries.at(-1);
      if (batch.remaining === 0 || last === undefined) return entries;
      startAfter = last.text('pathSuffix');
    }
  }

  async #batch(
    directory: string,
    startAfter: string | undefined,
  ): Promise<{ readonly entries: JsonObject[]; readonly remaining: number }> {
    if (this.#batchListing) {
      try {
        const json = await this.#json('GET', 'LISTSTATUS_BATCH', directory, 'list', { startAfter });
        const listing = json.object('DirectoryListing');
        const statuses = listing.object('partialListing').object('FileStatuses');
        return {
          entries: statuses.objects('FileStatus'),
          remaining: listing.number('remainingEntries'),
        };
      } catch (error) {
        // Servers before 2.8 do not know batches.
        if (!isUnknownOperation(error)) throw error;
        this.#batchListing = false;
      }
    }
    const json = await this.#json('GET', 'LISTSTATUS', directory, 'list');
    return { entries: json.object('FileStatuses').objects('FileStatus'), remaining: 0 };
  }

  async #statusIfThere(path: string): Promise<HdfsFileStatus | undefined> {
    try {
      return await this.status(path);
    } catch (error) {
      if (error instanceof FileNotFoundError) return undefined;
      throw error;
    }
  }

  async #json(
    method: NameNodeCall['method'],
    op: string,
    path: string,
    operation: string,
    parameters: Parameters = {},
    resolveUnknown?: NameNodeCall['resolveUnknown'],
  ): Promise<JsonObject> {
    const extra = resolveUnknown === undefined ? {} : { resolveUnknown };
    const call = { method, op, path: normalized(path), operation, parameters, ...extra };
    return new JsonObject(await this.#nameNodes.json(call));
  }

  async #call(
    method: NameNodeCall['method'],
    op: string,
    path: string,
    operation: string,
    parameters: Parameters,
  ): Promise<void> {
    await this.#nameNodes.call({ method, op, path: normalized(path), operation, parameters });
  }
}

/** Whether a server does not know an operation (a newer one than its own release). */
export function isUnknownOperation(error: unknown): boolean {
  return (
    error instanceof RemoteFileSystemError &&
    /IllegalArgumentException|UnsupportedOperationException|QueryParamException/.test(
      error.javaClassName,
    )
  );
}

function normalized(path: string): string {
  return path === '/' ? path : posix.normalize(path).replace(/\/$/, '');
}
