import { InternalError } from '@heddle/common';
import { mostPartBytes } from 'heddle/internal';
import type { AggregatorSpec, CogroupSide, ShuffleOperator } from 'heddle/internal';
import { iteratorOf } from '../pipeline/loop-helpers.js';
import { emptySource } from '../pipeline/sources.js';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { compileAggregator } from './aggregator.js';
import { CombineCollector } from './combine-collector.js';
import { FlatMapGroupsSource, type GroupFunction } from './flat-map-groups.js';
import { GroupCollector } from './group-collector.js';
import { BATCH_RECORDS, CogroupSource, CombinedSource, GroupSource } from './group-sources.js';
import { HashJoinSource } from './hash-join.js';
import { LazySource } from './lazy-source.js';
import { MergeJoinSource } from './merge-join.js';
import { NarrowPairs } from './narrow-pairs.js';
import type { PairSource } from './pair-source.js';
import { ShufflePairs, ShuffleRecords } from './shuffle-input.js';
import { makePairs, SortCollector } from './sort-collector.js';

type ShuffleOperatorOf<Kind extends ShuffleOperator['kind']> = ShuffleOperator & { kind: Kind };

/**
 * The reduce side of a shuffle for one partition, as a source of batches of up to 1,024 fresh
 * records. Nothing is read before the first `next`. Buckets are consumed in map order.
 *
 * `inputs` are the node's narrow inputs (`combineInPlace`, `flatMapGroupsInPlace`, narrow sides).
 *
 * The source throws `ShuffleFetchError` when a map output cannot be read, `GroupTooLargeError` when
 * an array of values does not fit, and whatever the user's functions throw.
 */
export function openShuffleOperator(
  op: ShuffleOperator,
  inputs: readonly (() => BatchSource)[],
  reducePartition: number,
  env: TaskEnvironment,
): BatchSource {
  const open = new OperatorOpener(op, inputs, reducePartition, env);
  return new LazySource(() => (open.readsNothing() ? emptySource : open.source()));
}

class OperatorOpener {
  readonly #op: ShuffleOperator;
  readonly #inputs: readonly (() => BatchSource)[];
  readonly #reducePartition: number;
  readonly #env: TaskEnvironment;

  constructor(
    op: ShuffleOperator,
    inputs: readonly (() => BatchSource)[],
    reducePartition: number,
    env: TaskEnvironment,
  ) {
    this.#op = op;
    this.#inputs = inputs;
    this.#reducePartition = reducePartition;
    this.#env = env;
  }

