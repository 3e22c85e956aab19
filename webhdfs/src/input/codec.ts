/** Compressions that are known by the ending of a name. */
export type CompressionCodec = 'gzip' | 'zstd' | 'brotli' | 'deflate';

const codecOfEnding: Readonly<Record<string, CompressionCodec>> = {
  gz: 'gzip',
  zst: 'zstd',
  br: 'brotli',
  deflate: 'deflate',
};

/** Endings that Hadoop reads through codecs that do not exist here; their bytes would be read as text. */
const foreignEndings: Readonly<Record<string, string>> = {
  bz2: 'bzip2',
  lz4: 'lz4',
  snappy: 'snappy',
  lzo: 'lzo',
  xz: 'xz',
};

/** Ending of the files that a codec writes, with its dot; empty for none. */
export function codecEnding(codec: CompressionCodec | undefined): string {
  switch (codec) {
    case undefined:
      return '';
    case 'gzip':
      return '.gz';
    case 'zstd':
      return '.zst';
    case 'brotli':
      return '.br';
    case 'deflate':
      return '.deflate';
  }
}

/** The codec of a file by its name, as Hadoop's `CompressionCodecFactory` finds it. */
export function codecOfPath(path: string): CompressionCodec | undefined {
  return codecOfEnding[endingOf(path)];
}

/** Name of a compression that Heddle cannot read, by the file's name. */
export function foreignCodecOfPath(path: string): string | undefined {
  return foreignEndings[endingOf(path)];
}

function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}
