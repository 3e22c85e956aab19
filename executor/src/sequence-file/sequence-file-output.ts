import { randomBytes } from 'node:crypto';
import { RecordTypeError, type CommittedFile } from 'heddle/internal';
import { partFileName } from '../output/buffered-text-output.js';
import type { PartWriter } from '../output/part-writer.js';
import { openPart } from '../output/text-output.js';
import { showRecord } from '../pipeline/show-record.js';
import type { SinkOf } from '../sinks/task-sink.js';
import type { TaskEnvironment } from '../task-environment.js';
import { HadoopWriter } from './hadoop-writer.js';
import { syncBytes, writeHeader, type SequenceHeader } from './header.js';
import { compress } from './sequence-codecs.js';
import { writableFor, writableOf, type Writable } from './writables.js';

/** Bytes between sync markers: Hadoop 3.4 `SequenceFile.SYNC_INTERVAL`. */
const syncIntervalBytes = 5 * 1024 * 20;
/** Plain bytes of keys and values in a block: the default of Hadoop's `io.seqfile.compress.blocksize`. */
const blockBytes = 1_000_000;
/** Records are gathered until they are this much. */
const gatheredBytes = 64 * 1024;
const syncEscape = -1;

/**
 * The SequenceFile of one partition while it is written. Classes that the layout leaves open are those
 * of the first record, so the header waits for it. Source: Hadoop 3.4 `SequenceFile.Writer`,
 * `RecordCompressWriter`, `BlockCompressWriter`.
 */
export class SequenceFileOutput {
  readonly #sink: SinkOf<'saveAsSequenceFile'>;
  readonly #env: TaskEnvironment;
  readonly #names: { readonly name: string; readonly temporaryName: string };
  readonly #file: PartWriter;
  readonly #out = new HadoopWriter();
  readonly #key = new HadoopWriter();
  readonly #value = new HadoopWriter();
  readonly #keyLengths = new HadoopWriter();
  readonly #valueLengths = new HadoopWriter();
  #header: SequenceHeader | undefined;
  #blockRecords = 0;
  #records = 0;
  #flushedBytes = 0;
  #lastSync = 0;
  #state: 'open' | 'finished' | 'aborted' = 'open';

  /** Creates the file under a name that only this attempt uses; its folder exists. */
  constructor(sink: SinkOf<'saveAsSequenceFile'>, env: TaskEnvironment) {
    const name = partFileName(env.task.partition);
    this.#sink = sink;
    this.#env = env;
    this.#names = { name, temporaryName: `_${name}.${env.task.taskAttemptId}` };
    this.#file = openPart(
      `${sink.output.temporaryDirectory}/${this.#names.temporaryName}`,
      undefined,
      env,
    );
    env.onEnd(() => {
      if (this.#state === 'open') this.abort();
    });
  }

  /** @throws RecordTypeError for what is no pair, and for values that the classes do not hold */
  add(record: unknown): void {
    if (!Array.isArray(record) || record.length !== 2) {
      throw new RecordTypeError(
        `saveAsSequenceFile: records must be pairs [key, value], and one is ${showRecord(record)}`,
      );
    }
    const [key, value] = record as [unknown, unknown];
    const header = (this.#header ??= this.#begin(key, value));
    const keyStart = this.#key.length;
    const valueStart = this.#value.length;
    this.#write(header.key, this.#key, key, 'key');
    this.#write(header.value, this.#value, value, 'value');
    this.#records += 1;
    if (header.compression === 'block') {
      this.#keyLengths.vint(this.#key.length - keyStart);
      this.#valueLengths.vint(this.#value.length - valueStart);
      this.#blockRecords += 1;
      if (this.#key.length + this.#value.length >= blockBytes) this.#flushBlock(header);
      return;
    }
    this.#writeRecord(header);
  }

  /** Completes the file under its temporary name. */
  finish(): CommittedFile {
    const header = (this.#header ??= this.#begin(undefined, undefined));
    if (this.#blockRecords > 0) this.#flushBlock(header);
    this.#flush();
    const sizeBytes = this.#file.close();
    this.#state = 'finished';
    const { metrics, task } = this.#env;
    metrics.outputBytes += sizeBytes;
    metrics.outputRecords += this.#records;
    return { ...this.#names, partition: task.partition, sizeBytes, records: this.#records };
  }

  /** Removes what was written; idempotent. */
  abort(): void {
    if (this.#state === 'aborted') return;
    this.#state = 'aborted';
    this.#file.abort();
  }

  #begin(key: unknown, value: unknown): SequenceHeader {
    const { layout } = this.#sink;
    const header: SequenceHeader = {
      key: layout.key === undefined ? writableFor(key, 'key') : writableOf(layout.key),
      value: layout.value === undefined ? writableFor(value, 'value') : writableOf(layout.value),
      compression: layout.compression,
      codec: layout.codec,
      sync: randomBytes(syncBytes),
    };
    writeHeader(this.#out, header);
    return header;
  }

  #write(writable: Writable, to: HadoopWriter, value: unknown, what: 'key' | 'value'): void {
    if (writable.write(to, value)) return;
    const { layout } = this.#sink;
    const advice =
      layout[what] === undefined
        ? `the first ${what} of the partition chose that class: name another by { ${what}: … }, or map all to one type`
        : `name another class by { ${what}: … }, or map all to its type`;
    throw new RecordTypeError(
      `saveAsSequenceFile: a ${writable.className} does not hold the ${what} ${showRecord(value)}; ${advice}`,
    );
  }

  #writeRecord(header: SequenceHeader): void {
    const key = this.#key.view();
    const plain = this.#value.view();
    const value = header.compression === 'record' ? compress(header.codec, plain) : plain;
    if (this.#position >= this.#lastSync + syncIntervalBytes) this.#sync(header);
    this.#out.i32(key.length + value.length);
    this.#out.i32(key.length);
    this.#out.bytes(key);
    this.#out.bytes(value);
    this.#key.reset();
    this.#value.reset();
    if (this.#out.length >= gatheredBytes) this.#flush();
  }

  #flushBlock(header: SequenceHeader): void {
    this.#sync(header);
    this.#out.vint(this.#blockRecords);
    for (const buffer of [this.#keyLengths, this.#key, this.#valueLengths, this.#value]) {
      const bytes = compress(header.codec, buffer.view());
      this.#out.vint(bytes.length);
      this.#out.bytes(bytes);
      buffer.reset();
    }
    this.#blockRecords = 0;
    this.#flush();
  }

  #sync(header: SequenceHeader): void {
    this.#out.i32(syncEscape);
    this.#out.bytes(header.sync);
    this.#lastSync = this.#position;
  }

  get #position(): number {
    return this.#flushedBytes + this.#out.length;
  }

  #flush(): void {
    this.#file.write(this.#out.view());
    this.#flushedBytes += this.#out.length;
    this.#out.reset();
  }
}
