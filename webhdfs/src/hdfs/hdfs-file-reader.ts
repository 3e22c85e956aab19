import { setTimeout as sleep } from 'node:timers/promises';
import { toError } from '@heddle/common';
import { FileSystemError, RemoteFileSystemError } from '../errors.js';
import type { FileReader, ReadRange } from '../file-system.js';
import { HostUnresolvableError, ReadFailedError, type ServerFailure } from './errors.js';
import { DataNodeFailure, DataNodeRequest } from './data-node-client.js';
import { BodyReader } from './http/body-reader.js';
import type { NameNodeClient } from './name-node-client.js';
import type { ReplicaNames } from './replica-names.js';

/** Attempts in a row that bring no byte, before a read fails. */
const maxFruitlessAttempts = 6;
const firstPauseMs = 250;

interface OpenStream {
  readonly body: BodyReader;
  readonly node: string;
  /** Place in the file of the next byte of the body. */
  position: number;
  /** Place in the file at which the body ends. */
  readonly end: number;
}

/**
 * An open file of HDFS. Reads in order share one request, which runs ahead only as far as the
 * socket's buffers; a read elsewhere gets a request of its own, of just its bytes. When a DataNode
 * dies the read goes on at another replica, at the byte where it stopped.
 */
export class HdfsFileReader implements FileReader {
  readonly #nameNodes: NameNodeClient;
  readonly #replicas: ReplicaNames;
  readonly #path: string;
  readonly #sizeBytes: number;
  readonly #range: ReadRange | undefined;
  /** The stream of the last read in order, when no read uses it. */
  #idle: OpenStream | undefined;
  /** Where the last read ended: a read from there on is one in order. */
  #sequentialAt: number | undefined;
  #closed = false;

  /** @param sizeBytes of the file when it was opened: reads end there */
  constructor(
    nameNodes: NameNodeClient,
    replicas: ReplicaNames,
    file: { readonly path: string; readonly sizeBytes: number; readonly range?: ReadRange },
  ) {
    this.#nameNodes = nameNodes;
    this.#replicas = replicas;
    this.#path = file.path;
    this.#sizeBytes = file.sizeBytes;
    this.#range = file.range;
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    const end = Math.min(offset + into.length, this.#sizeBytes);
    const attempts = new ReadAttempts();
    let position = offset;
    while (position < end) {
      if (this.#closed) throw new FileSystemError(this.#path, 'read', 'the reader was closed');
      let stream: OpenStream | undefined;
      try {
        stream = this.#takeIdle(position) ?? (await this.#open(position, end, offset, attempts));
      } catch (error) {
        await this.#afterFailure(position, attempts, error);
        continue;
      }
      // The file has become shorter than it was when it was opened.
      if (stream === undefined) break;
      const wanted = into.subarray(position - offset, Math.min(end, stream.end) - offset);
      const part = await stream.body.read(wanted);
      position += part.count;
      stream.position = position;
      if (part.count > 0) attempts.progress();
      if (part.state === 'broken' && position < end) {
        const reason = part.error?.message ?? 'the answer broke off';
        const failure = new DataNodeFailure(stream.node, reason, 'otherReplica', undefined);
        stream.body.destroy();
        await this.#afterFailure(position, attempts, failure);
      } else {
        this.#putBack(stream);
      }
    }
    this.#sequentialAt = position;
    return position - offset;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#idle?.body.destroy();
    this.#idle = undefined;
    return Promise.resolve();
  }

  #takeIdle(position: number): OpenStream | undefined {
    const idle = this.#idle;
    if (idle?.position !== position) return undefined;
    this.#idle = undefined;
    return idle;
  }

  #putBack(stream: OpenStream): void {
    if (this.#closed || stream.position >= stream.end) {
      stream.body.destroy();
      return;
    }
    this.#idle?.body.destroy();
    this.#idle = stream;
  }

