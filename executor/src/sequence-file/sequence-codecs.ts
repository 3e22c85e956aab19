import * as zlib from 'node:zlib';
import type { SequenceCodec } from 'heddle/internal';

interface Codec {
  readonly classNames: readonly [string, ...string[]];
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, maxBytes: number): Buffer;
}

const packageName = 'org.apache.hadoop.io.compress.';

const zstdParams = { [zlib.constants.ZSTD_c_checksumFlag]: 1 };

const codecs: Readonly<Record<SequenceCodec, Codec>> = {
  deflate: {
    classNames: [`${packageName}DefaultCodec`, `${packageName}DeflateCodec`],
    compress: (bytes) => zlib.deflateSync(bytes),
    decompress: (bytes, maxOutputLength) => zlib.inflateSync(bytes, { maxOutputLength }),
  },
  gzip: {
    classNames: [`${packageName}GzipCodec`],
    compress: (bytes) => zlib.gzipSync(bytes),
    decompress: (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { maxOutputLength }),
  },
  zstd: {
    classNames: [`${packageName}ZStandardCodec`],
    // Its own checksum: without it damage may go unnoticed.
    compress: (bytes) => zlib.zstdCompressSync(bytes, { params: zstdParams }),
    decompress: (bytes, maxOutputLength) => zlib.zstdDecompressSync(bytes, { maxOutputLength }),
  },
};

const byClassName = new Map(
  (Object.keys(codecs) as SequenceCodec[]).flatMap((name) =>
    codecs[name].classNames.map((className) => [className, name] as const),
  ),
);

/** Hadoop's class of a codec, as headers name it. */
export function classOfCodec(codec: SequenceCodec): string {
  return codecs[codec].classNames[0];
}

/** The codec of a class; undefined for one that cannot be read (LZO, Snappy, bzip2 and others). */
export function codecOfClass(className: string): SequenceCodec | undefined {
  return byClassName.get(className);
}

/** Names of the classes that can be read. */
export const readableCodecClasses: readonly string[] = [...byClassName.keys()];

/** One value, or one buffer of a block, as one compressed stream. */
export function compress(codec: SequenceCodec, bytes: Uint8Array): Uint8Array {
  return codecs[codec].compress(bytes);
}

/** What came of undoing compression: bytes, or more of them than are allowed, or damage. */
export type Decompressed =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'damaged'; readonly cause: Error };

/** Undoes `compress`. @param maxBytes of the result: a small file may claim to hold a universe */
export function decompress(
  codec: SequenceCodec,
  bytes: Uint8Array,
  maxBytes: number,
): Decompressed {
  if (bytes.length === 0) return { kind: 'bytes', bytes: Buffer.alloc(0) };
  try {
    return { kind: 'bytes', bytes: codecs[codec].decompress(bytes, Math.max(1, maxBytes)) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') return { kind: 'tooLarge' };
    return { kind: 'damaged', cause: error };
  }
}
