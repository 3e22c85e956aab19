import { InternalError } from '@heddle/common';
import type { MapOutputTracker } from '../shuffle/map-output-tracker.js';
import type { ActiveJob } from './active-job.js';
import type { ShuffleEdge } from './lineage-walk.js';
import { shufflesBehind } from './lineage-walk.js';
import type { ResultStage, ShuffleMapStage, Stage } from './stage.js';
import { IDLE } from './stage.js';

/** The stages of all active jobs: one for each shuffle, one result stage for each job. */
export class StageRegistry {
  readonly #tracker: MapOutputTracker;
  readonly #stages = new Map<number, Stage>();
  readonly #byShuffle = new Map<number, ShuffleMapStage>();
  /** shuffle → stages whose tasks may read it */
  readonly #readers = new Map<number, Set<Stage>>();
  #nextStageId = 0;

  constructor(tracker: MapOutputTracker) {
    this.#tracker = tracker;
  }

  get(stageId: number): Stage | undefined {
    return this.#stages.get(stageId);
  }

  has(stage: Stage): boolean {
    return this.#stages.has(stage.id);
  }

  /** The stage that writes a shuffle, while some job has it. */
  writer(shuffleId: number): ShuffleMapStage | undefined {
    return this.#byShuffle.get(shuffleId);
  }

  /** Stages of active jobs whose tasks may read a shuffle. */
  readers(shuffleId: number): readonly Stage[] {
    return [...(this.#readers.get(shuffleId) ?? [])];
  }

  get size(): number {
    return this.#stages.size;
  }

  get isEmpty(): boolean {
    return this.#stages.size === 0 && this.#byShuffle.size === 0 && this.#readers.size === 0;
  }

  /**
   * The stage of a shuffle, made when there is none, linked to the job.
   *
   * @param parents shuffles behind it, when the caller has walked there already
   */
  mapStage(edge: ShuffleEdge, job: ActiveJob, parents?: readonly ShuffleEdge[]): ShuffleMapStage {
    const { parent, shuffle } = edge;
    let stage = this.#byShuffle.get(shuffle.shuffleId);
    if (stage === undefined) {
      const behind = parents ?? shufflesBehind(parent);
      this.#tracker.register(
        shuffle.shuffleId,
        parent.partitionCount,
        shuffle.numReducePartitions,
        behind.map((each) => each.shuffle.shuffleId),
      );
      stage = {
        kind: 'shuffleMap',
        id: this.#nextStageId++,
        node: parent,
        callSite: parent.callSite,
        parents: behind,
        jobs: new Set(),
        state: IDLE,
        attempts: 0,
        fetchFailures: 0,
        executorDeaths: new Map(),
        launchPlan: undefined,
        distrustsCache: false,
        shuffle,
        accumulated: new Set(),
      };
      this.#byShuffle.set(shuffle.shuffleId, stage);
      this.#add(stage);
    }
    this.#link(stage, job);
    return stage;
  }

  resultStage(job: ActiveJob, parents: readonly ShuffleEdge[]): ResultStage {
    const stage: ResultStage = {
      kind: 'result',
      id: this.#nextStageId++,
      node: job.spec.finalNode,
      callSite: job.spec.callSite,
      parents,
      jobs: new Set(),
      state: IDLE,
      attempts: 0,
      fetchFailures: 0,
      executorDeaths: new Map(),
      launchPlan: undefined,
      distrustsCache: false,
      job,
      generation: 0,
    };
    this.#add(stage);
    this.#link(stage, job);
    return stage;
  }

  stagesOf(job: ActiveJob): Stage[] {
    return [...job.stageIds].map((stageId) => this.#known(stageId));
  }

  /** The job ended. @returns the stages that no other job has; they are forgotten */
  unlink(job: ActiveJob): Stage[] {
    const orphans: Stage[] = [];
    for (const stage of this.stagesOf(job)) {
      stage.jobs.delete(job);
      if (stage.jobs.size > 0) continue;
      orphans.push(stage);
      this.#stages.delete(stage.id);
      if (stage.kind === 'shuffleMap') this.#byShuffle.delete(stage.shuffle.shuffleId);
      for (const { shuffle } of stage.parents) {
        const readers = this.#readers.get(shuffle.shuffleId);
        readers?.delete(stage);
        if (readers?.size === 0) this.#readers.delete(shuffle.shuffleId);
      }
    }
    return orphans;
  }

  #add(stage: Stage): void {
    this.#stages.set(stage.id, stage);
    for (const { shuffle } of stage.parents) {
      const readers = this.#readers.get(shuffle.shuffleId);
      if (readers === undefined) this.#readers.set(shuffle.shuffleId, new Set([stage]));
      else readers.add(stage);
    }
  }

  #link(stage: Stage, job: ActiveJob): void {
    stage.jobs.add(job);
    job.stageIds.add(stage.id);
  }

  #known(stageId: number): Stage {
    const stage = this.#stages.get(stageId);
    if (stage === undefined) throw new InternalError(`stage ${stageId} of a job is not registered`);
    return stage;
  }
}
