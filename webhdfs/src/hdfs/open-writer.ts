import { posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileNotFoundError } from '../errors.js';
import type { CreateOptions, FileStatus, FileWriter } from '../file-system.js';
import { DataNodeFailure, DataNodeRequest } from './data-node-client.js';
import { WriteFailedError } from './errors.js';
import { HdfsFileWriter, type WriterTarget } from './hdfs-file-writer.js';
import type { HttpTransport } from './http/http-transport.js';
import type { NameNodeClient } from './name-node-client.js';

/** DataNodes that are tried before the first byte is written. */
const maxDataNodes = 6;
/** Attempts before the first byte, also at a DataNode that failed: the NameNode may name it again. */
const maxAttempts = 16;
const firstPauseMs = 25;
const maxPauseMs = 1_000;
const firstPollMs = 3;
const maxPollMs = 250;

/** What is to be written, and how its begin shows. */
interface WriteBegin {
  readonly nameNodes: NameNodeClient;
  readonly path: string;
  readonly kind: 'create' | 'append';
  readonly parameters: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Whether the DataNode has begun: the NameNode knows the new file. */
  readonly begun: () => Promise<boolean>;
  /** Checks what HttpFS does not. */
  readonly beforeGateway: () => Promise<void>;
  readonly target: Omit<WriterTarget, 'path' | 'silenceMs'>;
}

/** Metadata calls that writers need. */
export interface WriterMetadata {
  status(path: string): Promise<FileStatus>;
  delete(path: string): Promise<boolean>;
}

/**
 * Creates a file at a DataNode. When this resolves the NameNode knows the new file, so that refusals
 * (permissions, quotas, safe mode, an existing file) are told here and not in the middle of the bytes;
 * behind HttpFS they come with the bytes.
 */
export async function openCreate(
  nameNodes: NameNodeClient,
  metadata: WriterMetadata,
  path: string,
  options: CreateOptions,
  previousFileId: string | undefined,
): Promise<FileWriter> {
  const begun = async (): Promise<boolean> => {
    const status = await statusIfThere(metadata, path);
    return status !== undefined && status.fileId !== previousFileId;
  };
  return await begin({
    nameNodes,
    path,
    kind: 'create',
    begun,
    // It ignores `createparent`.
    beforeGateway: async () => {
      await metadata.status(posix.dirname(path));
    },
    parameters: {
      overwrite: options.overwrite === true,
      // As for local files: a folder that was removed must not come back.
      createparent: false,
      permission: (options.mode ?? 0o644).toString(8),
      blocksize: options.blockSizeBytes,
      replication: options.replication,
    },
    target: {
      startBytes: 0,
      sizeBytes: async () => (await metadata.status(path)).sizeBytes,
      remove: async () => {
        await metadata.delete(path);
      },
    },
  });
}

/** Opens an existing file to write on at its end. */
export async function openAppend(
  nameNodes: NameNodeClient,
  metadata: WriterMetadata,
  path: string,
  startBytes: number,
): Promise<FileWriter> {
  return await begin({
    nameNodes,
    path,
    kind: 'append',
    // Nothing shows that an append has begun; a refusal is told by the first write or by `close`.
    begun: () => Promise.resolve(true),
    beforeGateway: () => Promise.resolve(),
    parameters: {},
    target: {
      startBytes,
      sizeBytes: async () => (await metadata.status(path)).sizeBytes,
      remove: () => Promise.resolve(),
    },
  });
}

async function begin(write: WriteBegin): Promise<FileWriter> {
  const { nameNodes, path } = write;
  const { transport, options } = nameNodes;
  const silenceMs = transport.options.socketTimeoutMs;
  const bad = new Set<string>();
  for (let attempt = 1, pauseMs = firstPauseMs; ; attempt += 1) {
    const excluded = await addressesOf([...bad], transport);
    const { url, isGateway } = await nameNodes.redirect({
      method: write.kind === 'create' ? 'PUT' : 'POST',
      op: write.kind.toUpperCase(),
      path,
      operation: write.kind,
      parameters: {
        ...write.parameters,
        ...(excluded === '' ? {} : { excludedatanodes: excluded }),
      },
    });
    if (isGateway) await write.beforeGateway();
    const call = { path, operation: write.kind, user: options.user, server: url.host };
    const request = new DataNodeRequest(
      transport,
      url,
      {
        method: write.kind === 'create' ? 'PUT' : 'POST',
        headers: { 'Content-Type': 'application/octet-stream', 'Transfer-Encoding': 'chunked' },
      },
      call,
    );
    request.request.flushHeaders();
    try {
      // HttpFS begins with the first byte; a refusal is told by the first writes or by `close`.
      if (isGateway) await request.connected(silenceMs);
      else await waitUntilBegun(request, write.begun, silenceMs);
      options.logger.debug('writing to a DataNode', { path, dataNode: request.node });
      return new HdfsFileWriter(request, { ...write.target, path, silenceMs });
    } catch (error) {
      request.request.destroy();
      if (!(error instanceof DataNodeFailure)) throw error;
      const isNamedAgain = bad.has(request.node);
      bad.add(request.node);
      const isLast = bad.size >= maxDataNodes || attempt >= maxAttempts;
      if (error.verdict === 'final' || isLast) throw asError(error, path);
      options.logger.warn('a DataNode takes no bytes, another one is tried', {
        path,
        dataNode: error.node,
        reason: error.reason,
      });
      if (isNamedAgain) {
        await sleep(pauseMs * (0.5 + Math.random()));
        pauseMs = Math.min(maxPauseMs, pauseMs * 2);
      }
    }
  }
}

/** Resolves when the file is there; rejects with what the DataNode answers instead. */
async function waitUntilBegun(
  request: DataNodeRequest,
  begun: () => Promise<boolean>,
  silenceMs: number,
): Promise<void> {
  await request.connected(silenceMs);
  let refused = false;
  const refusal = request.refused(silenceMs).catch((error: unknown) => {
    refused = true;
    throw error;
  });
  refusal.catch(() => undefined);
  const deadlineMs = performance.now() + silenceMs;
  const poll = async (): Promise<void> => {
    for (let pauseMs = firstPollMs; ; pauseMs = Math.min(maxPollMs, pauseMs * 2)) {
      if (refused || (await begun())) return;
      if (performance.now() > deadlineMs) {
        request.request.destroy(new Error(`the file did not appear within ${silenceMs} ms`));
      }
      await sleep(pauseMs);
    }
  };
  const polled = poll();
  polled.catch(() => undefined);
  await Promise.race([polled, refusal]);
}

/**
 * What `excludedatanodes` takes for DataNodes of which only host and HTTP port are known: their
 * addresses. (Where several share one, the NameNode leaves out any of them: another attempt helps.)
 */
async function addressesOf(nodes: readonly string[], transport: HttpTransport): Promise<string> {
  const addresses = await Promise.all(
    nodes.map((node) => transport.addressOf(new URL(`http://${node}`).hostname)),
  );
  return [...new Set(addresses.filter((address) => address !== undefined))].join(',');
}

function asError(failure: DataNodeFailure, path: string): Error {
  if (failure.error !== undefined) return failure.error;
  return new WriteFailedError(path, failure.node, 0, failure.reason, { cause: failure });
}

async function statusIfThere(
  metadata: WriterMetadata,
  path: string,
): Promise<FileStatus | undefined> {
  try {
    return await metadata.status(path);
  } catch (error) {
    if (error instanceof FileNotFoundError) return undefined;
    throw error;
  }
}
