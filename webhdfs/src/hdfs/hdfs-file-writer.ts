import type { ClientRequest } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toError } from '@heddle/common';
import { FileSystemError } from '../errors.js';
import type { FileWriter } from '../file-system.js';
import { WriteFailedError } from './errors.js';
import { DataNodeFailure, type DataNodeRequest } from './data-node-client.js';

/** Small writes are gathered: each chunk costs the DataNode a buffer and a system call. */
const gatheredBytes = 256 * 1024;

const lineEnd = Buffer.from('\r\n', 'latin1');

/** What a writer needs of its file system. */
export interface WriterTarget {
  readonly path: string;
  /** Size of the file before the first byte of this writer: 0, unless it appends. */
  readonly startBytes: number;
  readonly silenceMs: number;
  /** Size of the file as the NameNode knows it. */
  sizeBytes(): Promise<number>;
  /** Removes what an aborted writer leaves; nothing where it appended. */
  remove(): Promise<void>;
}

/**
 * A file of HDFS being written: one chunked request to a DataNode. `write` resolves when the kernel
 * has taken the bytes, so a slow pipeline of DataNodes slows the caller (back-pressure).
 *
 * A DataNode closes the file also when the connection breaks: what stays looks complete. So `close`
 * compares the size that the NameNode tells, and `abort` ends the request properly before it removes the file,
 * since a DataNode that is cut off may create it only afterwards.
 */
export class HdfsFileWriter implements FileWriter {
  readonly #request: DataNodeRequest;
  readonly #target: WriterTarget;
  readonly #gathered = Buffer.allocUnsafe(gatheredBytes);
  #gatheredLength = 0;
  #sentBytes = 0;
  #failure: Error | undefined;
  #end: Promise<void> | undefined;
  #aborted: Promise<void> | undefined;

  /** @param request begun, its headers sent, no byte of its body */
  constructor(request: DataNodeRequest, target: WriterTarget) {
    this.#request = request;
    this.#target = target;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#end !== undefined) {
      throw new FileSystemError(this.#target.path, 'write', 'the writer was closed');
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#gatheredLength + bytes.length < gatheredBytes) {
      this.#gathered.set(bytes, this.#gatheredLength);
      this.#gatheredLength += bytes.length;
      return;
    }
    await this.#flush();
    if (bytes.length < gatheredBytes) {
      this.#gathered.set(bytes, 0);
      this.#gatheredLength = bytes.length;
    } else {
      await this.#send(bytes);
    }
  }

  close(): Promise<void> {
    this.#end ??= this.#complete();
    return this.#end;
  }

  abort(): Promise<void> {
    this.#aborted ??= this.#giveUp();
    return this.#aborted;
  }

  async #complete(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#flush();
    await this.#endRequest();
    const expected = this.#target.startBytes + this.#sentBytes;
    const found = await this.#target.sizeBytes();
    if (found !== expected) {
      throw this.#failed(`it has ${found} bytes, and ${expected} were written`);
    }
  }

  async #giveUp(): Promise<void> {
    this.#end ??= Promise.resolve();
    await this.#end.catch(() => undefined);
    if (!this.#request.request.writableEnded && this.#failure === undefined) {
      // The DataNode may not have begun yet; when it has answered it will not create anything.
      await this.#endRequest().catch(() => undefined);
    }
    this.#request.request.destroy();
    await this.#target.remove();
  }

  async #endRequest(): Promise<void> {
    await nextTurn();
    this.#request.request.end();
    try {
      const response = await this.#request.answer([200, 201], this.#target.silenceMs);
      response.resume();
    } catch (error) {
      throw this.#asFailure(error);
    }
  }

  async #flush(): Promise<void> {
    const length = this.#gatheredLength;
    this.#gatheredLength = 0;
    if (length > 0) await this.#send(this.#gathered.subarray(0, length));
  }

  /** Resolves when the kernel has the bytes: they belong to the caller again. */
  async #send(bytes: Uint8Array): Promise<void> {
    const { request } = this.#request;
    // A refusal that has arrived is read first: the write would find the connection closed, and end it.
    await nextTurn();
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          const error = new Error(`no byte was taken for ${this.#target.silenceMs} ms`);
          request.destroy(error);
          reject(error);
        }, this.#target.silenceMs);
        writeChunk(request, bytes, (error) => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve();
        });
      });
    } catch (error) {
      throw await this.#writeFailure(error);
    }
    this.#sentBytes += bytes.length;
  }

  /** The server's own reason, where it sent one before it closed the connection. */
  async #writeFailure(error: unknown): Promise<Error> {
    try {
      await this.#request.answer([], this.#target.silenceMs);
    } catch (refusal) {
      if (refusal instanceof DataNodeFailure) return this.#asFailure(refusal);
    }
    return this.#asFailure(error);
  }

  #asFailure(error: unknown): Error {
    if (error instanceof DataNodeFailure && error.error !== undefined) {
      this.#failure ??= error.error;
      return this.#failure;
    }
    const reason = error instanceof DataNodeFailure ? error.reason : toError(error).message;
    return this.#failed(reason, error);
  }

  #failed(reason: string, cause?: unknown): Error {
    this.#failure ??= new WriteFailedError(
      this.#target.path,
      this.#request.node,
      this.#sentBytes,
      reason,
      { cause },
    );
    return this.#failure;
  }
}

/**
 * One chunk of a request's body, written past `request.write`: that frames it in four pieces, two of
 * them strings, which costs a tenth of the processor time of a whole upload. `request.end` ends the body.
 */
function writeChunk(
  { socket }: ClientRequest,
  bytes: Uint8Array,
  written: (error?: Error | null) => void,
): void {
  if (socket === null) {
    written(new Error('the connection is gone'));
    return;
  }
  socket.cork();
  socket.write(Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1'));
  socket.write(bytes);
  socket.write(lineEnd, written);
  socket.uncork();
}
