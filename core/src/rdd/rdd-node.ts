import type { CallSite } from '@heddle/common';
import { InternalError, callSiteShort } from '@heddle/common';
import type { DriverCore } from '../context/driver-core.js';
import type { Partitioning, PlaceClosure } from '../partitioner/partitioning.js';
import type {
  LineageDependency,
  LineageNode,
  Operator,
  ShuffleLineage,
  ShuffleWriteSource,
  ShuffleWriteSpec,
  SourceSplit,
} from '../plan/index.js';
import type { StorageLevel } from '../storage/storage-level.js';

export type Determinacy = LineageNode['determinacy'];

/** An edge to a parent of the same stage. */
export interface NarrowDependency {
  readonly kind: 'narrow';
  readonly parent: RddNode;
  /** Partition i reads exactly the parent's partition i. */
  readonly oneToOne: boolean;
  parentPartitions(partition: number): readonly number[];
}

/** An edge across a shuffle. */
export interface ShuffleDependency {
  readonly kind: 'shuffle';
  readonly parent: RddNode;
  readonly shuffle: Shuffle;
}

export type NodeDependency = NarrowDependency | ShuffleDependency;

/** One shuffle: what the scheduler sees of it, and what its map tasks write. */
export class Shuffle implements ShuffleLineage, ShuffleWriteSource {
  readonly #build: (place: PlaceClosure) => Omit<ShuffleWriteSpec, 'shuffleId'>;

  constructor(
    readonly shuffleId: number,
    readonly numReducePartitions: number,
    readonly callSite: CallSite,
    build: (place: PlaceClosure) => Omit<ShuffleWriteSpec, 'shuffleId'>,
  ) {
    this.#build = build;
  }

  build(place: PlaceClosure): ShuffleWriteSpec {
    return { shuffleId: this.shuffleId, ...this.#build(place) };
  }
}

/** What is known of an RDD once its inputs are listed and its parents are prepared. Never changes. */
export interface PreparedFacts {
  readonly partitionCount: number;
  readonly partitioning: Partitioning | undefined;
  /** In the order of the operator's inputs. */
  readonly dependencies: readonly NodeDependency[];
  readonly determinacy: Determinacy;
  /** The operator, with its closures placed in the stage that is being planned. */
  operator(place: PlaceClosure): Operator;
  /** What a partition of a source reads; only on sources. */
  readonly source?: (partition: number) => SourceSplit;
  /** Hosts of a partition's input; only on sources that know any. */
  readonly hosts?: (partition: number) => readonly string[];
  /**
   * The parent partitions that a partition reads, as (input, partition) pairs in order; needed only
   * where asking every dependency would be slow.
   */
  readonly reads?: (partition: number) => readonly { input: number; partition: number }[];
}

/** How long preparing may take, and who may end it. */
export interface PrepareRun {
  readonly signal: AbortSignal | undefined;
}

/** How far the checkpoint of an RDD is. */
export interface CheckpointState {
  readonly kind: 'reliable' | 'local';
  /** Set while it is being written. */
  running?: Promise<void>;
  /** It is there, and the lineage is cut. */
  isDone: boolean;
  /** URI of the folder with its files; of reliable ones that are done. */
  directory?: string;
}

/** What makes one RDD different from another. Immutable; everything was captured at the user's call. */
export interface RddDefinition {
  /** Class name in debug strings, Spark's where there is one. */
  readonly kind: string;
  readonly parents: readonly RddNode[];
  /** What the edges are when the facts are not known yet, for `RDD.dependencies`. */
  readonly wide: boolean;
  /** Whether `prepare` has to list inputs or run a job; asked when all parents are prepared. */
  needsWork?(): boolean;
  /** Called when all parents are prepared; answers at once when `needsWork` says no. */
  prepare(run: PrepareRun): PreparedFacts | Promise<PreparedFacts>;
}

/**
 * The metadata of one RDD: what the user's call captured, and the facts that preparing adds.
 * `RDD` is its face to programs, `LineageNode` to the scheduler.
 *
 * Source: Spark 4.0 `RDD` (getPartitions, getDependencies, outputDeterministicLevel).
 */
export class RddNode implements LineageNode {
  readonly rddId: number;
  readonly core: DriverCore;
  readonly callSite: CallSite;
  name: string | undefined;
  /** Set while the RDD is persisted. */
  storageLevel: StorageLevel | undefined;
  /** Set while the facts are being found. */
  preparing: Promise<void> | undefined;
  /** How it is to be, or was, checkpointed. */
  checkpoint: CheckpointState | undefined;
  #definition: RddDefinition;
  #facts: PreparedFacts | undefined;
  #narrowDependencies: readonly NarrowDependency[] = [];
  /** `readsNode`, as long as no lineage of the application is cut. */
  #readsNode: { readonly node: RddNode; readonly epoch: number } | undefined;

