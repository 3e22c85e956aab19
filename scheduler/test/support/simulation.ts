import type {
  BlockStatus,
  JobSink,
  LineageNode,
  StagePlan,
  TaskDescription,
  TaskFailure,
  TaskUpdate,
} from 'heddle/internal';
import { DEFAULT_EXCLUSION } from '../../src/exclusion/exclusion-options.js';
import { SchedulerRunner } from '../../src/index.js';
import type { Timers } from '../../src/index.js';
import type { LaunchedTask } from './fakes.js';
import { FakeBackend, FakeCompiler, NO_METRICS, failedUpdate, jobRequest } from './fakes.js';
import type { TestNode } from './lineage.js';
import { Lineage } from './lineage.js';

/** What a computed partition was made from: `shuffle/map partition` → the run that wrote it. */
export type View = ReadonlyMap<string, string>;

export interface SimulatedJob {
  readonly node: TestNode;
  readonly results: (Uint8Array | undefined)[];
  /** Positions, as their results came. */
  readonly delivered: readonly number[];
  /** Set when its tasks commit. */
  readonly saveId: number | undefined;
  outcome: 'pending' | 'succeeded' | Error;
  wasCancelled: boolean;
}

/** Small, fast, seeded (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Plans that remember their node. */
class SimulatedCompiler extends FakeCompiler {
  readonly nodeOf = new WeakMap<StagePlan, LineageNode>();

  override resultPlan(...args: Parameters<FakeCompiler['resultPlan']>): StagePlan {
    const plan = super.resultPlan(...args);
    this.nodeOf.set(plan, args[0]);
    return plan;
  }

  override shuffleMapPlan(...args: Parameters<FakeCompiler['shuffleMapPlan']>): StagePlan {
    const plan = super.shuffleMapPlan(...args);
    this.nodeOf.set(plan, args[0]);
    return plan;
  }
}

/** Kills are obeyed when the simulation comes to it. */
class SimulatedBackend extends FakeBackend {
  readonly kills: { readonly launched: LaunchedTask; readonly reason: string }[] = [];
  readonly recalls: { readonly executorId: string; readonly taskAttemptId: number }[] = [];
  onRemoveRdd: (rddId: number) => void = () => undefined;
  readonly launches: { readonly ids: readonly number[] }[] = [];
  /** Removals and launches, in their order. */
  #events = 0;
  readonly #removedAt = new Map<number, number>();
  readonly #launchedAt = new Map<number, number>();

