import { InternalError } from '@heddle/common';
import type { TextOutputSpec } from 'heddle/internal';
import type { TaskEnvironment } from '../task-environment.js';
import { LocalPartWriter } from './local-part-writer.js';
import type { PartWriter } from './part-writer.js';
import { startTextOutput, type TextOutput } from './buffered-text-output.js';

/**
 * Opens the part file of a partition of a save. Plain local files are written by the thread itself,
 * compressed and remote ones by the host (`env.hostOutput`).
 */
export function createTextOutput(
  spec: TextOutputSpec,
  partition: number,
  env: TaskEnvironment,
): TextOutput {
  return startTextOutput(spec, partition, env, (name) =>
    openPart(`${spec.temporaryDirectory}/${name}`, spec.codec, env),
  );
}

/** Opens a file of this attempt: local ones are written by the thread itself, others by the host. */
export function openPart(
  path: string,
  codec: TextOutputSpec['codec'],
  env: TaskEnvironment,
): PartWriter {
  const local = /^file:\/\/(\/.*)$/s.exec(path)?.[1];
  if (codec === undefined && local !== undefined) return new LocalPartWriter(local);
  const host = env.hostOutput;
  if (host === undefined) {
    throw new InternalError(`no host writes ${path} for this thread (codec ${codec ?? 'none'})`);
  }
  return host.open(path, codec, () => env.checkInterrupted());
}
