import type { MapOutputTracker } from '../shuffle/map-output-tracker.js';
import type { BlockTracker } from '../storage/block-tracker.js';
import type { TaskSet } from '../tasks/task-set.js';
import type { AdaptiveOptions, LaunchPlan, PartitionInput, Skew } from './launch-plan.js';
import { findSkew, planLaunches } from './launch-plan.js';
import { ReduceInputs } from './reduce-inputs.js';
import type { Stage } from './stage.js';

/** What is known about the launches of a stage attempt. */
export interface StageLaunches {
  readonly starts: TaskSet['launchStarts'];
  readonly inputBytes: Float64Array | undefined;
  readonly skew: Skew | undefined;
}

const ALONE: StageLaunches = { starts: undefined, inputBytes: undefined, skew: undefined };

/**
 * The adaptive reduce side: plans which partitions of a stage are launched together, once for each
 * generation, from the real sizes of their input. Later attempts of the generation follow the plan
 * with what they still have to run.
 */
export class StageLaunchPlanner {
  readonly #options: AdaptiveOptions | undefined;
  readonly #inputs: ReduceInputs;

  constructor(
    options: AdaptiveOptions | undefined,
    blocks: BlockTracker,
    outputs: MapOutputTracker,
    usesLocations: boolean,
  ) {
    this.#options = options;
    this.#inputs = new ReduceInputs(blocks, outputs, usesLocations);
  }

  /** @param partitions what the attempt runs, ascending */
  plan(stage: Stage, generation: number, partitions: readonly number[]): StageLaunches {
    const options = this.#options;
    if (options === undefined) return ALONE;
    const inputs = this.#inputs.of(stage.node, partitions);
    if (stage.launchPlan?.generation === generation) {
      return {
        ...sized(inputs),
        starts: startsOf(stage.launchPlan, partitions),
        // Told with the first attempt.
        skew: undefined,
      };
    }
    stage.launchPlan = undefined;
    if (inputs === undefined) return ALONE;
    const starts = planLaunches(inputs, options.slots(), options.targetBytes);
    stage.launchPlan = { generation, launchOf: launchesOf(partitions, starts) };
    return { ...sized(inputs), starts };
  }
}

function sized(inputs: readonly PartitionInput[] | undefined): Omit<StageLaunches, 'starts'> {
  if (inputs === undefined) return ALONE;
  return {
    inputBytes: Float64Array.from(inputs, ({ sizeBytes }) => sizeBytes),
    skew: findSkew(inputs),
  };
}

function launchesOf(
  partitions: readonly number[],
  starts: readonly number[] | undefined,
): LaunchPlan['launchOf'] {
  const launchOf = new Map<number, number>();
  if (starts === undefined) return launchOf;
  let launch = -1;
  partitions.forEach((partition, index) => {
    if (starts[launch + 1] === index) launch++;
    launchOf.set(partition, launch);
  });
  return launchOf;
}

/** The plan's launches, as far as their partitions are to run. */
function startsOf(
  { launchOf }: LaunchPlan,
  partitions: readonly number[],
): readonly number[] | undefined {
  const starts: number[] = [];
  let previous: number | undefined;
  partitions.forEach((partition, index) => {
    const launch = launchOf.get(partition);
    if (index === 0 || launch === undefined || launch !== previous) starts.push(index);
    previous = launch;
  });
  return starts.length === partitions.length ? undefined : starts;
}
