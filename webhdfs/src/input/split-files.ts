import { InputFormatError } from '../errors.js';
import type { BlockLocation } from '../file-system.js';
import { codecOfPath, foreignCodecOfPath, type CompressionCodec } from './codec.js';
import type { InputFile } from './expand-input.js';

/** A byte range of a file; what a task of an input reads. */
export interface InputPiece {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly fileSizeBytes: number;
  readonly codec?: CompressionCodec;
  readonly hosts: readonly string[];
}

/** Which pieces each partition reads. */
export interface InputPlan {
  readonly partitions: readonly (readonly InputPiece[])[];
  /** For the user's eyes, such as a large file that cannot be split. */
  readonly warnings: readonly string[];
}

export interface SplitOptions {
  /** Smallest split. @default 1 */
  readonly minSplitBytes?: number;
  /** Takes all files as they are, whatever codec their names' endings say. @default false */
  readonly ignoreCodecs?: boolean;
  /** Compressed files from this size on earn a warning. @default 128 MiB */
  readonly largeCompressedBytes?: number;
}

/** Hadoop's `SPLIT_SLOP`: the last split may be a tenth longer than the others. */
const splitSlop = 1.1;
const mebibyte = 1024 * 1024;
const defaultLargeCompressedBytes = 128 * mebibyte;

/**
 * Cuts files into splits, one partition each, in the order of files and offsets: Hadoop 3.4
 * `mapred.FileInputFormat.getSplits` with split size `max(minSplit, min(total / minPartitions, block))`.
 * Compressed files are one split. Empty files give none (Spark 3.2's `ignoreEmptySplits`).
 * @throws InputFormatError for a compression that cannot be read
 */
export function splitFiles(
  files: readonly InputFile[],
  minPartitions: number,
  options: SplitOptions = {},
): InputPlan {
  const minSplitBytes = Math.max(1, options.minSplitBytes ?? 1);
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const goalBytes = Math.floor(totalBytes / Math.max(1, minPartitions));
  const partitions: InputPiece[][] = [];
  for (const file of files) {
    const codec = options.ignoreCodecs === true ? undefined : readableCodec(file);
    if (file.sizeBytes === 0) continue;
    if (codec !== undefined) {
      partitions.push([piece(file, 0, file.sizeBytes, codec)]);
      continue;
    }
    const splitBytes = Math.max(minSplitBytes, Math.min(goalBytes, file.blockSizeBytes));
    let rest = file.sizeBytes;
    while (rest / splitBytes > splitSlop) {
      partitions.push([piece(file, file.sizeBytes - rest, splitBytes)]);
      rest -= splitBytes;
    }
    if (rest > 0) partitions.push([piece(file, file.sizeBytes - rest, rest)]);
  }
  const warnings = options.ignoreCodecs === true ? [] : warnAboutLarge(files, options);
  return { partitions, warnings };
}

/** Most bytes that `combineFiles` puts together, so that a large input is not read by two tasks. */
const maxCombinedBytes = 128 * mebibyte;

/**
 * Puts whole files together, in their order, until a partition holds `total / minPartitions` bytes
 * (at most 128 MiB, which Spark does not limit; a single larger file still is one). Empty files are kept. Follows Spark 3.5
 * `WholeTextFileInputFormat` over Hadoop's `CombineFileInputFormat`.
 * @throws InputFormatError for a compression that cannot be read
 */
export function combineFiles(
  files: readonly InputFile[],
  minPartitions: number,
  options: { readonly maxPartitionBytes?: number } = {},
): InputPlan {
  const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const goalBytes = Math.min(
    options.maxPartitionBytes ?? maxCombinedBytes,
    Math.max(1, Math.ceil(totalBytes / Math.max(1, minPartitions))),
  );
  const partitions: InputPiece[][] = [];
  let current: InputPiece[] = [];
  let currentBytes = 0;
  for (const file of files) {
    current.push(piece(file, 0, file.sizeBytes, readableCodec(file)));
    currentBytes += file.sizeBytes;
    if (currentBytes >= goalBytes) {
      partitions.push(current);
      current = [];
      currentBytes = 0;
    }
  }
  if (current.length > 0) partitions.push(current);
  return { partitions, warnings: [] };
}

function piece(
  file: InputFile,
  offset: number,
  length: number,
  codec?: CompressionCodec,
): InputPiece {
  return {
    path: file.path,
    offset,
    length,
    fileSizeBytes: file.sizeBytes,
    ...(codec === undefined ? {} : { codec }),
    hosts: bestHosts(file.blocks, offset, length),
  };
}

function readableCodec(file: InputFile): CompressionCodec | undefined {
  const foreign = foreignCodecOfPath(file.path);
  if (foreign !== undefined) {
    throw new InputFormatError(
      file.path,
      0,
      `it is compressed with ${foreign}, which cannot be read: use .gz, .zst, .br or .deflate, or plain text`,
    );
  }
  return codecOfPath(file.path);
}

/** Hosts by how many bytes of the range they hold, best first, three at most. */
function bestHosts(blocks: readonly BlockLocation[], offset: number, length: number): string[] {
  if (blocks.length === 0) return [];
  const bytesOfHost = new Map<string, number>();
  for (const block of blocks) {
    const overlap =
      Math.min(offset + length, block.offset + block.length) - Math.max(offset, block.offset);
    if (overlap <= 0) continue;
    for (const host of block.hosts) {
      bytesOfHost.set(host, (bytesOfHost.get(host) ?? 0) + overlap);
    }
  }
  return [...bytesOfHost]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([host]) => host);
}

function warnAboutLarge(files: readonly InputFile[], options: SplitOptions): string[] {
  const limit = options.largeCompressedBytes ?? defaultLargeCompressedBytes;
  const large = files.filter(
    (file) => file.sizeBytes >= limit && codecOfPath(file.path) !== undefined,
  );
  const first = large[0];
  if (first === undefined) return [];
  const others = large.length === 1 ? '' : ` and ${large.length - 1} more`;
  const sizeMiB = Math.round(first.sizeBytes / mebibyte);
  return [
    `${first.path} (${sizeMiB} MiB)${others}: a compressed file cannot be split, so one task reads all of it; ` +
      `many smaller files, or repartition() after reading, use more cores`,
  ];
}
