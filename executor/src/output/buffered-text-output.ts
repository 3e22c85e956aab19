import type { CommittedFile, TextOutputSpec } from 'heddle/internal';
import { codecEnding } from '@heddle/webhdfs';
import type { TaskEnvironment } from '../task-environment.js';
import type { PartWriter } from './part-writer.js';
import { recordText } from './record-text.js';

/** Lines are gathered in one string until it is this long: concatenating is cheaper than encoding each. */
const gatheredCharacters = 64 * 1024;
/** UTF-8 needs at most three bytes for a UTF-16 code unit. */
const maxBytesPerCharacter = 3;

/** The lines of one partition on their way to a part file. */
export interface TextOutput {
  /** Writes a record as one line (see `recordText`; bytes raw, followed by `\n`). */
  add(record: unknown): void;
  /** Completes the file of this attempt under its temporary name. */
  finish(): CommittedFile;
  /** Removes what was written; idempotent. */
  abort(): void;
}

/**
 * Starts the part file of a partition: `part-00000` and so on, with the codec's ending, under a
 * temporary name that only this attempt uses. The folder must exist: an attempt that outlives its
 * job cannot bring it back.
 * @param open makes the file of that name in the spec's temporary folder
 */
export function startTextOutput(
  spec: TextOutputSpec,
  partition: number,
  env: TaskEnvironment,
  open: (name: string) => PartWriter,
): TextOutput {
  const name = partFileName(partition) + codecEnding(spec.codec);
  // Hidden (`_`), so that it is no data if it ever stays behind.
  const temporaryName = `_${name}.${env.task.taskAttemptId}`;
  const output = new BufferedTextOutput(
    open(temporaryName),
    { partition, name, temporaryName },
    env,
  );
  env.onEnd(() => output.release());
  return output;
}

/** `part-00000`: at least five digits, as Hadoop's `FileOutputFormat` writes. */
export function partFileName(partition: number): string {
  return `part-${String(partition).padStart(5, '0')}`;
}

class BufferedTextOutput implements TextOutput {
  readonly #writer: PartWriter;
  readonly #names: Pick<CommittedFile, 'partition' | 'name' | 'temporaryName'>;
  readonly #env: TaskEnvironment;
  readonly #scratch = Buffer.allocUnsafeSlow(gatheredCharacters * maxBytesPerCharacter);
  #text = '';
  #records = 0;
  #state: 'open' | 'finished' | 'aborted' = 'open';

  constructor(
    writer: PartWriter,
    names: Pick<CommittedFile, 'partition' | 'name' | 'temporaryName'>,
    env: TaskEnvironment,
  ) {
    this.#writer = writer;
    this.#names = names;
    this.#env = env;
  }

  add(record: unknown): void {
    this.#records += 1;
    if (record instanceof Uint8Array) {
      this.#flush();
      this.#writer.write(record);
      this.#text = '\n';
      return;
    }
    const line = recordText(record);
    if (this.#text.length + line.length >= gatheredCharacters) this.#flush();
    if (line.length >= gatheredCharacters) {
      this.#writeLong(line);
      this.#text = '\n';
      return;
    }
    this.#text += line;
    this.#text += '\n';
  }

  finish(): CommittedFile {
    this.#flush();
    const sizeBytes = this.#writer.close();
    this.#state = 'finished';
    this.#env.metrics.outputBytes += sizeBytes;
    this.#env.metrics.outputRecords += this.#records;
    return { ...this.#names, sizeBytes, records: this.#records };
  }

  abort(): void {
    if (this.#state === 'aborted') return;
    this.#state = 'aborted';
    this.#writer.abort();
  }

  /** The attempt has ended: an output that was not finished is not wanted. */
  release(): void {
    if (this.#state === 'open') this.abort();
  }

  #flush(): void {
    if (this.#text === '') return;
    const length = this.#scratch.write(this.#text);
    this.#text = '';
    this.#writer.write(this.#scratch.subarray(0, length));
  }

  /** A line that no buffer holds, in steps that leave surrogate pairs whole. */
  #writeLong(line: string): void {
    for (let from = 0; from < line.length;) {
      let to = Math.min(from + gatheredCharacters, line.length);
      const last = line.charCodeAt(to - 1);
      if (to < line.length && last >= 0xd800 && last <= 0xdbff) to -= 1;
      const length = this.#scratch.write(line.slice(from, to));
      this.#writer.write(this.#scratch.subarray(0, length));
      from = to;
    }
  }
}
