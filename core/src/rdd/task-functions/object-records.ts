import { describeThrown } from '@heddle/common';
import { plainEngineFunction } from '../../closures/engine-function.js';
import { decodeBatches, encodeBatches, plainCodeTable } from '../../codec/index.js';
import { RecordTypeError } from '../../errors/index.js';

/** Begins every value: the format, for readers to come. */
const PREFIX = Buffer.from('heddle-objects-1', 'latin1');
const RECORDS_PER_VALUE = 256;

/**
 * Records as pairs of null and bytes, some hundred of them encoded in each. The encoding knows no
 * program, so that any program can read it: instances of the program's own classes are refused.
 */
export const bytesOfObjects = plainEngineFunction(
  'bytesOfObjects',
  () =>
    function* (_index: number, records: Iterable<unknown>): Generator<[null, Uint8Array]> {
      let batch: unknown[] = [];
      for (const record of records) {
        batch.push(record);
        if (batch.length < RECORDS_PER_VALUE) continue;
        yield pairOf(batch);
        batch = [];
      }
      if (batch.length > 0) yield pairOf(batch);
    },
);

function pairOf(batch: readonly unknown[]): [null, Uint8Array] {
  return [null, Buffer.concat([PREFIX, encodeBatches(batch, plainCodeTable)])];
}

/** The records of a pair. @throws RecordTypeError for one that `saveAsObjectFile` did not write */
export const objectsOfBytes = plainEngineFunction(
  'objectsOfBytes',
  () =>
    ([key, value]: readonly [unknown, unknown]): unknown[] => {
      if (
        key !== null ||
        !(value instanceof Uint8Array) ||
        !PREFIX.equals(value.subarray(0, PREFIX.length))
      ) {
        throw new RecordTypeError(
          `objectFile: this record was not written by saveAsObjectFile: ${describeThrown([key, value], 100)}`,
        );
      }
      return [...decodeBatches(value.subarray(PREFIX.length), plainCodeTable)].flat();
    },
);
