import { ArgumentError } from '@heddle/common';
import { driverCodeTable } from '../../closures/index.js';
import { decodeValue, encodeValue } from '../../codec/index.js';
import type { ActionCall } from '../../context/driver-core.js';
import { EmptyRddError } from '../../errors/index.js';
import { FunctionPartitioner } from '../../partitioner/function-partitioner.js';
import { functionPartitioning } from '../../partitioner/partitioning.js';
import type { AggregatorSpec, ClosureData, Sink } from '../../plan/index.js';
import type { PlaceClosure } from '../../partitioner/partitioning.js';
import { checkFunction, type ActionOptions } from '../arguments.js';
import { combineNode } from '../operators/by-key.js';
import { engineStep } from '../operators/engine-step.js';
import { rootOf } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import { groupOfPartition, itsNumber, widerGroup } from '../task-functions/set-functions.js';
import { beginAction, captureFor, decodeRecords, decodeResult, runSink } from './run.js';

function checkDepth(depth: number, operator: string): void {
  if (Number.isSafeInteger(depth) && depth >= 1) return;
  throw new ArgumentError(`${operator}: depth is a whole number from 1, and is ${String(depth)}`);
}

/** `treeReduce(f, depth)`: in the order of partitions and records. @throws EmptyRddError */
export async function treeReduce<T>(
  node: RddNode,
  f: (a: T, b: T) => T,
  depth: number,
  options?: ActionOptions,
): Promise<T> {
  checkFunction(f, 'treeReduce');
  checkDepth(depth, 'treeReduce');
  const call = beginAction(node.core, 'treeReduce', options);
  const closure = captureFor(node.core, call, [f]);
  const merge = (place: PlaceClosure): AggregatorSpec => ({
    kind: 'reduce',
    merge: rootOf(place, closure),
  });
  const partials = await climb<T>(node, call, depth, {
    ofRecords: merge,
    ofPartials: merge,
    direct: {
      sink: (place) => ({ kind: 'reduce', function: rootOf(place, closure) }),
      decode: decodeResult<T[]>,
    },
  });
  if (partials.length === 0) throw new EmptyRddError('treeReduce');
  return partials.reduce((a, b) => f(a, b));
}

/** What `treeAggregate` is given. */
interface TreeAggregation<T, U> {
  readonly zero: U;
  readonly seqOp: (accumulated: U, x: T) => U;
  readonly combOp: (a: U, b: U) => U;
  readonly depth: number;
}

/** `treeAggregate(zero, seqOp, combOp, depth)`: a fresh zero for each partition and one on the driver. */
export async function treeAggregate<T, U>(
  node: RddNode,
  { zero, seqOp, combOp, depth }: TreeAggregation<T, U>,
  options?: ActionOptions,
): Promise<U> {
  checkFunction(seqOp, 'treeAggregate', 'seqOp');
  checkFunction(combOp, 'treeAggregate', 'combOp');
  checkDepth(depth, 'treeAggregate');
  const call = beginAction(node.core, 'treeAggregate', options);
  const closure: ClosureData = captureFor(node.core, call, [zero, seqOp, combOp]);
  const code = driverCodeTable();
  const ownZero = decodeValue(encodeValue(zero, code), code) as U;
  const partials = await climb<U>(node, call, depth, {
    ofRecords: (place) => ({
      kind: 'aggregate',
      zero: rootOf(place, closure),
      seqOp: rootOf(place, closure, 1),
      combOp: rootOf(place, closure, 2),
    }),
    ofPartials: (place) => ({ kind: 'reduce', merge: rootOf(place, closure, 2) }),
    direct: {
      sink: (place) => ({
        kind: 'aggregate',
        zero: rootOf(place, closure),
        seqOp: rootOf(place, closure, 1),
      }),
      decode: (bytes) => [decodeResult<U>(bytes)],
    },
  });
  return partials.reduce((merged, part) => combOp(merged, part), ownZero);
}

type Aggregator = (place: PlaceClosure) => AggregatorSpec;

/** What the levels of a tree do. */
interface TreeSteps<U> {
  readonly ofRecords: Aggregator;
  readonly ofPartials: Aggregator;
  /** The same without levels: the results of a partition, none or one. */
  readonly direct: {
    readonly sink: (place: PlaceClosure) => Sink;
    readonly decode: (bytes: Uint8Array) => readonly U[];
  };
}

/**
 * Aggregates the records of each partition, and then, level by level, the results of neighbouring
 * partitions in tasks, until so few are left that the driver merges them: about the `depth`-th root of
 * the partitions. Source: Spark 4.0 `RDD.treeAggregate`, which groups by remainder instead.
 *
 * @returns the remaining partial results, in partition order
 */
async function climb<U>(
  node: RddNode,
  call: ActionCall,
  depth: number,
  { ofRecords, ofPartials, direct }: TreeSteps<U>,
): Promise<U[]> {
  await node.core.prepare(node, call);
  const partitions = node.partitionCount;
  const scale = Math.max(Math.ceil(partitions ** (1 / depth)), 2);
  let groups = nextLevel(partitions, scale);
  if (groups === undefined) return await runSink(node, call, direct.sink, direct.decode).then(flat);
  const { callSite } = call;
  const ownNumber = captureFor(node.core, call, [itsNumber()]);
  const combine = (parent: RddNode, count: number, aggregator: Aggregator): RddNode => {
    // Group i is partition i, so that the next level meets the groups in their order.
    const partitioner = new FunctionPartitioner(count, (group: number) => group);
    const partitioning = functionPartitioning(partitioner, ownNumber);
    const choice = (): typeof partitioning => partitioning;
    return combineNode(parent, { callSite, choice, mapSideCombine: true, aggregator });
  };
  const grouped = engineStep(node, {
    callSite,
    form: 'partitions',
    orderSensitive: false,
    function: captureFor(node.core, call, [groupOfPartition(partitions, groups)]),
  });
  let level = combine(grouped, groups, ofRecords);
  for (;;) {
    const fewer = nextLevel(groups, scale);
    if (fewer === undefined) break;
    const regrouped = captureFor(node.core, call, [widerGroup(groups, fewer)]);
    level = combine(
      engineStep(level, { callSite, form: 'map', function: regrouped }),
      fewer,
      ofPartials,
    );
    groups = fewer;
  }
  const parts = await runSink(level, call, () => ({ kind: 'collect' }), decodeRecords<[number, U]>);
  return parts
    .flat()
    .sort(([a], [b]) => a - b)
    .map(([, partial]) => partial);
}

function flat<U>(parts: readonly (readonly U[])[]): U[] {
  return ([] as U[]).concat(...parts.map((part) => [...part]));
}

/** Groups of the next level; undefined when another level would not pay. */
function nextLevel(groups: number, scale: number): number | undefined {
  if (groups <= scale + Math.ceil(groups / scale)) return undefined;
  return Math.ceil(groups / scale);
}
