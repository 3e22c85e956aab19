import { plainEngineFunction } from '../../closures/engine-function.js';
import { ZipLengthError } from '../../errors/index.js';

/** Pairs by position. @throws ZipLengthError when one side ends before the other */
export const zipPairs = plainEngineFunction(
  'zipPairs',
  () =>
    function* (
      index: number,
      left: Iterator<unknown>,
      right: Iterator<unknown>,
    ): Generator<readonly [unknown, unknown]> {
      for (let position = 0; ; position += 1) {
        const [a, b] = [left.next(), right.next()];
        if (a.done === true && b.done === true) return;
        if (a.done === true || b.done === true) throw new ZipLengthError(index, position);
        yield [a.value, b.value];
      }
    },
);
