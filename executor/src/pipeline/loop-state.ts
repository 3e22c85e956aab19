import { batchSize } from './loop-shape.js';

/** What a loop keeps from piece to piece; one shape of object for all loops. */
export interface LoopState {
  n: number;
  sum: number;
  /** What rounding took from `sum` so far. */
  lost: number;
  has: boolean;
  acc: unknown;
  /** The batch that is being filled, up to `n`; of the `pull` form, what a piece gave. */
  out: unknown[];
  /** Records that `take` still wants. */
  limit: number;
  /** Next index of each `zipWithIndex`, by step. */
  readonly indexes: number[];
  /** Records of each `glom`, by step. */
  readonly gloms: unknown[][];
}

/** A state in which nothing has been read. `steps` is the number of steps. */
export function initialState(steps: number): LoopState {
  return {
    n: 0,
    // Not 0: V8 would add whole numbers until they overflow, and compile the loop again.
    sum: -0,
    lost: 0,
    has: false,
    acc: undefined,
    out: new Array<unknown>(batchSize),
    limit: 0,
    indexes: new Array<number>(steps).fill(0),
    gloms: Array.from({ length: steps }, () => []),
  };
}
