import { ArgumentError, type CallSite } from '@heddle/common';
import { InputFormatError, combineFiles, expandInput, splitFiles } from '@heddle/webhdfs';
import { captureCallSite, driverCodeTable } from '../../closures/index.js';
import { encodeBatches } from '../../codec/index.js';
import type { DriverCore } from '../../context/driver-core.js';
import type { HostBytes } from '../../context/job-runner.js';
import type { FileOperator, FilePiece, LongsAs, SourceSplit } from '../../plan/index.js';
import { checkPartitionCount, checkText } from '../arguments.js';
import { RddNode, type PreparedFacts } from '../rdd-node.js';
import { objectsOfBytes } from '../task-functions/object-records.js';
import { engineStep } from './engine-step.js';

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

const fileRddKind = {
  textFile: 'TextFileRDD',
  wholeTextFiles: 'WholeTextFileRDD',
  binaryFiles: 'BinaryFileRDD',
  binaryRecords: 'FixedLengthBinaryRDD',
  sequenceFile: 'SequenceFileRDD',
} as const;

/**
 * `textFile`, `wholeTextFiles`, `binaryFiles`, `binaryRecords`, `sequenceFile`: the input is listed with
 * the first action that needs it.
 */
export function fileNode(
  core: DriverCore,
  source: FileOperator,
  path: string,
  minPartitions: number | undefined,
  callSite: CallSite = captureCallSite(source.kind),
): RddNode {
  core.checkRunning();
  checkText(path, callSite.operator, 'path');
  const least =
    minPartitions === undefined
      ? core.context.defaultMinPartitions
      : checkPartitionCount(minPartitions, callSite.operator, 'minPartitions');
  const node = new RddNode(core, callSite, {
    kind: fileRddKind[source.kind],
    parents: [],
    wide: false,
    needsWork: () => true,
    prepare: async () => {
      const files = await expandInput(core.application.fileSystems, path);
      const plan = planInput(source, files, least);
      for (const warning of plan.warnings) core.logger.warn(warning);
      const partitions: readonly (readonly FilePiece[])[] = plan.partitions;
      return {
        ...sourceFacts,
        partitionCount: partitions.length,
        operator: () => source,
        source: (partition) => ({ kind: 'file', pieces: partitions[partition]! }),
        hosts: (partition) => hostsOf(partitions[partition]!),
      };
    },
  });
  node.name = path;
  core.application.runner.inputNamed?.(async () => {
    const files = await expandInput(core.application.fileSystems, path);
    return bytesOfHosts(splitFiles(files, 1).partitions.flat());
  });
  return node;
}

/** Bytes between the sync markers of SequenceFiles: smaller splits would have none. */
const minSequenceSplitBytes = 100 * 1024;

/** The bytes of pieces, those of each shared by the hosts that hold it. */
function bytesOfHosts(pieces: readonly FilePiece[]): readonly HostBytes[] {
  const bytesOfHost = new Map<string, number>();
  for (const { hosts, length } of pieces) {
    for (const host of hosts) {
      bytesOfHost.set(host, (bytesOfHost.get(host) ?? 0) + length / hosts.length);
    }
  }
  return Array.from(bytesOfHost, ([host, bytes]) => ({ host, bytes }));
}

function planInput(
  source: FileOperator,
  files: Parameters<typeof splitFiles>[0],
  least: number,
): ReturnType<typeof splitFiles> {
  switch (source.kind) {
    case 'textFile':
      return splitFiles(files, least);
    case 'wholeTextFiles':
    case 'binaryFiles':
      return combineFiles(files, least);
    case 'sequenceFile':
      return splitFiles(files, least, { minSplitBytes: minSequenceSplitBytes, ignoreCodecs: true });
    case 'binaryRecords':
      return alignToRecords(splitFiles(files, least), source.recordLength);
  }
}

/** Moves the borders between the pieces of a file to borders between records. */
function alignToRecords(
  plan: ReturnType<typeof splitFiles>,
  recordLength: number,
): ReturnType<typeof splitFiles> {
  const partitions = plan.partitions.map((pieces) =>
    pieces.flatMap((piece) => {
      // Only reading a compressed file tells its length.
      if (piece.codec !== undefined) return [piece];
      const { path, fileSizeBytes } = piece;
      const over = fileSizeBytes % recordLength;
      if (over > 0) {
        throw new InputFormatError(
          path,
          fileSizeBytes - over,
          `its ${fileSizeBytes} bytes are no multiple of the record length ${recordLength}`,
        );
      }
      const start = Math.ceil(piece.offset / recordLength) * recordLength;
      const end = Math.ceil((piece.offset + piece.length) / recordLength) * recordLength;
      return start < end ? [{ ...piece, offset: start, length: end - start }] : [];
    }),
  );
  return { ...plan, partitions: partitions.filter((pieces) => pieces.length > 0) };
}

/** `binaryRecords(path, recordLength)`. @throws ArgumentError for a length that is none */
export function binaryRecordsNode(core: DriverCore, path: string, recordLength: number): RddNode {
  if (!Number.isSafeInteger(recordLength) || recordLength < 1 || recordLength > 2 ** 30) {
    throw new ArgumentError(
      `binaryRecords: recordLength is a number of bytes from 1 to 2^30, and is ${String(recordLength)}`,
    );
  }
  const callSite = captureCallSite('binaryRecords');
  return fileNode(core, { kind: 'binaryRecords', recordLength }, path, undefined, callSite);
}

/** What `sequenceFile` takes besides its path. */
export interface SequenceFileOptions {
  /**
   * What `LongWritable` and `VLongWritable` become: numbers, where one above 2^53 is an error, or
   * bigints. @default 'number'
   */
  readonly longs?: LongsAs | undefined;
}

/** `sequenceFile(path, minPartitions?, options?)`. @throws ArgumentError */
export function sequenceFileNode(
  core: DriverCore,
  path: string,
  minPartitions: number | undefined,
  { longs = 'number' }: SequenceFileOptions,
): RddNode {
  if (!['number', 'bigint'].includes(longs)) {
    throw new ArgumentError(`sequenceFile: longs must be 'number' or 'bigint', and is ${longs}`);
  }
  return fileNode(core, { kind: 'sequenceFile', longs }, path, minPartitions);
}

/** `objectFile(path, minPartitions?)`: what `saveAsObjectFile` wrote. */
export function objectFileNode(
  core: DriverCore,
  path: string,
  minPartitions: number | undefined,
): RddNode {
  const callSite = captureCallSite('objectFile');
  const source = { kind: 'sequenceFile', longs: 'number' } as const;
  const pairs = fileNode(core, source, path, minPartitions, callSite);
  return engineStep(pairs, { callSite, form: 'flatMap', function: () => objectsOfBytes() });
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
  callSite: CallSite,
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
