import type { CallSite } from '@heddle/common';
import { callSiteShort } from '@heddle/common';
import type { LineageNode, ShuffleLineage } from 'heddle/internal';
import type { ActiveJob } from './active-job.js';
import type { LaunchPlan } from './launch-plan.js';
import type { ShuffleEdge } from './lineage-walk.js';

/**
 * Where a stage is in its life.
 *
 * ```
 *          missing parents                 parents complete
 *   idle ────────────────────▶ waiting ────────────────────▶ idle
 *    │  ▲
 *    │  └─ last pending partition done ─┐      ┌─ a map output could not be read
 *    └──────── tasks submitted ───────▶ running ──────▶ failed ── resubmit ──▶ idle
 * ```
 */
export type StageState =
  /** Not asked for yet, or has what was asked for. */
  | { readonly kind: 'idle' }
  /** Waits for the map outputs of these shuffles. */
  | { readonly kind: 'waiting'; readonly shuffleIds: Set<number> }
  | {
      readonly kind: 'running';
      readonly attempt: number;
      /** What the attempt was submitted with, ascending. */
      readonly partitions: readonly number[];
      /** Those of them that are not done. */
      readonly pending: Set<number>;
    }
  /** Lost an input; is submitted again after a pause that gathers more such news. */
  | { readonly kind: 'failed' };

export const IDLE: StageState = { kind: 'idle' };

interface StageCommon {
  readonly id: number;
  /** The last RDD of the stage. */
  readonly node: LineageNode;
  readonly callSite: CallSite;
  /** Shuffles that its tasks may read. */
  readonly parents: readonly ShuffleEdge[];
  /** Jobs that need or show the stage. */
  readonly jobs: Set<ActiveJob>;
  state: StageState;
  /** Attempts begun so far; the number of the next one. */
  attempts: number;
  /** Attempts in a row that ended because an input could not be read. */
  fetchFailures: number;
  /** Executors that died under each partition, in all attempts. */
  readonly executorDeaths: Map<number, number>;
  /** Which partitions are launched together; fixed for a generation. */
  launchPlan: LaunchPlan | undefined;
  /** A task read a shuffle that cached partitions were to stand in for: plan without the cache. */
  distrustsCache: boolean;
}

/** Writes the map outputs of one shuffle. */
export interface ShuffleMapStage extends StageCommon {
  readonly kind: 'shuffleMap';
  readonly shuffle: ShuffleLineage;
  /** Partitions whose accumulator updates were merged. */
  readonly accumulated: Set<number>;
}

/** Computes the results of one job. */
export interface ResultStage extends StageCommon {
  readonly kind: 'result';
  readonly job: ActiveJob;
  /** Results of older generations are refused. */
  generation: number;
}

export type Stage = ShuffleMapStage | ResultStage;

/** `map at app.ts:12`. */
export function stageName(stage: Stage): string {
  return callSiteShort(stage.callSite);
}
