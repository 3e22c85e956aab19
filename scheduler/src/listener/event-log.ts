import { renameSync, writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@heddle/common';
import { describeThrown } from '@heddle/common';
import type { TaskMetrics } from 'heddle/internal';
import type { Listener, ListenerEvent } from './events.js';
import { redactSettings } from './redact.js';

/** Version of the log's format; readers refuse a greater one. */
export const EVENT_LOG_VERSION = 1;

const SUFFIX_WHILE_WRITING = '.inprogress';

export interface EventLogOptions {
  /** Folder of the log; made (0700) when it is missing. */
  readonly directory: string;
  /** Name of the log's file; also its identity: an existing one is never overwritten. */
  readonly name: string;
  readonly engineVersion: string;
  readonly logger: Logger;
  /** Bytes that may wait for the disk; events beyond are dropped and counted. */
  readonly maxQueuedBytes?: number;
  /** Bytes that are gathered before they are written. */
  readonly flushBytes?: number;
}

/**
 * Writes what happens as one JSON object a line (NDJSON). The first line is
 * `{"kind":"log","version":1,…}`. The file is readable by its owner only (0600), and has the suffix
 * `.inprogress` until `close`. Settings and properties that look like secrets are replaced.
 *
 * The queue before the disk is bounded; events that a slow disk has no room for are counted in the
 * last line, `{"kind":"logEnd","droppedEvents":n}`. Errors of the disk end the log, never the
 * application.
 */
export class EventLog implements Listener {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #maxQueuedBytes: number;
  readonly #flushBytes: number;
  #file: FileHandle | undefined;
  #lines: string[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  /** Text of the write that is under way. */
  #underWay = '';
  /** Bytes of the file that are certainly there. */
  #writtenBytes = 0;
  #closing: Promise<void> | undefined;
  #droppedEvents = 0;

  private constructor(path: string, file: FileHandle, options: EventLogOptions) {
    this.#path = path;
    this.#file = file;
    this.#logger = options.logger;
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 16 * 1024 * 1024;
    this.#flushBytes = options.flushBytes ?? 64 * 1024;
    this.#push(
      JSON.stringify({
        kind: 'log',
        version: EVENT_LOG_VERSION,
        engineVersion: options.engineVersion,
      }),
    );
  }

  /** @throws an error of the file system when the file cannot be made */
  static async open(options: EventLogOptions): Promise<EventLog> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const path = join(options.directory, options.name);
    const file = await open(path + SUFFIX_WHILE_WRITING, 'wx', 0o600);
    return new EventLog(path, file, options);
  }

  /** Where the log will stand when it is complete. */
  get path(): string {
    return this.#path;
  }

  get droppedEvents(): number {
    return this.#droppedEvents;
  }

  onEvent(event: ListenerEvent): void {
    if (this.#file === undefined || this.#closing !== undefined) return;
    const line = JSON.stringify(logged(event));
    const sizeBytes = Buffer.byteLength(line) + 1;
    if (this.#queuedBytes + sizeBytes > this.#maxQueuedBytes) {
      if (this.#droppedEvents++ === 0) {
        this.#logger.warn('the event log cannot keep up with events: some are left out', {
          path: this.#path,
        });
      }
      return;
    }
    this.#push(line, sizeBytes);
    // Ends are worth a write: whoever looks at the log of a running application sees them.
    const isEnd = event.kind === 'jobEnd' || event.kind === 'stageCompleted';
    if (isEnd || this.#queuedBytes >= this.#flushBytes) this.#flush();
  }

  /** Writes what is queued and gives the file its final name; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /**
   * As `close`, for the end of a process, when nothing can be awaited. Never throws.
   *
   * A write that is under way is written again, to the same place: whichever of the two comes last
   * changes nothing.
   */
  closeSync(): void {
    if (this.#file === undefined || this.#closing !== undefined) return;
    this.#closing = Promise.resolve();
    this.#push(JSON.stringify({ kind: 'logEnd', droppedEvents: this.#droppedEvents }));
    try {
      const text = `${this.#underWay}${this.#lines.join('\n')}\n`;
      writeSync(this.#file.fd, text, this.#writtenBytes);
      renameSync(this.#path + SUFFIX_WHILE_WRITING, this.#path);
    } catch (error) {
      this.#logger.error('the event log ends here: it could not be written', {
        path: this.#path,
        error: describeThrown(error),
      });
    }
  }

  #push(line: string, sizeBytes = Buffer.byteLength(line) + 1): void {
    this.#lines.push(line);
    this.#queuedBytes += sizeBytes;
  }

  #flush(): void {
    if (this.#writing !== undefined || this.#file === undefined || this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    const sizeBytes = this.#queuedBytes;
    this.#lines = [];
    this.#underWay = text;
    this.#writing = this.#file.appendFile(text).then(
      () => {
        this.#writing = undefined;
        this.#underWay = '';
        this.#writtenBytes += sizeBytes;
        this.#queuedBytes -= sizeBytes;
        if (this.#queuedBytes >= this.#flushBytes) this.#flush();
      },
      async (error: unknown) => {
        this.#writing = undefined;
        await this.#giveUp(error);
      },
    );
  }

  async #close(): Promise<void> {
    if (this.#file === undefined) return;
    this.#push(JSON.stringify({ kind: 'logEnd', droppedEvents: this.#droppedEvents }));
    while (this.#lines.length > 0 || this.#writing !== undefined) {
      this.#flush();
      await this.#writing;
      if (this.#isGivenUp()) return;
    }
    try {
      await this.#file.close();
      this.#file = undefined;
      await rename(this.#path + SUFFIX_WHILE_WRITING, this.#path);
    } catch (error) {
      await this.#giveUp(error);
    }
  }

  #isGivenUp(): boolean {
    return this.#file === undefined;
  }

  async #giveUp(error: unknown): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#lines = [];
    this.#queuedBytes = 0;
    this.#logger.error('the event log ends here: it could not be written', {
      path: this.#path,
      error: describeThrown(error),
    });
    // The first error was reported; a file that does not even close has nothing to add.
    await file?.close().catch(() => undefined);
  }
}

/** What of an event goes to the log. */
function logged(event: ListenerEvent): ListenerEvent {
  switch (event.kind) {
    case 'environmentUpdate':
      return { ...event, settings: redactSettings(event.settings) };
    case 'jobStart':
      return { ...event, properties: redactSettings(event.properties) };
    case 'taskEnd':
      return event.metrics === undefined
        ? event
        : { ...event, metrics: withoutZeros(event.metrics) as TaskMetrics };
    default:
      return event;
  }
}

/** Most of a task's metrics are 0 and need not fill the log: what is left out is 0. */
function withoutZeros(metrics: TaskMetrics): Partial<TaskMetrics> {
  const kept: { -readonly [Name in keyof TaskMetrics]?: number } = {};
  for (const name of Object.keys(metrics) as (keyof TaskMetrics)[]) {
    if (metrics[name] !== 0) kept[name] = metrics[name];
  }
  return kept;
}