  /** An executor refuses a block from a task that began before its RDD was removed. */
  mayStore(rddId: number, taskAttemptId: number): boolean {
    return (this.#removedAt.get(rddId) ?? 0) < (this.#launchedAt.get(taskAttemptId) ?? 0);
  }

  override launch(executorId: string, task: TaskDescription): void {
    this.#events++;
    const ids = [task, ...(task.followers ?? [])].map(({ taskAttemptId }) => taskAttemptId);
    for (const id of ids) this.#launchedAt.set(id, this.#events);
    this.launches.push({ ids });
    super.launch(executorId, task);
  }

  override removeRdd(rddId: number): Promise<void> {
    this.#removedAt.set(rddId, ++this.#events);
    this.onRemoveRdd(rddId);
    return super.removeRdd(rddId);
  }

  override kill(_executorId: string, taskAttemptId: number, reason: string): void {
    const launched = this.running.get(taskAttemptId);
    if (launched !== undefined) this.kills.push({ launched, reason });
  }

  override recall(executorId: string, taskAttemptId: number): void {
    this.recalls.push({ executorId, taskAttemptId });
  }
}

class CommitDenied extends Error {}

class FetchFailure extends Error {
  constructor(readonly failure: Extract<TaskFailure, { kind: 'fetchFailed' }>) {
    super(failure.summary);
  }
}

/**
 * A small cluster that computes for real what data a result was made from, with everything going
 * wrong at random: tasks that throw, executors that die and whose last words come late, files that
 * rot, cached blocks that are evicted without a word, jobs that are cancelled.
 */
export class Simulation {
  readonly #random: () => number;
  readonly backend = new SimulatedBackend();
  readonly compiler = new SimulatedCompiler();
  readonly runner: SchedulerRunner;
  readonly jobs: SimulatedJob[] = [];
  /** merges seen for `stage * 1000 + partition` */
  readonly merges = new Map<number, number>();
  readonly #nodes: TestNode[] = [];
  readonly #timers: { readonly action: () => void; isOn: boolean }[] = [];
  /** map id → what was written; missing when the file is gone */
  readonly #files = new Map<string, { readonly view: View; readonly executorId: string }>();
  /** `rdd/partition` → block */
  readonly #blocks = new Map<string, { readonly view: View; readonly executorId: string }>();
  readonly #executors = new Set<string>();
  readonly #lastWords: TaskUpdate[] = [];
  readonly #draining = new Set<string>();
  readonly #hosts = new Map<string, string>();
  /** What went wrong, by name: a run in which nothing did proves nothing. */
  readonly faults = new Map<string, number>();
  /** save → generation → partition → attempts that were let commit and whose success was heard */
  readonly commits = new Map<number, Map<number, Map<number, number>>>();
  #nextExecutor = 0;
  #nextRun = 0;
  #nowMs = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    const timers: Timers = {
      start: (_delayMs, action) => {
        const timer = { action, isOn: true };
        this.#timers.push(timer);
        return () => {
          timer.isOn = false;
        };
      },
    };
    this.runner = new SchedulerRunner({
      backend: this.backend,
      compiler: this.compiler,
      timers,
      clock: { nowMs: () => this.#nowMs, monotonicMs: () => this.#nowMs },
      ...(this.#chance(0.5) && { adaptiveTargetBytes: 1 << 20 }),
      ...(this.#chance(0.5) && {
        sharing: { launchMs: 20, mostTasks: 8, provenBy: 0, shares: 0.5, patienceMs: 300 },
      }),
      ...(this.#chance(0.5) && {
        speculation: { quantile: 0.5, multiplier: 1.1, intervalMs: 100, minTaskRuntimeMs: 100 },
      }),
      ...(this.#chance(0.2) && {
        exclusion: { ...DEFAULT_EXCLUSION, timeoutMs: 2_000, unschedulableTimeoutMs: 60_000_000 },
      }),
      accumulators: {
        merge: (id) => {
          this.merges.set(id, (this.merges.get(id) ?? 0) + 1);
        },
      },
    });
  }

  async run(): Promise<void> {
    await this.runner.start();
    this.backend.onRemoveRdd = (rddId) => {
      for (const key of this.#blocks.keys())
        if (key.startsWith(`${rddId}/`)) this.#blocks.delete(key);
    };
    this.#makeLineage();
    for (let count = 1 + this.#upTo(3); count > 0; count--) this.#addExecutor();
    const jobs = 1 + this.#upTo(3);
    for (let step = 0; step < 5_000; step++) {
      if (this.jobs.length < jobs && (this.jobs.length === 0 || this.#chance(0.1))) this.#submit();
      // Later on nothing goes wrong any more: all that can end must end.
      this.#step(step < 400 ? 0.4 : 0);
      if (step % 8 === 0) await Promise.resolve();
      if (this.jobs.length === jobs && this.jobs.every((job) => job.outcome !== 'pending')) break;
    }
    await new Promise((resolve) => setImmediate(resolve));
    // What was killed at the end says so.
    for (const [id, { executorId }] of [...this.backend.running]) {
      this.backend.reply(failedUpdate(id, executorId, { kind: 'killed', reason: 'end' }));
    }
  }

  /** The view that a job's result at a position carries. */
  viewOf(bytes: Uint8Array): View {
    return new Map(JSON.parse(new TextDecoder().decode(bytes)) as [string, string][]);
  }

  #makeLineage(): void {
    const lineage = new Lineage();
    const pick = (): TestNode => {
      const node = this.#nodes[this.#upTo(this.#nodes.length)];
      if (node === undefined) throw new Error('no node');
      return node;
    };
    for (let index = 0; index < 4 + this.#upTo(8); index++) {
      const options = this.#chance(0.15) ? { determinacy: 'indeterminate' as const } : {};
      const partitions = 1 + this.#upTo(4);
      const kind = this.#nodes.length === 0 ? 0 : this.#upTo(6);
      const node =
        kind === 0
          ? lineage.source(partitions, options)
          : kind === 1
            ? lineage.map(pick(), options)
            : kind === 2
              ? lineage.union([pick(), pick()], options)
              : kind === 3
                ? lineage.cogroup([pick(), pick()], partitions, options)
                : lineage.shuffle(pick(), partitions, options);
      if (this.#chance(0.3)) node.cache();
      this.#nodes.push(node);
    }
  }

  #submit(): void {
    // Later nodes are the interesting ones.
    const last = this.#nodes.length - 1;
    const node = this.#nodes[Math.max(0, last - this.#upTo(3))];
    if (node === undefined) return;
    const saveId = this.jobs.length + 1;
    const isSave = this.#chance(0.3);
    const delivered: number[] = [];
    const sink: JobSink = {
      build: () =>
        isSave
          ? { kind: 'saveAsTextFile', output: { temporaryDirectory: '/tmp', saveId } }
          : { kind: 'count' },
    };
    const request = jobRequest(node, {
      sink,
      onResult: (position, bytes) => {
        delivered.push(position);
        request.results[position] = bytes;
      },
    });
    const job: SimulatedJob = {
      node,
      results: request.results,
      delivered,
      saveId: isSave ? saveId : undefined,
      outcome: 'pending',
      wasCancelled: false,
    };
    this.jobs.push(job);
    this.runner.runJob(request).then(
      () => {
        job.outcome = 'succeeded';
      },
      (error: unknown) => {
        job.outcome = error instanceof Error ? error : new Error(String(error));
      },
    );
  }

  #step(trouble: number): void {
    this.#nowMs += 100;
    if (this.#chance(trouble * 0.2)) {
      this.#loseExecutor();
      return;
    }
    if (this.#chance(trouble * 0.1)) this.#drainExecutor();
    // All of them leave at last when nothing else goes wrong: their jobs need others.
    if (trouble === 0 && this.#draining.size === this.#executors.size) this.#addExecutor();
    if (this.#chance(trouble * 0.05)) {
      for (const job of this.jobs) job.wasCancelled ||= job.outcome === 'pending';
      this.runner.cancelAllJobs('the simulation says so');
      return;
    }
    if (this.#executors.size === 0 || this.#chance(trouble * 0.2)) this.#addExecutor();
    if (this.#chance(trouble * 0.2)) this.#rot(this.#files);
    if (this.#chance(trouble * 0.2)) this.#rot(this.#blocks);
    const words =
      this.#lastWords.length > 0 && this.#chance(0.3) ? this.#lastWords.shift() : undefined;
    if (words !== undefined) {
      this.#count('late words');
      this.backend.events?.taskUpdate(words);
    }
    const kill =
      this.backend.kills.length > 0 && this.#chance(0.5) ? this.backend.kills.shift() : undefined;
    if (kill !== undefined) {
      const { launched, reason } = kill;
      if (this.backend.running.has(launched.task.taskAttemptId)) {
        this.backend.reply(
          failedUpdate(launched.task.taskAttemptId, launched.executorId, {
            kind: 'killed',
            reason,
          }),
        );
      }
      return;
    }
    this.#giveBack();
    const running = [...this.backend.running.values()];
    const launched = running[this.#upTo(running.length)];
    if (launched === undefined || this.#chance(0.2)) {
      this.#nowMs += 3_000;
      for (const timer of this.#timers.splice(0)) if (timer.isOn) timer.action();
    }
    if (launched === undefined) return;
    const update = this.#endOf(launched, trouble);
    this.backend.reply(update);
    // Told twice, at once or later.
    if (this.#chance(trouble * 0.2)) {
      this.#count('duplicates');
      if (this.#chance(0.5)) this.backend.events?.taskUpdate(update);
      else this.#lastWords.push(update);
    }
  }

  /** What waits in the slot of a recalled attempt is given back, as far as it has not begun. */
  #giveBack(): void {
    const recall = this.#chance(0.5) ? this.backend.recalls.shift() : undefined;
    if (recall === undefined) return;
    const { executorId, taskAttemptId } = recall;
    const launch = this.backend.launches.find(({ ids }) => ids.includes(taskAttemptId))?.ids ?? [];
    for (const id of launch.slice(1)) {
      if (!this.backend.running.has(id) || this.#chance(0.2)) continue;
      this.#count('tasks given back');
      const failure = { kind: 'killed', reason: 'given back', notBegun: true } as const;
      this.backend.reply(failedUpdate(id, executorId, failure));
    }
  }

  #drainExecutor(): void {
    const [executorId] = [...this.#executors].slice(this.#upTo(this.#executors.size));
    if (executorId === undefined) return;
    this.#count('drains');
    this.#draining.add(executorId);
    this.backend.events?.executorDraining(executorId);
  }

  #count(fault: string): void {
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  #endOf(launched: LaunchedTask, trouble: number): TaskUpdate {
    const { task, executorId } = launched;
    const fail = (failure: TaskFailure): TaskUpdate =>
      failedUpdate(task.taskAttemptId, executorId, failure);
    if (this.#chance(trouble * 0.5)) {
      this.#count('task failures');
      return fail({ kind: 'threadLost', reason: 'exit', summary: 'exit 1' });
    }
    if (this.#chance(trouble * 0.2)) return fail({ kind: 'commitDenied', summary: 'no' });
    try {
      return this.#success(launched);
    } catch (error) {
      if (error instanceof CommitDenied) return fail({ kind: 'commitDenied', summary: 'no' });
      if (error instanceof FetchFailure) {
        this.#count('fetch failures');
        return fail(error.failure);
      }
      throw error;
    }
  }

  #success(launched: LaunchedTask): TaskUpdate {
    const { task, stage, executorId } = launched;
    const node = this.compiler.nodeOf.get(stage.plan);
    if (node === undefined) throw new Error('a plan of nobody');
    const blocks: BlockStatus[] = [];
    const view = this.#compute(node, task.partition, launched, blocks);
    const { sink } = stage.plan;
    if (sink.kind === 'saveAsTextFile') this.#commit(task, sink.output.saveId);
    const update = this.backend.success(
      launched,
      new TextEncoder().encode(JSON.stringify([...view])),
    );
    if (update.kind !== 'succeeded') return update;
    if (update.result.kind === 'mapOutput') {
      const { mapId, shuffleId, mapPartition } = update.result.status;
      // What a determinate stage writes depends on what it read alone.
      const run = node.determinacy === 'indeterminate' ? `run ${this.#nextRun++}` : 'always';
      const written = new Map(view).set(`${shuffleId}/${mapPartition}`, run);
      this.#files.set(mapId, { view: written, executorId });
    }
    const accumulators = [
      { accumulatorId: stage.stageId * 1_000 + task.partition, value: new Uint8Array(0) },
    ];
    return { ...update, accumulators, blocks, metrics: NO_METRICS };
  }

  #commit({ generation, partition, taskAttemptId }: TaskDescription, saveId: number): void {
    const request = { saveId, generation, partition, taskAttemptId };
    if (this.backend.events?.mayCommit(request) !== true) {
      this.#count('commits denied');
      throw new CommitDenied();
    }
    // It dies with the right in its hand: another one must get it.
    if (this.#chance(0.1)) {
      this.#count('failures after the right to commit');
      throw new CommitDenied();
    }
    const generations = this.commits.get(saveId) ?? new Map<number, Map<number, number>>();
    const partitions = generations.get(generation) ?? new Map<number, number>();
    partitions.set(partition, (partitions.get(partition) ?? 0) + 1);
    generations.set(generation, partitions);
    this.commits.set(saveId, generations);
  }

  /** What a partition is made from, read from blocks and files as an executor would. */
  #compute(
    node: LineageNode,
    partition: number,
    launched: LaunchedTask,
    blocks: BlockStatus[],
  ): View {
    const key = `${node.rddId}/${partition}`;
    const block = node.storageLevel && this.#blocks.get(key);
    if (block !== undefined) return block.view;
    const view = new Map<string, string>();
    const merge = (other: View): void => {
      for (const [what, run] of other) {
        const known = view.get(what);
        if (known !== undefined && known !== run) {
          throw new Error(`partition ${key} mixes ${known} and ${run} of ${what}`);
        }
        view.set(what, run);
      }
    };
    for (const dependency of node.dependencies) {
      if (dependency.kind === 'narrow') {
        for (const parent of dependency.parentPartitions(partition)) {
          merge(this.#compute(dependency.parent, parent, launched, blocks));
        }
        continue;
      }
      const { shuffleId } = dependency.shuffle;
      const input = launched.stage.shuffleInputs.find((each) => each.shuffleId === shuffleId);
      if (input === undefined) throw new Error(`no input for shuffle ${shuffleId}`);
      const { generation, firstMissingMapPartition: missing } = input;
      const lose = (mapPartition: number, mapId: string): never => {
        const summary = 'gone';
        const scope = (['output', 'executor', 'host'] as const)[this.#upTo(3)] ?? 'output';
        throw new FetchFailure({
          kind: 'fetchFailed',
          scope,
          shuffleId,
          mapPartition,
          mapId,
          generation,
          summary,
        });
      };
      if (missing !== undefined) lose(missing, '');
      for (const { mapId, mapPartition } of input.outputs) {
        merge((this.#files.get(mapId) ?? lose(mapPartition, mapId)).view);
      }
    }
    const { taskAttemptId } = launched.task;
    if (node.storageLevel !== undefined && this.backend.mayStore(node.rddId, taskAttemptId)) {
      this.#blocks.set(key, { view, executorId: launched.executorId });
      blocks.push({ rddId: node.rddId, partition, memoryBytes: 1, diskBytes: 0 });
    }
    return view;
  }

  #addExecutor(): void {
    const executorId = `e${this.#nextExecutor++}`;
    this.#executors.add(executorId);
    const host = `h${this.#upTo(2)}`;
    this.#hosts.set(executorId, host);
    this.backend.addExecutor(executorId, 1 + this.#upTo(2), host);
  }

  #loseExecutor(): void {
    const [executorId] = [...this.#executors].slice(this.#upTo(this.#executors.size));
    if (executorId === undefined) return;
    this.#executors.delete(executorId);
    for (const launched of this.backend.running.values()) {
      // It was about to succeed, and says so when nobody believes it any more.
      if (launched.executorId === executorId && this.#chance(0.5)) {
        this.#lastWords.push(this.backend.success(launched));
      }
    }
    this.#draining.delete(executorId);
    const isServed = this.#chance(0.3);
    const hostLost = !isServed && this.#chance(0.2);
    this.#count(isServed ? 'losses with outputs served' : hostLost ? 'host losses' : 'losses');
    const isGone = (holder: string): boolean =>
      holder === executorId ||
      (hostLost && this.#hosts.get(holder) === this.#hosts.get(executorId));
    if (!isServed) {
      for (const [key, kept] of this.#files) if (isGone(kept.executorId)) this.#files.delete(key);
    }
    for (const [key, kept] of this.#blocks) {
      if (kept.executorId === executorId) this.#blocks.delete(key);
    }
    this.backend.removeExecutor(executorId, this.#chance(0.3), {
      hostLost,
      mapOutputs: isServed ? 'served' : 'lost',
    });
    // It may be told of twice, and come back under its old name.
    if (this.#chance(0.2)) this.backend.removeExecutor(executorId);
    if (this.#chance(0.1)) this.backend.addExecutor(executorId, 1, 'h0');
  }

  #rot(store: Map<string, unknown>): void {
    const keys = [...store.keys()];
    const key = keys[this.#upTo(keys.length)];
    if (key !== undefined) store.delete(key);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #upTo(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
