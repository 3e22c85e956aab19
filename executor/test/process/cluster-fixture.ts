import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HeddleError } from '@heddle/common';
import { silentLogger } from '@heddle/common';
import type { ExecutorLoss } from '@heddle/scheduler';
import type { ShuffleInput, Split, StagePlan, TaskDescription, TaskUpdate } from 'heddle/internal';
import { ClusterBackend } from '../../src/backend/cluster-backend.js';
import {
  LocalClusterLinks,
  type LocalClusterOptions,
} from '../../src/backend/local-cluster-links.js';
import {
  createLocalDirectories,
  type LocalDirectories,
} from '../../src/storage/local-directories.js';
import { AttemptKey } from '../../src/transport/index.js';
import { hash } from '../host/user-functions.js';

export type Ended = Exclude<TaskUpdate, { kind: 'running' }>;

/** Quick times, and still far from what a loaded machine needs for a beat. */
export const quickSettings: readonly (readonly [string, string])[] = [
  ['heddle.executor.heartbeatInterval', '200ms'],
  ['heddle.network.timeout', '6s'],
  ['heddle.log.level', 'debug'],
];

/** Executor processes whose tasks run `user-functions.ts`, and a scheduler that is a few promises. */
export class ClusterFixture {
  readonly key = AttemptKey.generate();
  readonly folder = mkdtempSync(join(tmpdir(), 'heddle-cluster-test-'));
  readonly directories: LocalDirectories = createLocalDirectories(this.folder, 'test');
  readonly links: LocalClusterLinks;
  readonly backend: ClusterBackend;
  readonly pids = new Map<string, number>();
  readonly added: string[] = [];
  readonly losses: ExecutorLoss[] = [];
  readonly draining: string[] = [];
  readonly updates: Ended[] = [];
  readonly commits: number[] = [];
  readonly output: string[] = [];
  failure: HeddleError | undefined;
  #nextTask = 0;
  #nextStage = 0;

  constructor(options: Partial<LocalClusterOptions> = {}) {
    const taskFile = fileURLToPath(new URL('../host/user-functions.js', import.meta.url));
    const links = new LocalClusterLinks({
      key: this.key,
      applicationId: 'local-1',
      applicationAttemptId: '1',
      executors: 2,
      slots: 1,
      memoryBytes: 512 * 2 ** 20,
      program: {
        taskFile,
        hash,
        fileHash: createHash('sha256').update(readFileSync(taskFile)).digest('hex'),
      },
      localDirectories: this.directories.directories,
      ownedDirectories: this.directories.directories,
      filesDirectory: join(this.folder, 'files'),
      settings: new Map(quickSettings),
      executorEntry: fileURLToPath(new URL('./test-executor-main.js', import.meta.url)),
      environment: { PATH: process.env['PATH'] ?? '' },
      logger: silentLogger,
      wrote: (_executorId, line) => this.output.push(line),
      ...options,
    });
    this.links = links;
    this.backend = new ClusterBackend(
      {
        start: (events) =>
          links.start({
            ...events,
            joined: (executor) => {
              this.pids.set(executor.executorId, executor.pid);
              events.joined(executor);
            },
          }),
        wish: () => links.wish(),
        send: (executorId, message) => links.send(executorId, message),
        end: (executorId, reason) => links.end(executorId, reason),
        readResult: (...range) => links.readResult(...range),
        setPeers: (peers) => links.setPeers(peers),
        addBroadcast: (id, bytes) => links.addBroadcast(id, bytes),
        removeBroadcast: (id) => links.removeBroadcast(id),
        stop: () => links.stop(),
      },
      silentLogger,
    );
  }

  async start(): Promise<void> {
    await this.backend.start({
      executorAdded: ({ executorId }) => this.added.push(executorId),
      executorRemoved: (loss) => this.losses.push(loss),
      executorDraining: (executorId) => this.draining.push(executorId),
      blocksChanged: () => undefined,
      taskUpdate: (update) => {
        if (update.kind !== 'running') this.updates.push(update);
      },
      mayCommit: ({ taskAttemptId }) => {
        this.commits.push(taskAttemptId);
        return true;
      },
      backendFailed: (error) => (this.failure = error),
    });
  }

  /** Registers a stage; returns its id. */
  stage(plan: StagePlan, shuffleInputs: readonly ShuffleInput[] = []): number {
    const stageId = this.#nextStage++;
    this.backend.registerStage({
      stageId,
      stageAttempt: 0,
      jobId: 1,
      plan,
      shuffleInputs,
      properties: {},
    });
    return stageId;
  }

  /** Launches a task; returns its attempt's id. */
  launch(executorId: string, stageId: number, split: Split): number {
    return this.launchTogether(executorId, stageId, [split])[0]!;
  }

  /** Launches tasks that run one after another in a slot; returns their attempts' ids. */
  launchTogether(executorId: string, stageId: number, splits: readonly Split[]): number[] {
    const [first, ...followers] = splits.map((split): TaskDescription => {
      const taskAttemptId = this.#nextTask++;
      const partition = split.index;
      const once = { stageAttempt: 0, generation: 0, attemptNumber: 0 };
      return { taskAttemptId, stageId, partition, split, ...once };
    });
    if (first === undefined) throw new Error('no task');
    this.backend.launch(executorId, followers.length === 0 ? first : { ...first, followers });
    return [first, ...followers].map(({ taskAttemptId }) => taskAttemptId);
  }

  /** Runs a task to its end, wherever. */
  async run(executorId: string, stageId: number, split: Split): Promise<Ended> {
    const id = this.launch(executorId, stageId, split);
    await until(`task ${id} to end`, () => this.updateOf(id) !== undefined);
    return this.updateOf(id)!;
  }

  updateOf(taskAttemptId: number): Ended | undefined {
    return this.updates.find((update) => update.taskAttemptId === taskAttemptId);
  }

  /** An executor that is there now. */
  get alive(): string[] {
    const gone = new Set(this.losses.map(({ executorId }) => executorId));
    return this.added.filter((executorId) => !gone.has(executorId));
  }

  pid(executorId: string): number {
    return this.pids.get(executorId)!;
  }

  /** Folders of processes in the application's directory. */
  processFolders(): string[] {
    const [directory] = this.directories.directories;
    if (directory === undefined || !existsSync(directory)) return [];
    return readdirSync(directory).filter((name) => name.startsWith('executor-'));
  }

  async stop(): Promise<void> {
    await this.backend.stop();
    this.directories.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits for a condition; its error names what was waited for. */
export async function until(
  what: string,
  condition: () => boolean,
  timeoutMs = 45_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await delay(10);
  }
}
