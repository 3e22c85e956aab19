import { readFileSync } from 'node:fs';
import type { FilePiece, LongsAs, SequenceFileLayout } from 'heddle/internal';
import { SequenceFileOutput } from '../../src/sequence-file/sequence-file-output.js';
import { SequenceFileSource } from '../../src/sequence-file/sequence-file-source.js';
import { ArrayPieces } from '../input/array-pieces.js';
import { testEnvironment } from '../input/test-environment.js';

/** A pair of a SequenceFile. */
export type Pair = [key: unknown, value: unknown];

export const uncompressed: SequenceFileLayout = { compression: 'none', codec: 'deflate' };

/** Bytes of the file that a task writes for the records. */
export function written(
  directory: string,
  records: readonly unknown[],
  layout: SequenceFileLayout,
): Buffer {
  const env = testEnvironment();
  const output = { temporaryDirectory: `file://${directory}`, saveId: 1 };
  const file = new SequenceFileOutput({ kind: 'saveAsSequenceFile', output, layout }, env);
  try {
    for (const record of records) file.add(record);
    const { temporaryName } = file.finish();
    const bytes = readFileSync(`${directory}/${temporaryName}`);
    file.abort();
    return bytes;
  } finally {
    env.end();
  }
}

/** How a file is read: from where to where, in chunks of which sizes. */
export interface Reading {
  readonly borders?: readonly number[];
  readonly chunkSizes?: readonly number[];
  readonly longs?: LongsAs;
}

/** The records of each piece of a file. */
export function readPieces(file: Uint8Array, reading: Reading = {}): Pair[][] {
  const borders = [0, ...(reading.borders ?? []), file.length];
  return borders.slice(1).map((end, index) => {
    const offset = borders[index]!;
    const piece: FilePiece = {
      path: 'file:///data',
      offset,
      length: end - offset,
      fileSizeBytes: file.length,
      hosts: [],
    };
    const env = testEnvironment();
    const input = new ArrayPieces(
      new Map([['file:///data', file]]),
      reading.chunkSizes ?? [64 * 1024],
    );
    const source = new SequenceFileSource(input, [piece], env, reading.longs ?? 'number');
    const records: Pair[] = [];
    try {
      for (let batch = source.next(); batch !== undefined; batch = source.next()) {
        records.push(...batch);
      }
    } finally {
      source.close();
    }
    if (input.openCount !== 0) throw new Error('a file stays open');
    return records;
  });
}
