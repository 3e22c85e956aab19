import { InternalError, assertNever } from '@heddle/common';
import { partCount, type LineageNode } from 'heddle/internal';
import { MapOutputTracker } from '../shuffle/map-output-tracker.js';
import type { RemovedOutput } from '../shuffle/map-output-tracker.js';
import { BlockTracker } from '../storage/block-tracker.js';
import type { TaskSet } from '../tasks/task-set.js';
import { ActiveJob } from './active-job.js';
import type { DagEvent, FetchFailed, JobSelection, JobSpec, TaskSucceeded } from './dag-event.js';
import type { DagInstruction, JobFailure, JobOutcome } from './dag-instruction.js';
import type { AdaptiveOptions } from './launch-plan.js';
import { forEachNarrow, shufflesBehind } from './lineage-walk.js';
import { LostOutputs } from './lost-outputs.js';
import { MissingWork } from './missing-work.js';
import type { ResultStage, ShuffleMapStage, Stage } from './stage.js';
import { IDLE, stageName } from './stage.js';
import type { StageLaunches } from './stage-launches.js';
import { StageLaunchPlanner } from './stage-launches.js';
import { StageRegistry } from './stage-registry.js';

export interface DagSchedulerOptions {
  /** Attempts of a stage in a row that may end with a fetch failure, the last one failing the job. */
  readonly maxStageAttempts: number;
  /** Bytes of all results of one job; 0: no limit. */
  readonly maxResultSizeBytes: number;
  /** Whether it matters where tasks run; with one executor for good it does not. */
  readonly usesLocations: boolean;
  /** Executors that may die under one partition, the last one failing the job. @default 4 */
  readonly maxExecutorDeaths?: number;
  /** Left out: every partition is launched by itself. */
  readonly adaptive?: AdaptiveOptions;
}

/**
 * Cuts jobs into stages at their shuffles, runs what is missing, and runs again what was lost.
 *
 * A pure state machine: `handle(event)` changes its state and says what is to be done. It has no
 * I/O, clock or randomness, and handles one event at a time.
 *
 * - A stage runs when the map outputs it reads are complete; stages that do not depend on each
 *   other run side by side. Stages whose outputs exist never run ("skipped").
 * - A map output that cannot be read ends the reader's attempt. After a pause the reader is
 *   submitted again, which first runs the missing map tasks.
 * - Outputs of an **indeterminate** stage belong to one generation. Once complete, they may have
 *   been read; running a part of them again would mix two different sets of records. So the next
 *   submission discards all of them, all outputs made from them, and results not yet given away.
 *
 * For reviewers: everything here ends with its job. What outlives jobs (where outputs and cached
 * blocks are) is in `outputs` and `blocks`. `assertEmpty` checks it; add new structures to it.
 *
 * Source: Spark 4.0 `DAGScheduler`.
 */
export class DagScheduler {
  readonly outputs = new MapOutputTracker();
  readonly blocks = new BlockTracker();
  readonly #options: DagSchedulerOptions;
  readonly #stages = new StageRegistry(this.outputs);
  readonly #work: MissingWork;
  readonly #launches: StageLaunchPlanner;
  readonly #jobs = new Map<number, ActiveJob>();
  readonly #lost = new LostOutputs(this.outputs);
  /** Stages in state `failed`, in the order of their failures. */
  readonly #failedStages = new Set<Stage>();
  #out: DagInstruction[] = [];

  constructor(options: DagSchedulerOptions) {
    this.#options = options;
    const { usesLocations, adaptive } = options;
    this.#work = new MissingWork(this.#stages, this.outputs, this.blocks, usesLocations);
    this.#launches = new StageLaunchPlanner(adaptive, this.blocks, this.outputs, usesLocations);
  }

  /** @returns what is to be done, in order */
  handle(event: DagEvent): DagInstruction[] {
    this.#out = [];
    this.#apply(event);
    return this.#out;
  }

  get activeJobs(): Iterable<ActiveJob> {
    return this.#jobs.values();
  }

  /** A stage of an active job. */
  stage(stageId: number): Stage | undefined {
    return this.#stages.get(stageId);
  }

