import { describeThrown, type Logger } from '@heddle/common';
import {
  EVENT_LOG_VERSION,
  redactSettings,
  type Listener,
  type ListenerEvent,
} from '@heddle/scheduler';
import type { FileSystem } from '@heddle/webhdfs';

export interface ClusterEventLogOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Name without an ending; one for each attempt. */
  readonly name: string;
  readonly engineVersion: string;
  readonly logger: Logger;
}

/** What was told is in the file at most so much later: what a killed driver leaves is no older. */
const flushMs = 2_000;
const maxQueuedBytes = 16 * 2 ** 20;
/** At the end of the name of a log that is not complete. */
export const suffixWhileWriting = '.inprogress';
/** Below the user's home, unless a setting names another one. */
export const defaultEventLogDirectory = '.heddle/events';

/** Name, without an ending, of the log of an attempt's first context in cluster mode. */
export function clusterModeEventLogName(applicationId: string, attemptId: string): string {
  return `${applicationId}_${Number(attemptId.split('_').at(-1))}`;
}

/**
 * An event log in the cluster's file system, with the lines of the local one. Each piece is appended
 * to a closed file, since bytes of an open one are lost with whoever writes it.
 *
 * The queue is bounded: events that a slow file system has no room for are counted in the last line.
 * Errors of the file system end the log, never the application.
 */
export class ClusterEventLog implements Listener {
  readonly #options: ClusterEventLogOptions;
  readonly #path: string;
  #lines: string[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #closing: Promise<void> | undefined;

  private constructor(options: ClusterEventLogOptions) {
    this.#options = options;
    this.#path = `${options.directory}/${options.name}.ndjson`;
  }

  /** Makes the file. @throws an error of the file system */
  static async open(options: ClusterEventLogOptions): Promise<ClusterEventLog> {
    const log = new ClusterEventLog(options);
    const { fileSystem, directory, engineVersion } = options;
    await fileSystem.makeDirectories(directory, 0o700);
    const head = { kind: 'log', version: EVENT_LOG_VERSION, engineVersion };
    const writer = await fileSystem.create(log.#path + suffixWhileWriting, { mode: 0o600 });
    await writer.write(Buffer.from(`${JSON.stringify(head)}\n`));
    await writer.close();
    return log;
  }

  /** Where the log will stand when it is complete, as a URI. */
  get path(): string {
    return this.#options.fileSystem.uri(this.#path);
  }

  onEvent(event: ListenerEvent): void {
    if (this.#hasFailed || this.#closing !== undefined) return;
    const line = JSON.stringify(withoutSecrets(event));
    const sizeBytes = Buffer.byteLength(line) + 1;
    if (this.#queuedBytes + sizeBytes > maxQueuedBytes) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#queuedBytes += sizeBytes;
    this.#timer ??= setTimeout(() => void this.#flush(), flushMs).unref();
  }

  /** Writes what is queued and gives the file its final name; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#lines.push(JSON.stringify({ kind: 'logEnd', droppedEvents: this.#dropped }));
    await this.#flush();
    if (this.#hasFailed) return;
    try {
      await this.#options.fileSystem.rename(this.#path + suffixWhileWriting, this.#path);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#append());
    return this.#writing;
  }

  async #append(): Promise<void> {
    if (this.#hasFailed || this.#lines.length === 0) return;
    const bytes = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#queuedBytes = 0;
    try {
      const writer = await this.#options.fileSystem.append(this.#path + suffixWhileWriting);
      await writer.write(bytes);
      await writer.close();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    this.#hasFailed = true;
    this.#lines = [];
    this.#options.logger.warn('the event log ends here: it could not be written', {
      path: this.path,
      error: describeThrown(error),
    });
  }
}

function withoutSecrets(event: ListenerEvent): ListenerEvent {
  switch (event.kind) {
    case 'environmentUpdate':
      return { ...event, settings: redactSettings(event.settings) };
    case 'jobStart':
      return { ...event, properties: redactSettings(event.properties) };
    default:
      return event;
  }
}
