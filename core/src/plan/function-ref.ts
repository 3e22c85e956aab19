import type { CallSite } from '@heddle/common';

/**
 * What one call of a transformation or action captured: one snapshot, whose roots share bindings
 * and identity (`aggregate(zero, seqOp, combOp)` has one closure with three roots).
 */
export interface ClosureData {
  /** The captured graph, in the value encoding; decoded in a task thread against its task program. */
  readonly snapshot: Uint8Array;
  /** Number of roots in the snapshot. */
  readonly rootCount: number;
  readonly callSite: CallSite;
  /** Broadcast variables that the snapshot reaches. */
  readonly broadcastIds: readonly number[];
  /** Accumulators that the snapshot reaches. */
  readonly accumulatorIds: readonly number[];
}

/** One root of one closure of a stage: a function, or a value such as a zero element. */
export interface RootRef {
  /** Index into `StagePlan.closures`. */
  readonly closure: number;
  /** Index of the root in that closure's snapshot. */
  readonly root: number;
}
