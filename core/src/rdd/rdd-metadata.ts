import { inspect } from 'node:util';
import { ArgumentError } from '@heddle/common';
import type { HeddleContext } from '../context/heddle-context.js';
import { driverOnlySymbol } from '../context/reference.js';
import { StorageLevelError } from '../errors/index.js';
import type { Partitioner } from '../partitioner/partitioner.js';
import { StorageLevel, StorageLevelValue } from '../storage/storage-level.js';
import { beginAction } from './actions/run.js';
import type { ActionOptions } from './arguments.js';
import { lastingLevel, markLocal, markReliable } from './checkpoint.js';
import { debugText } from './debug-text.js';
import { rddOf } from './facade.js';
import { prepareWithoutWork } from './prepare.js';
import type { RddNode } from './rdd-node.js';
import type { Dependency, Partition } from './types.js';

/** What an RDD is and where it comes from; the base of `RDD`. */
export abstract class RddMetadata<T> {
  /** Only the type uses it: records of the RDD. */
  declare protected readonly records: T;
  readonly #node: RddNode;

  /** Made by operators and the context only. */
  constructor(node: RddNode) {
    this.#node = node;
  }

  /** The metadata of an RDD. @throws ArgumentError when `rdd` is none @internal */
  static nodeOf(rdd: unknown, what = 'an argument'): RddNode {
    if (typeof rdd !== 'object' || rdd === null || !(#node in rdd)) {
      throw new ArgumentError(`${what} must be an RDD, and is ${String(rdd)}`);
    }
    return rdd.#node;
  }

  /** Why a function cannot take it along to a task. */
  get [driverOnlySymbol](): string {
    return (
      'an RDD lives on the driver only: it cannot be used inside a function that runs in tasks. ' +
      'Join the two RDDs, or collect the smaller one and broadcast it'
    );
  }

  /** Unique in the application. */
  get id(): number {
    return this.#node.rddId;
  }

  get context(): HeddleContext {
    return this.#node.core.context;
  }

  get name(): string | undefined {
    return this.#node.name;
  }

  /**
   * Names this RDD in debug strings and pages; returns it.
   *
   * @example
   * sc.range(3).setName('three').name; // 'three'
   */
  setName(name: string): this {
    this.#node.name = name;
    return this;
  }

  /**
   * The edges to the parents. Exact once the inputs are known (after an action, or any of the
   * asynchronous queries); before that, of an operator that may find its parents partitioned already,
   * the edge that it has otherwise.
   */
  get dependencies(): readonly Dependency[] {
    const node = this.#node;
    if (prepareWithoutWork(node)) {
      return node.facts.dependencies.map(({ parent, kind }) => ({ rdd: rddOf(parent), kind }));
    }
    const kind = node.definition.wide ? 'shuffle' : 'narrow';
    return node.definition.parents.map((parent) => ({ rdd: rddOf(parent), kind }));
  }

  get storageLevel(): StorageLevel {
    return this.#node.storageLevel ?? StorageLevel.NONE;
  }

  get isCached(): boolean {
    return this.#node.storageLevel !== undefined;
  }

  /**
   * Runs no job, except what listing inputs and sampling for a sort need.
   *
   * @throws InputNotFoundError and other errors of listing the input
   *
   * @example
   * await sc.range(0, 10, 1, 4).getNumPartitions(); // 4
   */
  async getNumPartitions(options?: ActionOptions): Promise<number> {
    await this.#prepare('getNumPartitions', options);
    return this.#node.partitionCount;
  }

  /**
   * One object for each partition, in order; as `getNumPartitions`.
   *
   * @throws InputNotFoundError and other errors of listing the input
   *
   * @example
   * await sc.range(0, 10, 1, 2).partitions(); // [{ index: 0 }, { index: 1 }]
   */
  async partitions(options?: ActionOptions): Promise<Partition[]> {
    await this.#prepare('partitions', options);
    return Array.from({ length: this.#node.partitionCount }, (_, index) => ({ index }));
  }

  /**
   * What decided the partition of each key, if anything did.
   *
   * @throws InputNotFoundError and other errors of listing the input
   *
   * @example
   * const counts = sc.range(9).keyBy((x) => x % 3).reduceByKey((a, b) => a + b, 3);
   * (await counts.partitioner())?.numPartitions; // 3
   */
  async partitioner(options?: ActionOptions): Promise<Partitioner | undefined> {
    await this.#prepare('partitioner', options);
    return this.#node.facts.partitioning?.partitioner;
  }

  /**
   * Hosts that hold the input of a partition, best first.
   *
   * @throws ArgumentError
   *
   * @example
   * await sc.range(3).preferredLocations(0); // []
   */
  async preferredLocations(partition: number, options?: ActionOptions): Promise<string[]> {
    await this.#prepare('preferredLocations', options);
    const { partitionCount } = this.#node;
    if (!Number.isSafeInteger(partition) || partition < 0 || partition >= partitionCount) {
      throw new ArgumentError(
        `preferredLocations: the RDD has ${partitionCount} partitions, and ${String(partition)} is none of them`,
      );
    }
    return [...this.#node.preferredLocations(partition)];
  }

  /**
   * The lineage as text: `(n)` partitions, kinds, call sites, `+-` at each shuffle, as Spark prints it.
   *
   * @throws InputNotFoundError and other errors of listing the input
   *
   * @example
   * (await sc.range(0, 3, 1, 1).toDebugString()).startsWith('(1) RangeRDD'); // true
   */
  async toDebugString(options?: ActionOptions): Promise<string> {
    await this.#prepare('toDebugString', options);
    return debugText(this.#node);
  }

  /**
   * Keeps the partitions that the next actions compute, for those after them.
   *
   * @throws StorageLevelError when it has another level already: `unpersist()` it first
   *
   * @example
   * const squares = sc.range(3).map((x) => x * x).persist(StorageLevel.MEMORY_AND_DISK);
   * squares.storageLevel.useDisk; // true
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    const node = this.#node;
    node.core.checkRunning();
    if (!(level instanceof StorageLevelValue)) {
      throw new ArgumentError('persist: level must be one of the constants of StorageLevel');
    }
    if (node.checkpoint?.kind === 'local') {
      // Its blocks are, or will be, all there is: they stay where they cannot be evicted.
      if (level.isValid) node.storageLevel = lastingLevel(level);
      return this;
    }
    if (node.storageLevel !== undefined && !node.storageLevel.equals(level)) {
      throw new StorageLevelError(
        `the RDD is persisted as ${node.storageLevel.toString()} and cannot be as ${level.toString()} ` +
          'as well: unpersist() it first',
      );
    }
    if (level.isValid && node.storageLevel === undefined) {
      node.storageLevel = level;
      node.core.cleaner.watchPersisted(node);
    }
    return this;
  }

  /**
   * `persist(StorageLevel.MEMORY_ONLY)`.
   *
   * @throws StorageLevelError when it has another level already; ContextStoppedError
   *
   * @example
   * sc.range(3).cache().isCached; // true
   */
  cache(): this {
    return this.persist();
  }

  /**
   * Drops the kept partitions; resolves when they are gone only if `blocking`.
   *
   * @throws ContextStoppedError after `stop()`
   *
   * @example
   * const kept = sc.range(3).cache();
   * await kept.unpersist();
   * kept.isCached; // false
   */
  async unpersist(blocking = false): Promise<void> {
    const node = this.#node;
    node.core.checkRunning();
    if (node.storageLevel === undefined) return;
    node.storageLevel = undefined;
    node.core.cleaner.forgetPersisted(node);
    await node.core.application.runner.unpersist(node.rddId, blocking);
  }

  /**
   * Has the next action that needs this RDD write it to the directory of `setCheckpointDir`, by a job
   * of its own (persist it first, or it is computed twice), and forget its lineage: from then on it
   * is read from there. Also after earlier actions; the mark stays until it is done.
   *
   * Source: Spark 4.0 `RDD.checkpoint`, where it must come before the first action.
   *
   * @throws CheckpointDirectoryError before `setCheckpointDir`
   *
   * @example
   * await sc.setCheckpointDir(dir);
   * const rdd = sc.range(3).cache();
   * rdd.checkpoint();
   * await rdd.count();
   * rdd.isCheckpointed; // true
   */
  checkpoint(): void {
    markReliable(this.#node);
  }

  /**
   * The same with the cached blocks of the executors: fast, and gone with them. Persists the RDD
   * (memory and disk unless it has a level). A task that needs a block that is gone fails with
   * `CheckpointBlockLostError`.
   *
   * @throws ContextStoppedError after `stop()`
   *
   * @example
   * const rdd = sc.range(3).localCheckpoint();
   * await rdd.count();
   * rdd.isCheckpointed; // true
   */
  localCheckpoint(): this {
    markLocal(this.#node);
    return this;
  }

  /** Whether the lineage was cut by a checkpoint of either kind. */
  get isCheckpointed(): boolean {
    return this.#node.checkpoint?.isDone === true;
  }

  /** Whether it is marked for, or has, a local checkpoint. */
  get isLocallyCheckpointed(): boolean {
    return this.#node.checkpoint?.kind === 'local';
  }

  /**
   * URI of the folder that holds the checkpoint; undefined before it is written, and for local ones.
   *
   * @example
   * sc.range(3).getCheckpointFile(); // undefined
   */
  getCheckpointFile(): string | undefined {
    return this.#node.checkpoint?.directory;
  }

  /**
   * Deletes the map outputs of all shuffles in the lineage, as far as no persisted RDD stands between.
   * An action that needs them computes them again. Waits for the executors only when `blocking`.
   *
   * @throws ContextStoppedError after `stop()`
   *
   * @example
   * const groups = sc.range(10).groupBy((x) => x % 2);
   * await groups.count();
   * await groups.cleanShuffleDependencies(true);
   * await groups.count(); // 2
   */
  async cleanShuffleDependencies(blocking = false): Promise<void> {
    const { core } = this.#node;
    core.checkRunning();
    await Promise.all(
      shufflesOf(this.#node).map((id) => core.application.runner.removeShuffle(id, blocking)),
    );
  }

  /**
   * `words MapPartitionsRDD[3] at map at app.ts:12`.
   *
   * @example
   * /^MapPartitionsRDD\[\d+\] at map at /.test(sc.range(3).map((x) => x).toString()); // true
   */
  toString(): string {
    return this.#node.toString();
  }

  /** What `console.log` shows: the records are not here. */
  [inspect.custom](): string {
    return this.toString();
  }

  async #prepare(operator: string, options: ActionOptions | undefined): Promise<void> {
    await this.#node.core.prepare(this.#node, beginAction(this.#node.core, operator, options));
  }
}

/** Shuffles that are reached without passing a persisted RDD. */
function shufflesOf(node: RddNode): number[] {
  const ids = new Set<number>();
  const seen = new Set<RddNode>([node]);
  const stack = [node];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (!top.isPrepared || (top !== node && top.storageLevel !== undefined)) continue;
    for (const dependency of top.facts.dependencies) {
      if (dependency.kind === 'shuffle') ids.add(dependency.shuffle.shuffleId);
      if (seen.has(dependency.parent)) continue;
      seen.add(dependency.parent);
      stack.push(dependency.parent);
    }
  }
  return [...ids];
}

/** The metadata of an RDD. @throws ArgumentError when it is none */
export function nodeOf(rdd: unknown, what?: string): RddNode {
  return RddMetadata.nodeOf(rdd, what);
}