  /** The generation of what a stage makes now. */
  generationOf(stage: Stage): number {
    return stage.kind === 'result'
      ? stage.generation
      : this.outputs.generation(stage.shuffle.shuffleId);
  }

  /** For tests: throws when anything is left that should have gone with its job. */
  assertEmpty(): void {
    if (this.#jobs.size === 0 && this.#stages.isEmpty && this.#failedStages.size === 0) return;
    throw new InternalError(
      `state is left over: ${this.#jobs.size} jobs, ${this.#stages.size} stages, ${this.#failedStages.size} failed stages`,
    );
  }

  #apply(event: DagEvent): void {
    switch (event.kind) {
      case 'jobSubmitted':
        this.#submitJob(event.jobId, event.job);
        break;
      case 'taskSucceeded':
        this.#taskSucceeded(event);
        break;
      case 'fetchFailed':
        this.#fetchFailed(event);
        break;
      case 'taskSetFailed': {
        const stage = this.#stages.get(event.stageId);
        if (stage?.state.kind !== 'running' || stage.state.attempt !== event.stageAttempt) break;
        const { stageId, partition, failures, failure } = event;
        this.#abortStage(stage, {
          kind: 'task',
          stageId,
          stageName: stageName(stage),
          partition,
          failures,
          failure,
        });
        break;
      }
      case 'executorDiedUnder':
        this.#executorDiedUnder(event);
        break;
      case 'taskSetUnschedulable': {
        const stage = this.#stages.get(event.stageId);
        if (stage?.state.kind !== 'running' || stage.state.attempt !== event.stageAttempt) break;
        const { stageId, partition } = event;
        const name = stageName(stage);
        this.#abortStage(stage, { kind: 'unschedulable', stageId, stageName: name, partition });
        break;
      }
      case 'resultAnnounced':
        this.#resultAnnounced(event);
        break;
      case 'stageBroken': {
        const stage = this.#stages.get(event.stageId);
        if (stage !== undefined) this.#breakStage(stage, event.error);
        break;
      }
      case 'resultRefused': {
        const job = this.#jobs.get(event.jobId);
        if (job !== undefined) this.#failJob(job, { kind: 'resultRefused', error: event.error });
        break;
      }
      case 'executorLost':
        this.#executorLost(event);
        break;
      case 'blocksChanged': {
        const { executorId, host } = event;
        for (const status of event.statuses) this.blocks.update(status, { executorId, host });
        break;
      }
      case 'resubmitDue': {
        const stages = [...this.#failedStages];
        this.#failedStages.clear();
        for (const stage of stages) stage.state = IDLE;
        this.#submit(stages);
        break;
      }
      case 'jobsCancelled':
        for (const job of [...this.#jobs.values()]) {
          if (!isSelected(job, event.which)) continue;
          this.#endJob(job, { kind: 'cancelled', reason: event.reason });
        }
        break;
      case 'rddUnpersisted':
        this.blocks.removeRdd(event.rddId);
        break;
      case 'shuffleRemoved':
        if (this.#stages.writer(event.shuffleId) === undefined)
          this.outputs.remove(event.shuffleId);
        else this.#runLostAgain(this.outputs.removeOutputs(event.shuffleId));
        break;
      default:
        assertNever(event, 'DAG event');
    }
  }

  // ── Jobs ──────────────────────────────────────────────────────────────────────────────────────

  #submitJob(jobId: number, spec: JobSpec): void {
    const job = new ActiveJob(jobId, spec);
    this.#jobs.set(jobId, job);
    let result: ResultStage;
    try {
      result = this.#work.makeStages(job);
    } catch (error) {
      this.#out.push({ kind: 'jobStarted', job, stages: this.#stages.stagesOf(job) });
      const failure: JobFailure = {
        kind: 'broken',
        stageId: undefined,
        stageName: undefined,
        error,
      };
      this.#endJob(job, { kind: 'failed', failure });
      return;
    }
    const stages = this.#stages.stagesOf(job);
    this.#out.push({ kind: 'jobStarted', job, stages });
    if (job.unfinished.size === 0) {
      this.#endJob(job, { kind: 'succeeded' });
      return;
    }
    const isIndeterminate = stages.some((stage) => stage.node.determinacy === 'indeterminate');
    if (isIndeterminate && spec.streamResults !== true) job.holdResults();
    this.#submit([result]);
  }