  /** Bytes to ask for: all that will probably be read in order, else just those of this read. */
  #streamEnd(position: number, readEnd: number, readStart: number): number {
    const range = this.#range;
    if (range !== undefined && position >= range.start && position < range.end) {
      return Math.max(readEnd, Math.min(range.end, this.#sizeBytes));
    }
    const sequential = range === undefined && this.#sequentialAt === readStart;
    return sequential ? this.#sizeBytes : readEnd;
  }

  /** Undefined when the file ends before the position. @throws DataNodeFailure, errors of a NameNode */
  async #open(
    position: number,
    readEnd: number,
    readStart: number,
    attempts: ReadAttempts,
  ): Promise<OpenStream | undefined> {
    const length = this.#streamEnd(position, readEnd, readStart) - position;
    const excluded = await this.#replicas.namesOf(this.#path, position, attempts.badNodes);
    const redirect = await this.#redirect(position, length, excluded);
    if (redirect === undefined) return undefined;
    const { transport, options } = this.#nameNodes;
    const call = { path: this.#path, operation: 'read', user: options.user, server: '' };
    const request = new DataNodeRequest(transport, redirect, { method: 'GET' }, call);
    request.request.end();
    try {
      const silenceMs = transport.options.socketTimeoutMs;
      const response = await request.answer([200, 206], silenceMs);
      options.logger.debug('reading from a DataNode', {
        path: this.#path,
        offset: position,
        length,
        dataNode: request.node,
      });
      const announced = Number(response.headers['content-length'] ?? length);
      return {
        body: new BodyReader(response, silenceMs, request.intake),
        node: request.node,
        position,
        end: position + Math.min(announced, length),
      };
    } catch (error) {
      request.request.destroy();
      if (error instanceof DataNodeFailure && isBehindEnd(error.error)) return undefined;
      throw error;
    }
  }

  async #redirect(position: number, length: number, excluded: string): Promise<URL | undefined> {
    try {
      const { url } = await this.#nameNodes.redirect({
        method: 'GET',
        op: 'OPEN',
        path: this.#path,
        operation: 'read',
        parameters: {
          offset: position,
          length,
          ...(excluded === '' ? {} : { excludedatanodes: excluded }),
        },
      });
      return url;
    } catch (error) {
      if (isBehindEnd(error)) return undefined;
      throw error;
    }
  }

  /** Notes the failure and waits, or throws what a read that nobody can serve means. */
  async #afterFailure(position: number, attempts: ReadAttempts, thrown: unknown): Promise<void> {
    const error = toError(thrown);
    const noReplicaLeft = error instanceof RemoteFileSystemError && isNoReplica(error);
    if (!(error instanceof DataNodeFailure) && !noReplicaLeft) throw error;
    if (error instanceof DataNodeFailure && error.verdict === 'final') throw error.error ?? error;
    const unresolved = error instanceof DataNodeFailure ? error.error : undefined;
    if (unresolved instanceof HostUnresolvableError) {
      if (await this.#learnAddress(position, unresolved.host)) return;
    }
    const server = error instanceof DataNodeFailure ? error.node : 'NameNode';
    const reason = error instanceof DataNodeFailure ? error.reason : error.message;
    attempts.failed(server, reason, noReplicaLeft);
    if (attempts.fruitless >= maxFruitlessAttempts) {
      if (unresolved instanceof HostUnresolvableError) throw unresolved;
      throw new ReadFailedError(this.#path, position, attempts.failures, { cause: error });
    }
    this.#nameNodes.options.logger.warn('a replica cannot be read, another one is tried', {
      path: this.#path,
      offset: position,
      dataNode: server,
      reason,
    });
    if (attempts.pauseMs > 0) await sleep(attempts.pauseMs);
  }

  /** The address of a DataNode whose name means nothing here, unless the cluster forbids using it. */
  async #learnAddress(position: number, host: string): Promise<boolean> {
    const { options, transport } = this.#nameNodes;
    if (!options.dataNodeAddressAllowed) return false;
    const replicas = await this.#replicas.replicasAt(this.#path, position);
    const address = replicas.find((replica) => replica.hostName === host)?.ipAddress;
    return address !== undefined && transport.learnAddress(host, address);
  }
}

/** What the attempts of one read have shown. */
class ReadAttempts {
  readonly badNodes = new Set<string>();
  readonly #failures = new Map<string, string>();
  fruitless = 0;
  pauseMs = 0;

  get failures(): ServerFailure[] {
    return [...this.#failures].map(([server, reason]) => ({ server, reason }));
  }

  progress(): void {
    this.fruitless = 0;
    this.pauseMs = 0;
  }

  /** @param noReplicaLeft all replicas are excluded: they get another chance, after a pause */
  failed(node: string, reason: string, noReplicaLeft: boolean): void {
    this.#failures.set(node, reason);
    this.fruitless += 1;
    if (noReplicaLeft || this.badNodes.has(node)) {
      this.badNodes.clear();
      this.pauseMs = Math.max(firstPauseMs, this.pauseMs * 2);
    } else {
      this.badNodes.add(node);
    }
  }
}

/** `Offset=… out of the range [0, …); OPEN, path=…` */
function isBehindEnd(error: unknown): boolean {
  return error instanceof RemoteFileSystemError && /out of the range/.test(error.serverMessage);
}

function isNoReplica(error: RemoteFileSystemError): boolean {
  return /No active nodes contain this block|Could not obtain block/.test(error.serverMessage);
}
