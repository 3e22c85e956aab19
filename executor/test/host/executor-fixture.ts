import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@heddle/common';
import type {
  OperatorNode,
  Sink,
  Split,
  StageBinary,
  StagePlan,
  TaskDescription,
  TaskUpdate,
} from 'heddle/internal';
import { decodeBatches, decodeError, decodeValue, plainCodeTable } from 'heddle/internal';
import { FileSystemRegistry } from '@heddle/webhdfs';
import { Executor } from '../../src/host/executor.js';
import type { ExecutorOptions } from '../../src/host/executor-options.js';
import {
  createLocalDirectories,
  type LocalDirectories,
} from '../../src/storage/local-directories.js';

type Ended = Exclude<TaskUpdate, { kind: 'running' }>;

/** An executor whose task threads run `user-functions.ts`, and a driver that is a few promises. */
export class ExecutorFixture {
  readonly executor: Executor;
  readonly folder: string;
  readonly #directories: LocalDirectories;
  readonly #waiting = new Map<number, (update: Ended) => void>();
  readonly #started = new Map<number, () => void>();
  readonly commits: number[] = [];
  mayCommit = true;
  #nextTask = 0;
  #nextStage = 0;

  constructor(options: Partial<ExecutorOptions> = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'heddle-executor-test-'));
    this.#directories = createLocalDirectories(this.folder, 'test');
    this.executor = new Executor(
      {
        executorId: 'e1',
        host: 'localhost',
        applicationId: 'local-1',
        slots: 2,
        threadEntry: new URL('./test-thread.js', import.meta.url),
        program: { taskFile: new URL('./user-functions.js', import.meta.url).href },
        localDirectories: this.#directories.directories,
        memory: {
          threadHeapMb: 128,
          taskBudgetBytes: 1 << 20,
          threadLimitBytes: 0,
          storageBytes: 1 << 24,
        },
        maxResultBytes: 0,
        logger: silentLogger,
        fileSystems: new FileSystemRegistry(),
        ...options,
      },
      {
        taskUpdate: (update) => this.#update(update),
        mayCommit: (task) => {
          this.commits.push(task.taskAttemptId);
          return this.mayCommit;
        },
      },
    );
  }

  /** Registers a stage and gives the way to launch its tasks. */
  stage(plan: StagePlan, properties: Record<string, string> = {}): TestStage {
    const stage: StageBinary = {
      stageId: this.#nextStage++,
      stageAttempt: 0,
      jobId: 1,
      plan,
      shuffleInputs: [],
      properties,
    };
    this.executor.registerStage(stage);
    return new TestStage(this, stage);
  }

  launch(task: TaskDescription): { started: Promise<void>; ended: Promise<Ended> } {
    const ended = new Promise<Ended>((resolve) => this.#waiting.set(task.taskAttemptId, resolve));
    const started = new Promise<void>((resolve) => this.#started.set(task.taskAttemptId, resolve));
    this.executor.launch(task);
    return { started, ended };
  }

  /** The end of a task that is launched behind another one. */
  expectEnd(taskAttemptId: number): Promise<Ended> {
    return new Promise((resolve) => this.#waiting.set(taskAttemptId, resolve));
  }

  nextTaskId(): number {
    return this.#nextTask++;
  }

  async stop(): Promise<void> {
    await this.executor.stop();
    this.#directories.remove();
    rmSync(this.folder, { recursive: true });
  }

  #update(update: TaskUpdate): void {
    if (update.kind === 'running') this.#started.get(update.taskAttemptId)?.();
    else this.#waiting.get(update.taskAttemptId)!(update);
  }
}

/** Launches tasks of one stage. */
export class TestStage {
  readonly #fixture: ExecutorFixture;
  readonly stage: StageBinary;

  constructor(fixture: ExecutorFixture, stage: StageBinary) {
    this.#fixture = fixture;
    this.stage = stage;
  }

  task(split: Split, attemptNumber = 0): TaskDescription {
    const { stageId, stageAttempt } = this.stage;
    const taskAttemptId = this.#fixture.nextTaskId();
    const partition = split.index;
    return { taskAttemptId, stageId, stageAttempt, generation: 0, partition, attemptNumber, split };
  }

  launch(split: Split, attemptNumber = 0): Promise<Ended> {
    return this.#fixture.launch(this.task(split, attemptNumber)).ended;
  }

  /** Runs a task that must succeed, to its decoded result. */
  async result(split: Split): Promise<unknown> {
    return resultOf(this.stage, await this.launch(split));
  }

  /** Runs a task that must fail with an exception, to the error. */
  async error(split: Split): Promise<Error> {
    const update = await this.launch(split);
    if (update.kind !== 'failed' || update.failure.kind !== 'exception') {
      throw new Error(`the task should have failed: ${JSON.stringify(update)}`);
    }
    return decodeError(update.failure.error, plainCodeTable);
  }
}

export function resultOf(stage: StageBinary, update: Ended): unknown {
  if (update.kind !== 'succeeded') throw new Error(`the task failed: ${JSON.stringify(update)}`);
  if (update.result.kind === 'mapOutput') return update.result.status;
  if (update.result.kind === 'stored') throw new Error('the result stayed on the executor');
  const { kind } = stage.plan.sink;
  return kind === 'collect' || kind === 'take'
    ? [...decodeBatches(update.result.bytes, plainCodeTable)].flat()
    : decodeValue(update.result.bytes, plainCodeTable);
}

/** A plan over `range` with functions of `user-functions.ts` by name. */
export function rangePlan(
  steps: readonly ('map' | 'filter' | 'flatMap')[],
  names: readonly string[],
  sink: Sink,
  extra: Partial<StagePlan> = {},
): StagePlan {
  const nodes: OperatorNode[] = [
    { rddId: 0, operator: { kind: 'range' }, inputs: [], label: 'range at test.ts:1' },
  ];
  steps.forEach((kind, root) =>
    nodes.push({
      rddId: root + 1,
      operator: { kind, function: { closure: 0, root } },
      inputs: [root],
      label: `${kind} at test.ts:${root + 2}`,
    }),
  );
  const closures = [closureOf(names.map((name) => ({ function: name })))];
  return { nodes, closures, sink, ...extra };
}

export function closureOf(
  roots: readonly { readonly function?: string; readonly value?: unknown }[],
): StagePlan['closures'][number] {
  return {
    snapshot: new Uint8Array(Buffer.from(JSON.stringify(roots))),
    rootCount: roots.length,
    callSite: { operator: 'test', file: 'test.ts', line: 1, column: 1 },
    broadcastIds: [],
    accumulatorIds: [],
  };
}
