import type { StageBinary, StageCompiler, TaskDescription } from 'heddle/internal';
import type { SchedulerBackend } from '../backend/scheduler-backend.js';
import { blockLocationsOf } from '../dag/block-locations.js';
import type { DagScheduler } from '../dag/dag-scheduler.js';
import type { Stage } from '../dag/stage.js';
import type { TaskAttemptInfo } from '../tasks/task-event.js';
import type { TaskSet } from '../tasks/task-set.js';
import type { Announcer } from './announcer.js';
import type { JobLedger } from './job-ledger.js';
import type { StageBinaries } from './stage-binaries.js';

/** Makes stages and tasks known to executors. */
export class TaskStarter {
  readonly #backend: SchedulerBackend;
  readonly #compiler: StageCompiler;
  readonly #dag: DagScheduler;
  readonly #jobs: JobLedger;
  readonly #binaries: StageBinaries;
  readonly #announcer: Announcer;

  constructor(
    backend: SchedulerBackend,
    compiler: StageCompiler,
    dag: DagScheduler,
    jobs: JobLedger,
    binaries: StageBinaries,
    announcer: Announcer,
  ) {
    this.#backend = backend;
    this.#compiler = compiler;
    this.#dag = dag;
    this.#jobs = jobs;
    this.#binaries = binaries;
    this.#announcer = announcer;
  }

  /** @throws what the compiler throws: the stage cannot run */
  registerStage(stage: Stage, taskSet: TaskSet): void {
    const job = stage.kind === 'result' ? this.#jobs.get(stage.job.id) : undefined;
    const binary: StageBinary = this.#binaries.make(stage, taskSet, job?.request.sink);
    const { sink } = binary.plan;
    const isSave =
      sink.kind === 'saveAsTextFile' ||
      sink.kind === 'saveAsSequenceFile' ||
      sink.kind === 'checkpoint';
    if (job !== undefined && isSave) job.saveId = sink.output.saveId;
    this.#backend.registerStage(binary);
    this.#announcer.stageSubmitted(stage, taskSet.stageAttempt, taskSet.partitions.length);
  }

  /** @throws when it cannot be found out what a partition reads */
  launch(task: TaskAttemptInfo, followers: readonly TaskAttemptInfo[]): void {
    const { stageId, executorId } = task;
    this.#announcer.taskStarted(task);
    const stage = this.#dag.stage(stageId);
    if (stage === undefined) throw new Error(`stage ${stageId} is gone`);
    const description = this.#describe(task, stage);
    this.#backend.launch(
      executorId,
      followers.length === 0
        ? description
        : { ...description, followers: followers.map((each) => this.#describe(each, stage)) },
    );
  }

  #describe(task: TaskAttemptInfo, stage: Stage): TaskDescription {
    const { taskAttemptId, stageId, stageAttempt, generation, partition, attemptNumber } = task;
    const { blocks } = this.#dag;
    const blockLocations = blocks.isEmpty
      ? undefined
      : blockLocationsOf(stage.node, partition, blocks);
    return {
      taskAttemptId,
      stageId,
      stageAttempt,
      generation,
      partition,
      attemptNumber,
      split: this.#compiler.split(stage.node, partition, this.#binaries.planOf(stage)),
      ...(blockLocations !== undefined && { blockLocations }),
    };
  }
}
