import type { MapOutputStatus } from './map-output.js';

/** Sizes of a map output with more parts than this are kept as one byte each. */
const MOST_EXACT_PARTS = 256;
/** Each size class ends this much above the one before it. */
const CLASS_FACTOR = 1.1;
/** The largest size of each class, in bytes; class 0 is that of empty parts. The last one has 36 GB. */
const classEnds = Float64Array.from({ length: 256 }, (_, code) =>
  code === 0 ? 0 : Math.floor(CLASS_FACTOR ** code),
);
const largestBytes = classEnds[255] ?? 0;

/** What a map task tells of its part sizes. */
export type PartSizes = Pick<MapOutputStatus, 'partSizesBytes' | 'partSizeClasses'>;

/**
 * Sizes as they travel and are kept: exact when there are few, else the class of each, which is at most
 * a tenth too large, and says exactly which parts are empty. What needs the exact size of such a part
 * finds it in the output's index file. Thousands of map tasks with thousands of reducers would fill
 * the driver otherwise.
 *
 * Source: Spark 4.0 `MapStatus.compressSize`.
 */
export function compactPartSizes(partSizesBytes: Float64Array): PartSizes {
  const isSmall = partSizesBytes.length <= MOST_EXACT_PARTS;
  if (isSmall || partSizesBytes.some((size) => size > largestBytes)) return { partSizesBytes };
  return {
    partSizesBytes: new Float64Array(0),
    partSizeClasses: Uint8Array.from(partSizesBytes, classOf),
  };
}

/** Number of parts of an output. */
export function partCount({ partSizesBytes, partSizeClasses }: PartSizes): number {
  return partSizeClasses?.length ?? partSizesBytes.length;
}

/** Bytes of a part: exact, or where only the class is known a tenth more at most; 0 only when it is empty. */
export function mostPartBytes(
  { partSizesBytes, partSizeClasses }: PartSizes,
  part: number,
): number {
  if (partSizeClasses === undefined) return partSizesBytes[part] ?? 0;
  return classEnds[partSizeClasses[part] ?? 0] ?? 0;
}

/** Whether a part may have this length, by what its map task told. */
export function isPartLength(sizes: PartSizes, part: number, lengthBytes: number): boolean {
  const { partSizesBytes, partSizeClasses } = sizes;
  return partSizeClasses === undefined
    ? partSizesBytes[part] === lengthBytes
    : partSizeClasses[part] === classOf(lengthBytes);
}

/** The smallest class that has room for this many bytes. */
function classOf(sizeBytes: number): number {
  if (sizeBytes <= 0) return 0;
  let code = Math.max(1, Math.min(255, Math.ceil(Math.log(sizeBytes) / Math.log(CLASS_FACTOR))));
  // Logarithms are not exact to the byte, and classes end at whole ones.
  while (code > 1 && (classEnds[code - 1] ?? 0) >= sizeBytes) code--;
  while (code < 255 && (classEnds[code] ?? 0) < sizeBytes) code++;
  return code;
}
