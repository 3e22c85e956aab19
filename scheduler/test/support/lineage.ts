import type { CallSite } from '@heddle/common';
import type {
  LineageDependency,
  LineageNode,
  ShuffleLineage,
  StorageLevelSpec,
} from 'heddle/internal';

export const MEMORY_ONLY: StorageLevelSpec = {
  useDisk: false,
  useMemory: true,
  useOffHeap: false,
  deserialized: true,
  replication: 1,
};

export function site(operator: string, line = 1): CallSite {
  return { operator, file: '/home/user/app.ts', line, column: 1 };
}

export interface NodeOptions {
  readonly determinacy?: LineageNode['determinacy'];
  readonly hosts?: (partition: number) => readonly string[];
  readonly operator?: string;
}

/** An RDD of a test; its storage level may be changed. */
export class TestNode implements LineageNode {
  readonly rddId: number;
  readonly name = undefined;
  readonly callSite: CallSite;
  readonly partitionCount: number;
  readonly dependencies: readonly LineageDependency[];
  readonly determinacy: LineageNode['determinacy'];
  storageLevel: StorageLevelSpec | undefined;
  readonly #hosts: (partition: number) => readonly string[];

  constructor(
    rddId: number,
    partitionCount: number,
    dependencies: readonly LineageDependency[],
    options: NodeOptions,
  ) {
    this.rddId = rddId;
    this.partitionCount = partitionCount;
    this.dependencies = dependencies;
    this.callSite = site(options.operator ?? 'map', rddId);
    const inherited = dependencies.some((each) => each.parent.determinacy === 'indeterminate');
    this.determinacy = options.determinacy ?? (inherited ? 'indeterminate' : 'determinate');
    this.#hosts = options.hosts ?? (() => []);
  }

  preferredLocations(partition: number): readonly string[] {
    return this.#hosts(partition);
  }

  cache(): this {
    this.storageLevel = MEMORY_ONLY;
    return this;
  }
}

/** Makes lineages; ids count up from 0 in each one. */
export class Lineage {
  #nextRddId = 0;
  #nextShuffleId = 0;

  source(partitions: number, options: NodeOptions = {}): TestNode {
    return new TestNode(this.#nextRddId++, partitions, [], { operator: 'textFile', ...options });
  }

  map(parent: LineageNode, options: NodeOptions = {}): TestNode {
    return new TestNode(
      this.#nextRddId++,
      parent.partitionCount,
      [{ kind: 'narrow', parent, parentPartitions: (partition) => [partition] }],
      options,
    );
  }

  union(parents: readonly LineageNode[], options: NodeOptions = {}): TestNode {
    let from = 0;
    const dependencies = parents.map((parent): LineageDependency => {
      const first = from;
      from += parent.partitionCount;
      return {
        kind: 'narrow',
        parent,
        parentPartitions: (partition) =>
          partition >= first && partition < first + parent.partitionCount
            ? [partition - first]
            : [],
      };
    });
    return new TestNode(this.#nextRddId++, from, dependencies, { operator: 'union', ...options });
  }

  /** A shuffle of its own over a parent. */
  shuffleOf(parent: LineageNode, partitions: number): LineageDependency {
    const shuffle: ShuffleLineage = {
      shuffleId: this.#nextShuffleId++,
      numReducePartitions: partitions,
      callSite: parent.callSite,
    };
    return { kind: 'shuffle', parent, shuffle };
  }

  /** `reduceByKey`, `repartition`, …: one shuffle. */
  shuffle(parent: LineageNode, partitions: number, options: NodeOptions = {}): TestNode {
    return this.over([this.shuffleOf(parent, partitions)], partitions, {
      operator: 'reduceByKey',
      ...options,
    });
  }

  /** `join`, `cogroup`: one shuffle of each parent. */
  cogroup(
    parents: readonly LineageNode[],
    partitions: number,
    options: NodeOptions = {},
  ): TestNode {
    const dependencies = parents.map((parent) => this.shuffleOf(parent, partitions));
    return this.over(dependencies, partitions, { operator: 'join', ...options });
  }

  /** Over given dependencies. */
  over(
    dependencies: readonly LineageDependency[],
    partitions: number,
    options: NodeOptions = {},
  ): TestNode {
    return new TestNode(this.#nextRddId++, partitions, dependencies, options);
  }
}

/** Id of the first shuffle that a node reads. */
export function shuffleIdOf(node: LineageNode): number {
  for (const dependency of node.dependencies) {
    if (dependency.kind === 'shuffle') return dependency.shuffle.shuffleId;
  }
  throw new Error(`RDD ${node.rddId} reads no shuffle`);
}
