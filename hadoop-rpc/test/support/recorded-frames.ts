import { readFileSync } from 'node:fs';

/** One line of `fixtures/recorded-frames.jsonl`. */
export interface RecordedFrame {
  readonly group: string;
  readonly conn?: string;
  readonly dir?: '>' | '<';
  readonly note: string;
  readonly bytes: Uint8Array;
}

export const recordedFrames: readonly RecordedFrame[] = readFileSync(
  new URL('../../../test/fixtures/recorded-frames.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => {
    const { hex, ...rest } = JSON.parse(line) as Omit<RecordedFrame, 'bytes'> & { hex: string };
    return { ...rest, bytes: Buffer.from(hex, 'hex') };
  });

/** The frames of one connection, in order. */
export function connectionFrames(group: string, conn: string): RecordedFrame[] {
  return recordedFrames.filter((frame) => frame.group === group && frame.conn === conn);
}

/** The one frame with this note on a connection. */
export function recorded(group: string, conn: string, dir: '>' | '<', note: string): Uint8Array {
  const frame = connectionFrames(group, conn).find((f) => f.dir === dir && f.note === note);
  if (frame === undefined) throw new Error(`no frame ${group} ${conn} ${dir} ${note}`);
  return frame.bytes;
}

export function secret(note: string): Uint8Array {
  const frame = recordedFrames.find((f) => f.group === 'secrets' && f.note.startsWith(note));
  if (frame === undefined) throw new Error(`no secret ${note}`);
  return frame.bytes;
}

export function fromHex(text: string): Uint8Array {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
