import { engineFunction, plainEngineFunction } from '../../closures/engine-function.js';
import { ZipLengthError } from '../../errors/index.js';

type Tagged = readonly [input: number, record: unknown];

/**
 * Takes a partition of tagged records, input by input, apart: all inputs but the last are kept, the
 * last one is read as it is asked for.
 */
function separate(records: Iterable<Tagged>, inputs: number): Iterator<unknown>[] {
  const iterator = records[Symbol.iterator]();
  const kept: unknown[][] = Array.from({ length: inputs - 1 }, () => []);
  let next = iterator.next();
  while (next.done !== true && next.value[0] < inputs - 1) {
    kept[next.value[0]]!.push(next.value[1]);
    next = iterator.next();
  }
  const last = function* (): Generator {
    for (; next.done !== true; next = iterator.next()) yield next.value[1];
  };
  return [...kept.map((side) => side.values()), last()];
}

/** Calls the program's function with one iterator for each input. */
export const zipSides = engineFunction(
  'zipSides',
  (args: readonly [inputs: number, f: (...sides: Iterator<unknown>[]) => Iterable<unknown>]) =>
    (_index: number, records: Iterable<Tagged>): Iterable<unknown> =>
      args[1](...separate(records, args[0])),
);

/** Pairs by position. @throws ZipLengthError when one side ends before the other */
export const zipPairs = plainEngineFunction(
  'zipPairs',
  () =>
    function* (index: number, records: Iterable<Tagged>): Generator<readonly [unknown, unknown]> {
      const [left, right] = separate(records, 2);
      for (let position = 0; ; position += 1) {
        const [a, b] = [left!.next(), right!.next()];
        if (a.done === true && b.done === true) return;
        if (a.done === true || b.done === true) throw new ZipLengthError(index, position);
        yield [a.value, b.value];
      }
    },
);

/** All pairs of two inputs: the second input tagged 0 and kept, the first one tagged 1. */
export const allPairs = plainEngineFunction(
  'allPairs',
  () =>
    function* (_index: number, records: Iterable<Tagged>): Generator<readonly [unknown, unknown]> {
      const right: unknown[] = [];
      for (const [input, record] of records) {
        if (input === 0) right.push(record);
        else if (right.length === 0) return;
        else for (const other of right) yield [record, other];
      }
    },
);
