import { describeThrown } from '@heddle/common';
import { plainEngineFunction } from '../../closures/engine-function.js';
import { decodeBatches, encodeBatches, plainCodeTable } from '../../codec/index.js';
import { RecordTypeError } from '../../errors/index.js';

/** Begins every line: the format, for readers to come. */
const PREFIX = 'heddle-objects-1 ';
const RECORDS_PER_LINE = 256;

/**
 * Records as lines, some hundred of them encoded in each. The encoding knows no program, so that any
 * program can read it: instances of the program's own classes are refused.
 */
export const linesOfObjects = plainEngineFunction(
  'linesOfObjects',
  () =>
    function* (_index: number, records: Iterable<unknown>): Generator<string> {
      let batch: unknown[] = [];
      for (const record of records) {
        batch.push(record);
        if (batch.length < RECORDS_PER_LINE) continue;
        yield lineOf(batch);
        batch = [];
      }
      if (batch.length > 0) yield lineOf(batch);
    },
);

function lineOf(batch: readonly unknown[]): string {
  const bytes = encodeBatches(batch, plainCodeTable);
  return PREFIX + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** The records of a line. @throws RecordTypeError for a line that `saveAsObjectFile` did not write */
export const objectsOfLine = plainEngineFunction(
  'objectsOfLine',
  () =>
    (line: string): unknown[] => {
      if (!line.startsWith(PREFIX)) {
        throw new RecordTypeError(
          `objectFile: this line was not written by saveAsObjectFile: ${describeThrown(line, 100)}`,
        );
      }
      const bytes = Buffer.from(line.slice(PREFIX.length), 'base64');
      return ([] as unknown[]).concat(
        ...[...decodeBatches(bytes, plainCodeTable)].map((records) => records),
      );
    },
);
