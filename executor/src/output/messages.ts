import type { TextOutputSpec } from 'heddle/internal';

/**
 * What a task thread asks its host for when it cannot write a file itself: compressed files and
 * remote file systems. The thread posts it as it is, the host gives it to that thread's
 * `OutputDrain.handle`. Bytes, errors, back-pressure and the end go through `buffer`.
 */
export interface OutputMessage {
  readonly kind: 'openOutput';
  /** Laid out as `output-ring.ts` says; the thread's own again when the host has told its result. */
  readonly buffer: SharedArrayBuffer;
  readonly slotCount: number;
  readonly slotBytes: number;
  /** Full name of the file to create; its folder exists. */
  readonly path: string;
  readonly codec: TextOutputSpec['codec'];
}
