import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { FileSystemRegistry } from '@heddle/webhdfs';
import { FileService } from '../../src/input/file-service.js';
import type { FileMessage } from '../../src/input/messages.js';
import type { FileWorkerReply, FileWorkerRequest } from './file-worker-messages.js';

/** A thread with its host's file service, as an executor couples them. */
export class FileThread {
  readonly service: FileService;
  readonly #worker: Worker;
  #answer: ((reply: FileWorkerReply) => void) | undefined;
  #fail: ((error: unknown) => void) | undefined;

  constructor(fileSystems = new FileSystemRegistry()) {
    this.service = new FileService(fileSystems);
    this.#worker = new Worker(new URL('./file-worker.js', import.meta.url), { execArgv: [] });
    this.#worker.on('error', (error) => this.#fail?.(error));
    this.#worker.on('message', (message: FileMessage | FileWorkerReply) => {
      if (message.kind === 'reply') this.#answer?.(message);
      else this.service.handle(message);
    });
  }

  ask(request: FileWorkerRequest): Promise<FileWorkerReply> {
    return new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
      this.#worker.postMessage(request);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
    this.service.close();
  }

  /** Resolves when the host has let go of all files. */
  async idle(): Promise<void> {
    while (this.service.openCount > 0) await immediate();
  }
}
