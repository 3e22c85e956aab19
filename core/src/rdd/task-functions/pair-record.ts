import { describeThrown } from '@heddle/common';
import { RecordTypeError } from '../../errors/index.js';

/** A record as a pair. @throws RecordTypeError that shows what is none */
export function pairOf(record: unknown, operator: string): readonly [unknown, unknown] {
  if (Array.isArray(record) && record.length === 2) return record as [unknown, unknown];
  throw new RecordTypeError(
    `${operator} needs pairs [key, value], arrays of length 2, and got ${describeThrown(record, 100)}; ` +
      'make pairs with map(x => [key, value]) or keyBy before it',
  );
}