  /** Whether there is not one byte to read: then no table, buffer or user function is needed. */
  readsNothing(): boolean {
    const shuffleIds = shufflesOf(this.#op);
    return shuffleIds?.every((shuffleId) => this.#isEmpty(shuffleId)) === true;
  }

  #isEmpty(shuffleId: number): boolean {
    const input = this.#env.stage.shuffleInputs.find((one) => one.shuffleId === shuffleId);
    // What is missing or of another generation has to be found out by reading.
    if (input === undefined || input.firstMissingMapPartition !== undefined) return false;
    return input.outputs.every(
      (output) =>
        output.generation === input.generation &&
        mostPartBytes(output, this.#reducePartition) === 0,
    );
  }

  source(): BatchSource {
    const op = this.#op;
    switch (op.kind) {
      case 'shuffleRead':
        return op.keyed
          ? new PairBatches(this.#shuffled(op.shuffleId))
          : new RecordBatches(new ShuffleRecords(op.shuffleId, this.#reducePartition, this.#env));
      case 'shuffleCombine':
        return this.#combine(op.aggregator, op.mapSideCombined, this.#shuffled(op.shuffleId));
      case 'combineInPlace':
        return this.#combine(op.aggregator, false, this.#narrow(0));
      case 'shuffleSort':
        return this.#sort(op);
      case 'flatMapGroups':
        return this.#flatMapGroups(op.function, this.#shuffled(op.shuffleId));
      case 'flatMapGroupsInPlace':
        return this.#flatMapGroups(op.function, this.#narrow(0));
      case 'cogroup':
        return this.#cogroup(op);
      case 'join':
        return this.#join(op);
    }
  }

  #combine(aggregator: AggregatorSpec, isCombined: boolean, source: PairSource): BatchSource {
    const env = this.#env;
    if (aggregator.kind === 'group') {
      const collector = new GroupCollector(env, 1);
      collector.addAll(0, source);
      return new GroupSource(collector.finish(), env);
    }
    const collector = new CombineCollector(env, compileAggregator(aggregator, env), isCombined);
    for (let pairs = source.next(); pairs !== undefined; pairs = source.next()) {
      collector.addColumns(pairs);
    }
    source.close();
    return new CombinedSource(collector.finish(), aggregator.kind === 'distinct');
  }

  #sort(op: ShuffleOperatorOf<'shuffleSort'>): BatchSource {
    const keyFunction =
      op.keyFunction === undefined
        ? undefined
        : (this.#env.root(op.keyFunction) as (key: unknown) => unknown);
    const collector = new SortCollector(this.#env, op.ascending, keyFunction);
    collector.addAll(this.#shuffled(op.shuffleId));
    const sorted = collector.finish();
    return { next: () => sorted.next(BATCH_RECORDS), close: () => sorted.close() };
  }

  #flatMapGroups(
    userFunction: ShuffleOperatorOf<'flatMapGroups'>['function'],
    source: PairSource,
  ): BatchSource {
    const collector = new GroupCollector(this.#env, 1);
    collector.addAll(0, source);
    const label = this.#label();
    return new FlatMapGroupsSource(
      collector.finish(),
      this.#env.root(userFunction) as GroupFunction,
      (returned) => iteratorOf(returned, label),
      this.#env,
    );
  }

  #cogroup(op: ShuffleOperatorOf<'cogroup'>): BatchSource {
    const collector = new GroupCollector(this.#env, op.sides.length);
    op.sides.forEach((side, i) => collector.addAll(i, this.#side(side)));
    return new CogroupSource(collector.finish(), op.sides.length, this.#env);
  }

  /** Builds a table of the smaller side and streams the other; from sorted runs when it does not fit. */
  #join(op: ShuffleOperatorOf<'join'>): BatchSource {
    const build = this.#buildSide(op.sides);
    const collector = new GroupCollector(this.#env, 2);
    collector.addAll(build, this.#side(op.sides[build]));
    const streamed = this.#side(op.sides[1 - build]!);
    if (!collector.hasSpilled) {
      const lookup = collector.finishLookup(build);
      return new HashJoinSource(streamed, lookup, build === 1, op.joinType, this.#env);
    }
    collector.addAll(1 - build, streamed);
    return new MergeJoinSource(collector.finish(), op.joinType, this.#env);
  }

  #buildSide([left, right]: ShuffleOperatorOf<'join'>['sides']): 0 | 1 {
    if (left.kind === 'shuffle' && right.kind === 'shuffle') {
      return this.#sizeBytes(left.shuffleId) < this.#sizeBytes(right.shuffleId) ? 0 : 1;
    }
    // Narrow inputs have no known size, and are better streamed.
    return left.kind === 'shuffle' ? 0 : 1;
  }

  #sizeBytes(shuffleId: number): number {
    const input = this.#env.stage.shuffleInputs.find((one) => one.shuffleId === shuffleId);
    let bytes = 0;
    for (const output of input?.outputs ?? []) {
      bytes += mostPartBytes(output, this.#reducePartition);
    }
    return bytes;
  }

  #side(side: CogroupSide): PairSource {
    return side.kind === 'shuffle' ? this.#shuffled(side.shuffleId) : this.#narrow(side.input);
  }

  #shuffled(shuffleId: number): PairSource {
    return new ShufflePairs(shuffleId, this.#reducePartition, this.#env);
  }

  #narrow(input: number): PairSource {
    const open = this.#inputs[input];
    if (open === undefined) {
      throw new InternalError(`${this.#op.kind} has no input ${input}`);
    }
    const source = open();
    this.#env.onEnd(() => source.close());
    return new NarrowPairs(source, this.#label());
  }

  /** `join at app.ts:12`, from the stage's plan. */
  #label(): string {
    const node = this.#env.stage.plan.nodes.find(({ operator }) => operator === this.#op);
    return node?.label ?? this.#op.kind;
  }
}

/** The shuffles that an operator reads; undefined when it reads something else too. */
function shufflesOf(op: ShuffleOperator): readonly number[] | undefined {
  switch (op.kind) {
    case 'shuffleRead':
    case 'shuffleCombine':
    case 'shuffleSort':
    case 'flatMapGroups':
      return [op.shuffleId];
    case 'cogroup':
    case 'join': {
      const shuffleIds = op.sides.flatMap((side) =>
        side.kind === 'shuffle' ? [side.shuffleId] : [],
      );
      return shuffleIds.length === op.sides.length ? shuffleIds : undefined;
    }
    case 'combineInPlace':
    case 'flatMapGroupsInPlace':
      return undefined;
  }
}

/** Pairs as they come, in fresh arrays. */
class PairBatches implements BatchSource {
  readonly #pairs: PairSource;
  #columns: ReturnType<PairSource['next']>;
  #position = 0;

  constructor(pairs: PairSource) {
    this.#pairs = pairs;
  }

  next(): unknown[] | undefined {
    if (this.#columns === undefined || this.#position === this.#columns.length) {
      this.#columns = this.#pairs.next();
      this.#position = 0;
      if (this.#columns === undefined) {
        return undefined;
      }
    }
    const from = this.#position;
    this.#position = Math.min(this.#columns.length, from + BATCH_RECORDS);
    return makePairs(this.#columns.keys, this.#columns.values, from, this.#position);
  }

  close(): void {
    this.#columns = undefined;
    this.#pairs.close();
  }
}

/** Whole records as they come. */
class RecordBatches implements BatchSource {
  readonly #records: ShuffleRecords;

  constructor(records: ShuffleRecords) {
    this.#records = records;
  }

  next(): unknown[] | undefined {
    return this.#records.next();
  }

  close(): void {
    this.#records.close();
  }
}
