import type { FileSystemRegistry } from '@heddle/webhdfs';
import { OutputDrain } from '../output/output-drain.js';
import { InputFeeder } from './input-feeder.js';
import type { FileMessage } from './messages.js';

/** The host's side of all files of one task thread: reads ahead for it, and writes what it cannot. */
export class FileService {
  readonly #feeder: InputFeeder;
  readonly #drain: OutputDrain;

  constructor(fileSystems: FileSystemRegistry) {
    this.#feeder = new InputFeeder(fileSystems);
    this.#drain = new OutputDrain(fileSystems);
  }

  /** Takes what the thread posted; never throws for a file's sake: the thread is told. */
  handle(message: FileMessage): void {
    if (message.kind === 'openInput') this.#feeder.handle(message);
    else this.#drain.handle(message);
  }

  /** Inputs and outputs that are not ended. */
  get openCount(): number {
    return this.#feeder.openCount + this.#drain.openCount;
  }

  /** Call it when the thread has ended, however it ended. */
  close(): void {
    this.#feeder.close();
    this.#drain.close();
  }
}
