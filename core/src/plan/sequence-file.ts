/** Hadoop's simple `Writable` classes, by short names: `text` is `org.apache.hadoop.io.Text`, and so on. */
export const writableNames = [
  'text',
  'int',
  'vint',
  'long',
  'vlong',
  'double',
  'float',
  'boolean',
  'bytes',
  'null',
] as const;

/** One of Hadoop's simple `Writable` classes. */
export type WritableName = (typeof writableNames)[number];

/** What of a SequenceFile is compressed: nothing, each value, or blocks of about a megabyte. */
export const sequenceCompressions = ['none', 'record', 'block'] as const;

/** See `sequenceCompressions`. */
export type SequenceCompression = (typeof sequenceCompressions)[number];

/** Codecs of SequenceFiles: Hadoop's `DefaultCodec`, `GzipCodec`, `ZStandardCodec`. */
export const sequenceCodecs = ['deflate', 'gzip', 'zstd'] as const;

/** See `sequenceCodecs`. */
export type SequenceCodec = (typeof sequenceCodecs)[number];

/** How a SequenceFile is written. */
export interface SequenceFileLayout {
  /** Class of the keys; left out: what suits the first key of the partition. */
  readonly key?: WritableName;
  /** Class of the values; left out: what suits the first value of the partition. */
  readonly value?: WritableName;
  readonly compression: SequenceCompression;
  /** Without meaning where nothing is compressed. */
  readonly codec: SequenceCodec;
}

/** What Hadoop's 64-bit integers become: numbers, which refuse those above 2^53, or bigints. */
export type LongsAs = 'number' | 'bigint';
