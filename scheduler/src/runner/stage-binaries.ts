import type { Logger } from '@heddle/common';
import { callSiteShort } from '@heddle/common';
import type { JobSink, StageBinary, StageCompiler, StagePlan } from 'heddle/internal';
import type { Stage } from '../dag/stage.js';
import { stageName } from '../dag/stage.js';
import type { MapOutputTracker } from '../shuffle/map-output-tracker.js';
import type { TaskSet } from '../tasks/task-set.js';

/** Makes what executors need to know of a stage attempt. The plan is made once per stage. */
export class StageBinaries {
  readonly #compiler: StageCompiler;
  readonly #outputs: MapOutputTracker;
  readonly #logger: Logger;
  readonly #largeCaptureBytes: number;
  /** Plans do not depend on the attempt. */
  readonly #plans = new WeakMap<Stage, StagePlan>();

  /** @param largeCaptureBytes captured data of a stage above which a warning is due */
  constructor(
    compiler: StageCompiler,
    outputs: MapOutputTracker,
    logger: Logger,
    largeCaptureBytes: number,
  ) {
    this.#compiler = compiler;
    this.#outputs = outputs;
    this.#logger = logger;
    this.#largeCaptureBytes = largeCaptureBytes;
  }

  /**
   * @param sink what the stage's job does with its records, when it is a result stage
   * @throws what the compiler throws
   */
  make(stage: Stage, taskSet: TaskSet, sink: JobSink | undefined): StageBinary {
    const { stageId, stageAttempt, jobId, properties } = taskSet;
    const plan = this.#plans.get(stage) ?? this.#compile(stage, sink);
    const shuffleInputs = stage.parents.map(({ shuffle }) => this.#outputs.input(shuffle));
    return { stageId, stageAttempt, jobId, plan, shuffleInputs, properties };
  }

  /** The plan of a stage, once it was made. */
  planOf(stage: Stage): StagePlan | undefined {
    return this.#plans.get(stage);
  }

  #compile(stage: Stage, sink: JobSink | undefined): StagePlan {
    let plan: StagePlan;
    if (stage.kind === 'shuffleMap') {
      plan = this.#compiler.shuffleMapPlan(stage.node, stage.shuffle);
    } else {
      if (sink === undefined) throw new Error(`job ${stage.job.id} is gone`);
      plan = this.#compiler.resultPlan(stage.node, sink);
    }
    this.#plans.set(stage, plan);
    this.#warnOfLargeCaptures(stage, plan);
    return plan;
  }

  /** Captured data goes to every executor with the stage: large data belongs in a broadcast. */
  #warnOfLargeCaptures(stage: Stage, plan: StagePlan): void {
    let sizeBytes = 0;
    let largest = plan.closures[0];
    for (const closure of plan.closures) {
      sizeBytes += closure.snapshot.byteLength;
      if (closure.snapshot.byteLength > (largest?.snapshot.byteLength ?? 0)) largest = closure;
    }
    if (sizeBytes <= this.#largeCaptureBytes || largest === undefined) return;
    this.#logger.warn('functions of a stage captured much data: put it in a broadcast variable', {
      stage: stage.id,
      name: stageName(stage),
      capturedBytes: sizeBytes,
      largestAt: callSiteShort(largest.callSite),
      largestBytes: largest.snapshot.byteLength,
    });
  }
}
