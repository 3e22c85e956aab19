import { ByteWriter, writeBatch } from 'heddle/internal';
import type { CommittedFile, TextOutputSpec } from 'heddle/internal';
import { partFileName } from '../../output/buffered-text-output.js';
import type { PartWriter } from '../../output/part-writer.js';
import { openPart } from '../../output/text-output.js';
import { encodeFrame, FRAME_TARGET_BYTES } from '../../shuffle/frame.js';
import type { TaskEnvironment } from '../../task-environment.js';

/** The file of one partition of a checkpoint while it is written: frames of encoded batches. */
export class CheckpointOutput {
  readonly #env: TaskEnvironment;
  readonly #names: { readonly name: string; readonly temporaryName: string };
  readonly #file: PartWriter;
  readonly #writer = new ByteWriter();
  #pending = 0;
  #records = 0;
  #state: 'open' | 'finished' | 'aborted' = 'open';

  /** Creates the file under a name that only this attempt uses; its folder exists. */
  constructor(spec: TextOutputSpec, env: TaskEnvironment) {
    const name = partFileName(env.task.partition);
    this.#names = { name, temporaryName: `_${name}.${env.task.taskAttemptId}` };
    this.#env = env;
    const path = `${spec.temporaryDirectory}/${this.#names.temporaryName}`;
    this.#file = openPart(path, undefined, env);
    env.onEnd(() => {
      if (this.#state === 'open') this.abort();
    });
  }

  addBatch(records: readonly unknown[]): void {
    writeBatch(this.#writer, records, 0, records.length, this.#env.code);
    this.#pending += records.length;
    if (this.#writer.length >= FRAME_TARGET_BYTES) this.#flush();
  }

  /** Completes the file under its temporary name. */
  finish(): CommittedFile {
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

  #flush(): void {
    if (this.#pending === 0) return;
    const { shuffleCompression } = this.#env;
    this.#file.write(encodeFrame(this.#writer.view(), this.#pending, shuffleCompression ?? 'zstd'));
    this.#records += this.#pending;
    this.#pending = 0;
    this.#writer.reset();
  }
}
