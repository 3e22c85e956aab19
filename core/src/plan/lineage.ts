import type { CallSite } from '@heddle/common';
import type { ClosureData } from './function-ref.js';
import type { Sink } from './sink.js';
import type { Split } from './split.js';
import type { ShuffleWriteSpec } from './partitioner-spec.js';
import type { StagePlan } from './stage-plan.js';
import type { StorageLevelSpec } from './storage-level-spec.js';

/**
 * What the schedulers see of an RDD: metadata that is complete, since the RDD was prepared (inputs
 * listed, range bounds sampled) before the job was submitted. All members are synchronous and pure.
 */
export interface LineageNode {
  readonly rddId: number;
  readonly name: string | undefined;
  readonly callSite: CallSite;
  readonly partitionCount: number;
  readonly dependencies: readonly LineageDependency[];
  /** Set while the RDD is persisted. */
  readonly storageLevel: StorageLevelSpec | undefined;
  /**
   * Whether running a partition again gives the same records in the same order. `unordered`: the
   * same records, perhaps in another order; `indeterminate`: perhaps other records (Spark's
   * `DeterministicLevel`).
   */
  readonly determinacy: 'determinate' | 'unordered' | 'indeterminate';
  /** Hosts that hold the input of a partition, best first. */
  preferredLocations(partition: number): readonly string[];
}

export type LineageDependency =
  | {
      readonly kind: 'narrow';
      readonly parent: LineageNode;
      /** Parent partitions that a partition of the child reads. */
      parentPartitions(partition: number): readonly number[];
    }
  | { readonly kind: 'shuffle'; readonly parent: LineageNode; readonly shuffle: ShuffleLineage };

/** One shuffle, shared by all RDDs and jobs that read it: its outputs are reused by later jobs. */
export interface ShuffleLineage {
  readonly shuffleId: number;
  readonly numReducePartitions: number;
  readonly callSite: CallSite;
}

/** Turns lineage into what executors run. Implemented by `core`, given to the scheduler. */
export interface StageCompiler {
  /** The plan of the stage that ends in `node`: everything reached without crossing a shuffle. */
  resultPlan(node: LineageNode, sink: JobSink): StagePlan;
  /** The plan of the map stage of a shuffle. */
  shuffleMapPlan(parent: LineageNode, shuffle: ShuffleLineage): StagePlan;
  /**
   * What one partition of `node` reads.
   * @param plan the stage's plan: the lineage may have been cut since it was made, and both must agree
   */
  split(node: LineageNode, partition: number, plan?: StagePlan): Split;
}

/** A sink before its closures have a place in a stage's plan. */
export interface JobSink {
  /** Builds the sink; `place` returns the plan's index of a closure that the action captured. */
  build(place: (closure: ClosureData) => number): Sink;
}

/** The same for the map side of a shuffle; held by the shuffle's dependency in `core`. */
export interface ShuffleWriteSource {
  build(place: (closure: ClosureData) => number): ShuffleWriteSpec;
}