  constructor(core: DriverCore, callSite: CallSite, definition: RddDefinition) {
    this.rddId = core.ids.nextRdd();
    this.core = core;
    this.callSite = callSite;
    this.#definition = definition;
  }

  get definition(): RddDefinition {
    return this.#definition;
  }

  get isPrepared(): boolean {
    return this.#facts !== undefined;
  }

  /** Throws unless the node is prepared. */
  get facts(): PreparedFacts {
    if (this.#facts === undefined) {
      throw new InternalError(`${this.toString()} is used before it was prepared`);
    }
    return this.#facts;
  }

  /** Called once, by `prepareLineage`. */
  settle(facts: PreparedFacts): void {
    this.#facts = facts;
    for (const dependency of facts.dependencies) {
      if (dependency.kind === 'shuffle') this.core.cleaner.watchShuffle(dependency.shuffle);
    }
    this.#narrowDependencies = narrowOf(facts);
  }

  /**
   * Forgets the lineage: from now on the partitions come from where `facts` says. Their number and
   * their records stay the same.
   */
  cut(facts: PreparedFacts): void {
    this.#facts = facts;
    this.#narrowDependencies = narrowOf(facts);
    // Its parents must not stay alive through it.
    this.#definition = {
      kind: this.#definition.kind,
      parents: [],
      wide: false,
      prepare: () => facts,
    };
    this.core.lineageEpoch += 1;
  }

  /**
   * The nearest ancestor (or this) whose partitions are not simply its only parent's: the level of a
   * split tree that a partition of this node begins with.
   */
  get readsNode(): RddNode {
    const epoch = this.core.lineageEpoch;
    const passed: RddNode[] = [];
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the walk begins here and goes on in others
    let node: RddNode = this;
    while (node.#readsNode?.epoch !== epoch) {
      const only = onlyParentOf(node.facts);
      if (only === undefined) break;
      passed.push(node);
      node = only;
    }
    const found = node.#readsNode?.epoch === epoch ? node.#readsNode.node : node;
    const known = { node: found, epoch };
    node.#readsNode = known;
    for (const on of passed) on.#readsNode = known;
    return found;
  }

  get partitionCount(): number {
    return this.facts.partitionCount;
  }

  get determinacy(): Determinacy {
    return this.facts.determinacy;
  }

  get dependencies(): readonly LineageDependency[] {
    return this.facts.dependencies;
  }

  /** Parents within the stage, in the order of the operator's inputs. */
  get narrowDependencies(): readonly NarrowDependency[] {
    return this.#narrowDependencies;
  }

  preferredLocations(partition: number): readonly string[] {
    let node = this.readsNode;
    let index = partition;
    for (;;) {
      if (node.facts.hosts !== undefined) return node.facts.hosts(index);
      const reads = readsOf(node.facts, node.narrowDependencies, index);
      const first = reads[0];
      // Of several inputs the scheduler looks at each by itself.
      if (reads.length !== 1 || first === undefined) return [];
      node = node.narrowDependencies[first.input]!.parent.readsNode;
      index = first.partition;
    }
  }

  /** `words MapPartitionsRDD[3] at map at app.ts:12`. */
  toString(): string {
    const name = this.name === undefined ? '' : `${this.name} `;
    return `${name}${this.definition.kind}[${this.rddId}] at ${callSiteShort(this.callSite)}`;
  }
}

/** The parent partitions within the stage that a partition reads, in the order of the inputs. */
export function readsOf(
  facts: PreparedFacts,
  narrow: readonly NarrowDependency[],
  partition: number,
): readonly { input: number; partition: number }[] {
  if (facts.reads !== undefined) return facts.reads(partition);
  return narrow.flatMap((dependency, input) =>
    dependency.parentPartitions(partition).map((parent) => ({ input, partition: parent })),
  );
}

/** The edges that do not cross a shuffle. */
export function narrowOf(facts: PreparedFacts): readonly NarrowDependency[] {
  return facts.dependencies.filter((dependency) => dependency.kind === 'narrow');
}

/** The only parent of a node whose partitions are simply that one's. */
export function onlyParentOf(facts: PreparedFacts): RddNode | undefined {
  const only = facts.dependencies[0];
  return facts.dependencies.length === 1 && only?.kind === 'narrow' && only.oneToOne
    ? only.parent
    : undefined;
}

/** The edge of a step that keeps partitions as they are. */
export function oneToOne(parent: RddNode): NarrowDependency {
  return { kind: 'narrow', parent, oneToOne: true, parentPartitions: (partition) => [partition] };
}

/** The least determinate of several nodes. */
export function leastDeterminate(levels: readonly Determinacy[]): Determinacy {
  if (levels.includes('indeterminate')) return 'indeterminate';
  return levels.includes('unordered') ? 'unordered' : 'determinate';
}
