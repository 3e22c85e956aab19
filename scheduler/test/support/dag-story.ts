import type { AccumulatorUpdate, BlockStatus, LineageNode, TaskFailure } from 'heddle/internal';
import type { ExecutorLoss } from '../../src/backend/scheduler-backend.js';
import type { DagEvent, JobSpec } from '../../src/dag/dag-event.js';
import type { DagInstruction } from '../../src/dag/dag-instruction.js';
import type { DagSchedulerOptions } from '../../src/dag/dag-scheduler.js';
import { DagScheduler } from '../../src/dag/dag-scheduler.js';
import type { Stage } from '../../src/dag/stage.js';
import type { LostMapOutput } from '../../src/failure/verdict.js';
import type { TaskSet } from '../../src/tasks/task-set.js';
import { site } from './lineage.js';

interface TaskEnd {
  /** @default a */
  readonly executor?: string;
  readonly blocks?: readonly BlockStatus[];
  readonly accumulators?: readonly AccumulatorUpdate[];
  /** Result bytes. @default one byte, the partition */
  readonly bytes?: Uint8Array;
}

/**
 * A DAG scheduler and a short text of all it wants done, so that a test reads as a story:
 * what happened, then what follows from it.
 */
export class DagStory {
  readonly dag: DagScheduler;
  /** `stage.attempt` → what was submitted. */
  readonly taskSets = new Map<string, TaskSet>();
  readonly stages = new Map<number, Stage>();
  readonly instructions: DagInstruction[] = [];
  #nextJobId = 0;
  #nextMapId = 0;

  constructor(options: Partial<DagSchedulerOptions> = {}) {
    this.dag = new DagScheduler({
      maxStageAttempts: 4,
      maxResultSizeBytes: 0,
      usesLocations: true,
      ...options,
    });
  }

  handle(event: DagEvent): string[] {
    const instructions = this.dag.handle(event);
    this.instructions.push(...instructions);
    return instructions.map((instruction) => this.#text(instruction));
  }

  submit(finalNode: LineageNode, overrides: Partial<JobSpec> = {}): string[] {
    const job: JobSpec = {
      finalNode,
      partitions: Array.from({ length: finalNode.partitionCount }, (_, index) => index),
      callSite: site('collect', 99),
      description: undefined,
      jobGroup: undefined,
      tags: [],
      properties: {},
      ...overrides,
    };
    return this.handle({ kind: 'jobSubmitted', jobId: this.#nextJobId++, job });
  }

  /** A task of a stage attempt ends well. `what`: `stage.attempt`. */
  succeed(what: string, partition: number, end: TaskEnd = {}): string[] {
    const taskSet = this.#taskSet(what);
    const stage = this.stages.get(taskSet.stageId);
    const executor = end.executor ?? 'a';
    const reducers = stage?.kind === 'shuffleMap' ? stage.shuffle.numReducePartitions : 0;
    return this.handle({
      kind: 'taskSucceeded',
      stageId: taskSet.stageId,
      stageAttempt: taskSet.stageAttempt,
      generation: taskSet.generation,
      partition,
      executorId: executor,
      host: `host-${executor}`,
      result:
        stage?.kind === 'shuffleMap'
          ? {
              kind: 'mapOutput',
              status: {
                mapId: `m${this.#nextMapId++}`,
                shuffleId: stage.shuffle.shuffleId,
                mapPartition: partition,
                generation: taskSet.generation,
                localDirectory: '/tmp',
                partSizesBytes: new Float64Array(reducers).fill(10),
                records: 1,
              },
            }
          : { kind: 'value', bytes: end.bytes ?? Uint8Array.of(partition) },
      accumulators: end.accumulators ?? [],
      blocks: end.blocks ?? [],
    });
  }

  /** All tasks of a stage attempt end well, partition i on the i-th executor given, in turn. */
  succeedAll(what: string, executors: readonly string[] = ['a']): string[] {
    const said: string[] = [];
    this.#taskSet(what).partitions.forEach((partition, index) => {
      const executor = executors[index % executors.length] ?? 'a';
      said.push(...this.succeed(what, partition, { executor }));
    });
    return said;
  }

  /** A task could not read a map output; by default the one that is registered now. */
  fetchFail(
    what: string,
    partition: number,
    shuffleId: number,
    mapPartition: number,
    lost: Partial<LostMapOutput> = {},
  ): string[] {
    const { stageId, stageAttempt, generation } = this.#taskSet(what);
    const output = this.dag.outputs.output(shuffleId, mapPartition);
    return this.handle({
      kind: 'fetchFailed',
      stageId,
      stageAttempt,
      generation,
      partition,
      lost: {
        shuffleId,
        mapPartition,
        mapId: output?.mapId ?? 'gone',
        generation: output?.generation ?? 0,
        scope: 'output',
        ...lost,
      },
      summary: 'checksum is wrong',
    });
  }

  /** A task failed for the last time. */
  fail(what: string, partition: number): string[] {
    const { stageId, stageAttempt } = this.#taskSet(what);
    const failure: TaskFailure = {
      kind: 'exception',
      error: new Uint8Array(0),
      summary: 'Error: boom',
      retryable: true,
    };
    return this.handle({
      kind: 'taskSetFailed',
      stageId,
      stageAttempt,
      partition,
      failures: 4,
      failure,
    });
  }

  resubmit(): string[] {
    return this.handle({ kind: 'resubmitDue' });
  }

  loseExecutor(executorId: string, loss: Partial<ExecutorLoss> = {}): string[] {
    return this.handle({
      kind: 'executorLost',
      host: `host-${executorId}`,
      loss: {
        executorId,
        reason: 'gone',
        countsAsFailure: true,
        hostLost: false,
        mapOutputs: 'lost',
        ...loss,
      },
    });
  }

  cancel(which: Extract<DagEvent, { kind: 'jobsCancelled' }>['which']): string[] {
    return this.handle({ kind: 'jobsCancelled', which, reason: 'enough' });
  }

  #taskSet(what: string): TaskSet {
    const taskSet = this.taskSets.get(what);
    if (taskSet === undefined) throw new Error(`${what} was never submitted`);
    return taskSet;
  }

