import { encodeValue } from '../codec/index.js';
import { driverCodeTable } from '../closures/index.js';
import type { ClosureData, PartitionerSpec } from '../plan/index.js';
import type { Partitioner } from './partitioner.js';
import type { FunctionPartitioner } from './function-partitioner.js';
import { HashPartitioner } from './hash-partitioner.js';
import { RangePartitioner } from './range-partitioner.js';

/** Puts a captured closure into a stage's plan and returns its index there. */
export type PlaceClosure = (closure: ClosureData) => number;

/** A partitioner together with its form for tasks, whose closure was captured at the user's call. */
export interface Partitioning {
  readonly partitioner: Partitioner;
  spec(place: PlaceClosure): PartitionerSpec;
}

/** Partitionings whose partitioner objects the program may hold and give back to another operator. */
const known = new WeakMap<Partitioner, Partitioning>();

/** Remembers the partitioning of an engine-made partitioner, for `givenPartitioning`. */
function remember(partitioning: Partitioning): Partitioning {
  known.set(partitioning.partitioner, partitioning);
  return partitioning;
}

/** Hash partitioning into `numPartitions` parts. */
export function hashPartitioning(numPartitions: number): Partitioning {
  return {
    partitioner: new HashPartitioner(numPartitions),
    spec: () => ({ kind: 'hash', numPartitions }),
  };
}

/** Range partitioning; `keyFunction` derives what is compared from the key. */
export function rangePartitioning(
  partitioner: RangePartitioner,
  keyFunction?: ClosureData,
): Partitioning {
  const bounds = encodeValue([...partitioner.bounds], driverCodeTable());
  return remember({
    partitioner,
    spec: (place) => ({
      kind: 'range',
      numPartitions: partitioner.numPartitions,
      bounds,
      ascending: partitioner.ascending,
      ...(keyFunction === undefined
        ? {}
        : { keyFunction: { closure: place(keyFunction), root: 0 } }),
    }),
  });
}

/** The user's function of `partitionBy(n, f)`, captured as root 0 of `closure`. */
export function functionPartitioning(
  partitioner: FunctionPartitioner,
  closure: ClosureData,
): Partitioning {
  return remember({
    partitioner,
    spec: (place) => ({
      kind: 'function',
      numPartitions: partitioner.numPartitions,
      function: { closure: place(closure), root: 0 },
    }),
  });
}

/** Partitioning by an instance that the program gave; `capture` takes it along when it is the user's own. */
export function givenPartitioning(
  partitioner: Partitioner,
  capture: (instance: Partitioner) => ClosureData,
): Partitioning {
  const remembered = known.get(partitioner);
  if (remembered !== undefined) return remembered;
  // Of the class itself: a subclass of the program's may decide otherwise.
  const maker: unknown = partitioner.constructor;
  if (maker === HashPartitioner) return hashPartitioning(partitioner.numPartitions);
  if (maker === RangePartitioner && partitioner instanceof RangePartitioner) {
    return rangePartitioning(partitioner);
  }
  const { numPartitions } = partitioner;
  const closure = capture(partitioner);
  return {
    partitioner,
    spec: (place) => ({
      kind: 'custom',
      numPartitions,
      instance: { closure: place(closure), root: 0 },
    }),
  };
}

/** Whether both are there and put every key in the same place. */
export function samePartitioning(
  a: Partitioning | undefined,
  b: Partitioning | undefined,
): boolean {
  return a !== undefined && b !== undefined && a.partitioner.equals(b.partitioner);
}
