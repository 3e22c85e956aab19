import { ArgumentError } from '@heddle/common';
import { combineFiles, expandInput, splitFiles } from '@heddle/webhdfs';
import { captureCallSite, driverCodeTable } from '../../closures/index.js';
import { encodeBatches } from '../../codec/index.js';
import type { DriverCore } from '../../context/driver-core.js';
import type { FilePiece, SourceSplit } from '../../plan/index.js';
import { checkPartitionCount, checkText } from '../arguments.js';
import { RddNode, type PreparedFacts } from '../rdd-node.js';

/** Facts that all sources share. */
const sourceFacts = {
  partitioning: undefined,
  dependencies: [],
  determinacy: 'determinate',
} as const;

/** `parallelize`: the data are encoded now, so that later changes of them are not seen. */
export function parallelizeNode(
  core: DriverCore,
  data: Iterable<unknown>,
  numSlices: number | undefined,
): RddNode {
  core.checkRunning();
  const records = toArray(data);
  const partitionCount = sliceCount(core, numSlices, 'parallelize');
  const callSite = captureCallSite('parallelize');
  const code = driverCodeTable();
  const splits: SourceSplit[] = [];
  for (let i = 0; i < partitionCount; i += 1) {
    const slice = records.slice(
      sliceStart(i, records.length, partitionCount),
      sliceStart(i + 1, records.length, partitionCount),
    );
    splits.push({ kind: 'parallelize', batches: encodeBatches(slice, code), count: slice.length });
  }
  return sourceNode(core, callSite, 'ParallelCollectionRDD', {
    ...sourceFacts,
    partitionCount,
    operator: () => ({ kind: 'parallelize' }),
    source: (partition) => splits[partition]!,
  });
}

function toArray(data: unknown): readonly unknown[] {
  if (Array.isArray(data)) return data;
  if (
    (typeof data !== 'object' && typeof data !== 'string') ||
    data === null ||
    !(Symbol.iterator in Object(data))
  ) {
    throw new ArgumentError(`parallelize: data must be iterable, and is ${String(data)}`);
  }
  return Array.from(data as Iterable<unknown>);
}

/** `range(start, end, step, numSlices)`: computed on the executors. */
export function rangeNode(
  core: DriverCore,
  bounds: { start: number; end: number; step: number },
  numSlices: number | undefined,
): RddNode {
  core.checkRunning();
  const { start, end, step } = bounds;
  for (const [name, value] of Object.entries(bounds)) {
    if (!Number.isSafeInteger(value)) {
      throw new ArgumentError(`range: ${name} must be a safe integer, and is ${String(value)}`);
    }
  }
  if (step === 0) throw new ArgumentError('range: step must not be 0');
  if (!Number.isSafeInteger(end - start)) {
    throw new ArgumentError(`range: from ${start} to ${end} is wider than 2^53 - 1`);
  }
  const partitionCount = sliceCount(core, numSlices, 'range');
  const count = Math.max(0, Math.ceil((end - start) / step));
  return sourceNode(core, captureCallSite('range'), 'RangeRDD', {
    ...sourceFacts,
    partitionCount,
    operator: () => ({ kind: 'range' }),
    source: (partition) => {
      const from = sliceStart(partition, count, partitionCount);
      const to = sliceStart(partition + 1, count, partitionCount);
      return { kind: 'range', start: start + step * from, step, count: to - from };
    },
  });
}

/** `emptyRDD`: no partitions at all. */
export function emptyNode(core: DriverCore): RddNode {
  core.checkRunning();
  return sourceNode(core, captureCallSite('emptyRDD'), 'EmptyRDD', {
    ...sourceFacts,
    partitionCount: 0,
    operator: () => ({ kind: 'empty' }),
  });
}

/** `textFile` and `wholeTextFiles`: the input is listed with the first action that needs it. */
export function fileNode(
  core: DriverCore,
  operator: 'textFile' | 'wholeTextFiles',
  path: string,
  minPartitions: number | undefined,
): RddNode {
  core.checkRunning();
  checkText(path, operator, 'path');
  const least =
    minPartitions === undefined
      ? core.context.defaultMinPartitions
      : checkPartitionCount(minPartitions, operator, 'minPartitions');
  const node = new RddNode(core, captureCallSite(operator), {
    kind: operator === 'textFile' ? 'TextFileRDD' : 'WholeTextFileRDD',
    parents: [],
    wide: false,
    needsWork: () => true,
    prepare: async () => {
      const files = await expandInput(core.application.fileSystems, path);
      const plan = operator === 'textFile' ? splitFiles(files, least) : combineFiles(files, least);
      for (const warning of plan.warnings) core.logger.warn(warning);
      const partitions: readonly (readonly FilePiece[])[] = plan.partitions;
      return {
        ...sourceFacts,
        partitionCount: partitions.length,
        operator: () => ({ kind: operator }),
        source: (partition) => ({ kind: 'file', pieces: partitions[partition]! }),
        hosts: (partition) => hostsOf(partitions[partition]!),
      };
    },
  });
  node.name = path;
  return node;
}

/** Hosts by how many bytes they hold, best first. */
function hostsOf(pieces: readonly FilePiece[]): readonly string[] {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only.hosts;
  const bytesOfHost = new Map<string, number>();
  for (const piece of pieces) {
    for (const host of piece.hosts) {
      bytesOfHost.set(host, (bytesOfHost.get(host) ?? 0) + piece.length);
    }
  }
  return [...bytesOfHost].sort((a, b) => b[1] - a[1]).map(([host]) => host);
}

function sourceNode(
  core: DriverCore,
  callSite: RddNode['callSite'],
  kind: string,
  facts: PreparedFacts,
): RddNode {
  const node = new RddNode(core, callSite, {
    kind,
    parents: [],
    wide: false,
    prepare: () => facts,
  });
  node.settle(facts);
  return node;
}

function sliceCount(core: DriverCore, numSlices: number | undefined, operator: string): number {
  return numSlices === undefined
    ? core.application.defaultParallelism
    : checkPartitionCount(numSlices, operator, 'numSlices');
}

/** `floor(index * length / count)`, exact also where the product is above 2^53. */
function sliceStart(index: number, length: number, count: number): number {
  const product = index * length;
  if (Number.isSafeInteger(product)) return Math.floor(product / count);
  return Number((BigInt(index) * BigInt(length)) / BigInt(count));
}