  #failJob(job: ActiveJob, failure: JobFailure): void {
    this.#endJob(job, { kind: 'failed', failure });
  }

  #endJob(job: ActiveJob, outcome: JobOutcome): void {
    if (!this.#jobs.delete(job.id)) return;
    const reason = outcome.kind === 'cancelled' ? outcome.reason : `job ${job.id} ${outcome.kind}`;
    const abandoned: Stage[] = [];
    for (const stage of this.#stages.unlink(job)) {
      this.#stopStage(stage, reason);
      if (stage.kind === 'shuffleMap') abandoned.push(...this.#waitingFor(stage));
    }
    this.#out.push({ kind: 'endJob', job, outcome });
    // Another job joined a stage and not what that waits for, since cached partitions stood in for it.
    for (const stage of abandoned) stage.state = IDLE;
    this.#submit(abandoned.filter((stage) => this.#stages.has(stage)));
  }

  #waitingFor({ shuffle }: ShuffleMapStage): Stage[] {
    return this.#stages
      .readers(shuffle.shuffleId)
      .filter(({ state }) => state.kind === 'waiting' && state.shuffleIds.has(shuffle.shuffleId));
  }

  // ── Stages ────────────────────────────────────────────────────────────────────────────────────

  /** Runs the stages, or what they wait for. */
  #submit(stages: readonly Stage[]): void {
    const stack = [...stages].reverse();
    for (let stage = stack.pop(); stage !== undefined; stage = stack.pop()) {
      if (stage.state.kind !== 'idle' || !this.#stages.has(stage)) continue;
      if (this.#work.isComplete(stage)) {
        stack.push(...this.#finish(stage).reverse());
        continue;
      }
      const missing = this.#work.missingParents(stage);
      if (missing.length === 0) {
        stack.push(...this.#run(stage).reverse());
        continue;
      }
      const shuffleIds = new Set(missing.map(({ shuffle }) => shuffle.shuffleId));
      stage.state = { kind: 'waiting', shuffleIds };
      stack.push(...missing.reverse());
    }
  }

  /** Submits the missing tasks of a stage whose inputs are complete. @returns stages to submit next */
  #run(stage: Stage): Stage[] {
    const next: Stage[] = [];
    let partitions = this.#work.missingPartitions(stage);
    if (
      stage.kind === 'shuffleMap' &&
      stage.node.determinacy === 'indeterminate' &&
      this.outputs.wasComplete(stage.shuffle.shuffleId)
    ) {
      next.push(...this.#rollBack(stage));
      // A job that had given results away is gone, and the stage may be gone with it.
      if (!this.#stages.has(stage)) return next;
      partitions = this.#work.missingPartitions(stage);
    }
    const generation = this.generationOf(stage);
    let locations: TaskSet['locations'];
    let launches: StageLaunches;
    try {
      locations = this.#work.locationsOf(stage.node, partitions);
      launches = this.#launches.plan(stage, generation, partitions);
    } catch (error) {
      this.#breakStage(stage, error);
      return next;
    }
    const stageAttempt = stage.attempts++;
    const pending = new Set(partitions);
    stage.state = { kind: 'running', attempt: stageAttempt, partitions, pending };
    const [firstJob] = [...stage.jobs].sort((left, right) => left.id - right.id);
    if (firstJob === undefined) throw new InternalError(`stage ${stage.id} runs without a job`);
    const taskSet: TaskSet = {
      stageId: stage.id,
      stageAttempt,
      generation,
      jobId: firstJob.id,
      partitions,
      locations,
      ...(launches.starts !== undefined && { launchStarts: launches.starts }),
      ...(launches.inputBytes !== undefined && { inputBytes: launches.inputBytes }),
      properties: firstJob.spec.properties,
    };
    if (launches.skew !== undefined) this.#out.push({ kind: 'skewFound', stage, ...launches.skew });
    this.#out.push({ kind: 'submitTaskSet', stage, taskSet });
    return next;
  }

  /** All that the stage was to make is there. @returns stages that waited for it alone */
  #finish(stage: Stage): Stage[] {
    stage.state = IDLE;
    stage.fetchFailures = 0;
    if (stage.kind === 'result') return [];
    const ready: Stage[] = [];
    for (const reader of this.#waitingFor(stage)) {
      if (reader.state.kind !== 'waiting') continue;
      reader.state.shuffleIds.delete(stage.shuffle.shuffleId);
      if (reader.state.shuffleIds.size > 0) continue;
      reader.state = IDLE;
      ready.push(reader);
    }
    return ready;
  }

  // ── Tasks ─────────────────────────────────────────────────────────────────────────────────────

  #taskSucceeded(event: TaskSucceeded): void {
    const { executorId, host, partition, result } = event;
    for (const block of event.blocks) this.blocks.update(block, { executorId, host });
    const stage = this.#stages.get(event.stageId);
    // The job ended meanwhile, or the stage was rolled back and this is of an older generation.
    if (stage === undefined || event.generation !== this.generationOf(stage)) return;
    if (stage.kind === 'shuffleMap') {
      if (result.kind !== 'mapOutput') {
        this.#breakStage(stage, new InternalError('a map task came back without map output'));
        return;
      }
      const { numReducePartitions } = stage.shuffle;
      const parts = partCount(result.status);
      // Parts that nobody told of would count as empty, and their records be lost.
      if (parts !== numReducePartitions) {
        const told = `executor ${executorId} told of ${parts} parts of a map output that has ${numReducePartitions}`;
        this.#breakStage(stage, new InternalError(told));
        return;
      }
      // The driver knows which task this was: what the executor says of that is not needed.
      this.outputs.add({
        ...result.status,
        shuffleId: stage.shuffle.shuffleId,
        mapPartition: partition,
        generation: event.generation,
        executorId,
        host,
      });
      if (!stage.accumulated.has(partition)) {
        stage.accumulated.add(partition);
        this.#mergeAccumulators(event.accumulators);
      }
    } else {
      if (result.kind !== 'value') {
        this.#breakStage(stage, new InternalError('a result task came back without a value'));
        return;
      }
      const { job } = stage;
      const { accumulators } = event;
      const ready = job.take({ partition, bytes: result.bytes, accumulators });
      if (ready === undefined) return;
      if (this.#failIfTooLarge(job)) return;
      for (const each of ready) {
        this.#mergeAccumulators(each.accumulators);
        const positions = job.positionsOf(each.partition);
        this.#out.push({ kind: 'deliverResult', jobId: job.id, positions, bytes: each.bytes });
      }
    }
    this.#partitionDone(stage, partition);
  }

  /** Counts a result before it is fetched, so that a job that is too large never fills the memory. */
  #resultAnnounced(event: Extract<DagEvent, { kind: 'resultAnnounced' }>): void {
    const stage = this.#stages.get(event.stageId);
    if (stage?.kind !== 'result' || event.generation !== this.generationOf(stage)) return;
    stage.job.announce(event.partition, event.sizeBytes);
    this.#failIfTooLarge(stage.job);
  }

  #failIfTooLarge(job: ActiveJob): boolean {
    const { maxResultSizeBytes: limitBytes } = this.#options;
    const { sizeBytes } = job;
    if (limitBytes === 0 || sizeBytes <= limitBytes) return false;
    this.#failJob(job, { kind: 'resultTooLarge', sizeBytes, limitBytes });
    return true;
  }

  #partitionDone(stage: Stage, partition: number): void {
    if (stage.attempts > 1) {
      this.#out.push({ kind: 'partitionDone', stageId: stage.id, partition });
    }
    if (stage.state.kind === 'running') {
      stage.state.pending.delete(partition);
      if (stage.state.pending.size > 0) return;
      this.#attemptEnded(stage, stage.state.attempt, undefined);
    } else if (!this.#work.isComplete(stage)) {
      return;
    }
    // Otherwise a late task of an attempt that was given up has done the last missing part.
    this.#failedStages.delete(stage);
    stage.state = IDLE;
    if (stage.kind === 'result') {
      this.#endJob(stage.job, { kind: 'succeeded' });
      return;
    }
    // Outputs that were lost meanwhile make another attempt.
    this.#submit([stage]);
  }

  #mergeAccumulators(updates: TaskSucceeded['accumulators']): void {
    if (updates.length > 0) this.#out.push({ kind: 'mergeAccumulators', updates });
  }

  // ── Failures ──────────────────────────────────────────────────────────────────────────────────

  #fetchFailed(event: FetchFailed): void {
    const { lost, stageAttempt, summary } = event;
    const output = this.outputs.output(lost.shuffleId, lost.mapPartition);
    // Damage to one output says nothing about who wrote it, and of those that are known to be gone all is said.
    if (output?.mapId === lost.mapId && lost.scope !== 'output') {
      const { executorId, host } = output;
      const ofHost = lost.scope === 'host';
      this.#out.push({ kind: 'outputsUnreadable', executorId, host, ofHost });
    }
    this.#runLostAgain(this.#lost.fetchFailed(lost));
    const stage = this.#stages.get(event.stageId);
    if (stage === undefined || event.generation !== this.generationOf(stage)) return;
    // Later news of the same attempt: it has been given up already.
    if (stage.state.kind !== 'running' || stage.state.attempt !== stageAttempt) return;
    if (lost.mapId === '') stage.distrustsCache = true;
    this.#attemptEnded(stage, stageAttempt, summary);
    this.#out.push({ kind: 'suspendTaskSet', stageId: stage.id, stageAttempt });
    stage.state = IDLE;
    stage.fetchFailures++;
    if (stage.fetchFailures >= this.#options.maxStageAttempts) {
      this.#abortStage(stage, {
        kind: 'stageAttempts',
        stageId: stage.id,
        stageName: stageName(stage),
        partition: event.partition,
        attempts: stage.fetchFailures,
        shuffleId: lost.shuffleId,
        mapPartition: lost.mapPartition,
        summary,
      });
      return;
    }
    stage.state = { kind: 'failed' };
    this.#failedStages.add(stage);
    if (this.#failedStages.size === 1) this.#out.push({ kind: 'scheduleResubmit' });
  }

  /**
   * A partition that takes executor after executor with it ends its job, also when each death costs
   * the stage its inputs and with them the attempt, so that no attempt counts enough failures.
   */
  #executorDiedUnder(event: Extract<DagEvent, { kind: 'executorDiedUnder' }>): void {
    const { stageId, partition, failure } = event;
    const stage = this.#stages.get(stageId);
    if (stage === undefined) return;
    const failures = (stage.executorDeaths.get(partition) ?? 0) + 1;
    stage.executorDeaths.set(partition, failures);
    if (failures < (this.#options.maxExecutorDeaths ?? 4)) return;
    const name = stageName(stage);
    this.#abortStage(stage, {
      kind: 'task',
      stageId,
      stageName: name,
      partition,
      failures,
      failure,
    });
  }

  /** Forgets what went with an executor. */
  #executorLost(event: Extract<DagEvent, { kind: 'executorLost' }>): void {
    this.blocks.removeExecutor(event.loss.executorId);
    this.#runLostAgain(this.#lost.executorLost(event));
  }

  /**
   * Lost outputs of map stages that are running join what they run, as far as they are partitions of
   * that attempt. The others are found missing when it ends, and get an attempt of their own.
   */
  #runLostAgain(removed: readonly RemovedOutput[]): void {
    const byShuffle = new Map<number, number[]>();
    for (const { shuffleId, mapPartition } of removed) {
      const partitions = byShuffle.get(shuffleId);
      if (partitions === undefined) byShuffle.set(shuffleId, [mapPartition]);
      else partitions.push(mapPartition);
    }
    for (const [shuffleId, lost] of byShuffle) {
      const stage = this.#stages.writer(shuffleId);
      if (stage?.state.kind !== 'running') continue;
      const { attempt: stageAttempt, pending } = stage.state;
      const own = new Set(stage.state.partitions);
      const partitions = lost.filter((partition) => own.has(partition));
      if (partitions.length === 0) continue;
      for (const partition of partitions) pending.add(partition);
      this.#out.push({ kind: 'partitionsLost', stageId: stage.id, stageAttempt, partitions });
    }
  }

  /**
   * Discards everything made from the outputs of an indeterminate stage, in all jobs.
   *
   * @returns the stages that were at work and must be submitted again
   */
  #rollBack(origin: ShuffleMapStage): Stage[] {
    const { shuffleId } = origin.shuffle;
    const reason = `outputs of indeterminate stage ${origin.id} (${stageName(origin)}) were lost`;
    const shuffleIds = new Set([shuffleId, ...this.outputs.descendants(shuffleId)]);
    this.#stopStage(origin, reason);
    const readers = new Set<Stage>();
    for (const each of shuffleIds) {
      this.outputs.advanceGeneration(each);
      for (const reader of this.#stages.readers(each)) readers.add(reader);
    }
    const again: Stage[] = [];
    for (const stage of readers) {
      const wasAtWork = stage.state.kind !== 'idle';
      this.#stopStage(stage, reason);
      this.#dropCachesBehind(stage.node, shuffleIds);
      if (stage.kind === 'result') {
        stage.generation++;
        if (!stage.job.discardResults()) {
          this.#failJob(stage.job, {
            kind: 'resultsGiven',
            stageId: origin.id,
            stageName: stageName(origin),
          });
          continue;
        }
      }
      if (wasAtWork) again.push(stage);
    }
    return again;
  }

  /**
   * Cached partitions that were computed from these shuffles are of the old generation. Also those
   * that nobody told of yet: an attempt that fails, or that still runs, may have stored some.
   */
  #dropCachesBehind(node: LineageNode, shuffleIds: ReadonlySet<number>): void {
    forEachNarrow(node, (visited) => {
      const { storageLevel, rddId } = visited;
      if (storageLevel === undefined && !this.blocks.hasRdd(rddId)) return true;
      if (shufflesBehind(visited).some(({ shuffle }) => shuffleIds.has(shuffle.shuffleId))) {
        this.blocks.removeRdd(visited.rddId);
        this.#out.push({ kind: 'dropCachedRdd', rddId: visited.rddId });
      }
      return true;
    });
  }

  /** The stage can never finish: the jobs that need it fail. */
  #abortStage(stage: Stage, failure: JobFailure): void {
    const needing = [...stage.jobs].filter((job) => this.#work.needs(job, stage));
    this.#stopStage(stage, `stage ${stage.id} failed`);
    for (const job of needing) this.#failJob(job, failure);
  }

  #breakStage(stage: Stage, error: unknown): void {
    const { id: stageId } = stage;
    this.#abortStage(stage, { kind: 'broken', stageId, stageName: stageName(stage), error });
  }

  /** Ends all attempts of a stage. */
  #stopStage(stage: Stage, reason: string): void {
    const { state } = stage;
    this.#failedStages.delete(stage);
    stage.state = IDLE;
    if (state.kind === 'running') this.#attemptEnded(stage, state.attempt, reason);
    if (stage.attempts > 0) this.#out.push({ kind: 'cancelStage', stageId: stage.id, reason });
  }

  #attemptEnded(stage: Stage, stageAttempt: number, failure: string | undefined): void {
    this.#out.push({ kind: 'stageAttemptEnded', stage, stageAttempt, failure });
  }
}

function isSelected(job: ActiveJob, which: JobSelection): boolean {
  switch (which.by) {
    case 'id':
      return job.id === which.jobId;
    case 'group':
      return job.spec.jobGroup === which.group;
    case 'tag':
      return job.spec.tags.includes(which.tag);
    case 'all':
      return true;
    default:
      return assertNever(which, 'selection of jobs');
  }
}