  #text(instruction: DagInstruction): string {
    switch (instruction.kind) {
      case 'outputsUnreadable':
        return `outputs of ${instruction.ofHost ? instruction.host : instruction.executorId} unreadable`;
      case 'jobStarted':
        return `job ${instruction.job.id} started with stages ${instruction.stages.map(({ id }) => id).join(' ')}`;
      case 'submitTaskSet': {
        const { taskSet, stage } = instruction;
        this.taskSets.set(`${taskSet.stageId}.${taskSet.stageAttempt}`, taskSet);
        this.stages.set(stage.id, stage);
        const generation = taskSet.generation > 0 ? ` generation ${taskSet.generation}` : '';
        return `run ${taskSet.stageId}.${taskSet.stageAttempt} [${taskSet.partitions.join(' ')}]${generation}`;
      }
      case 'skewFound':
        return `skew ${instruction.stage.id} [${instruction.partition}]`;
      case 'suspendTaskSet':
        return `suspend ${instruction.stageId}.${instruction.stageAttempt}`;
      case 'cancelStage':
        return `cancel ${instruction.stageId}`;
      case 'partitionDone':
        return `done ${instruction.stageId} [${instruction.partition}]`;
      case 'partitionsLost':
        return `again ${instruction.stageId}.${instruction.stageAttempt} [${instruction.partitions.join(' ')}]`;
      case 'stageAttemptEnded': {
        const { stage, stageAttempt, failure } = instruction;
        return `end ${stage.id}.${stageAttempt}${failure === undefined ? '' : ' unfinished'}`;
      }
      case 'deliverResult':
        return instruction.positions
          .map(
            (position) => `result ${instruction.jobId}@${position}=${instruction.bytes[0] ?? ''}`,
          )
          .join(', ');
      case 'mergeAccumulators':
        return `merge ${instruction.updates.map((each) => each.accumulatorId).join(' ')}`;
      case 'dropCachedRdd':
        return `drop cache of ${instruction.rddId}`;
      case 'scheduleResubmit':
        return 'resubmit soon';
      case 'endJob': {
        const { job, outcome } = instruction;
        if (outcome.kind !== 'failed') return `job ${job.id} ${outcome.kind}`;
        return `job ${job.id} failed: ${outcome.failure.kind}`;
      }
    }
  }
}
