/** One file of a tar archive. */
export interface TarFile {
  /** Path inside, with `/`; at most 100 bytes. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Permission bits. @default 0o644 */
  readonly mode?: number;
}

const blockBytes = 512;

/**
 * An uncompressed tar archive (POSIX ustar) of regular files; the same files always give the same
 * bytes: no times, no owners.
 *
 * @throws RangeError for names that the format has no room for
 */
export function tarArchive(files: readonly TarFile[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const file of files) {
    parts.push(tarHeader(file.name, file.bytes.length, file.mode ?? 0o644), file.bytes);
    const rest = file.bytes.length % blockBytes;
    if (rest > 0) parts.push(Buffer.alloc(blockBytes - rest));
  }
  parts.push(Buffer.alloc(2 * blockBytes));
  return Buffer.concat(parts);
}

/** The 512 bytes before a file's content. */
export function tarHeader(name: string, sizeBytes: number, mode: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(name) > 100) {
    throw new RangeError(`the name ${name} is too long for a tar archive (100 bytes)`);
  }
  header.write(name, 0, 'utf8');
  octal(header, mode, 100, 8);
  octal(header, 0, 108, 8);
  octal(header, 0, 116, 8);
  octal(header, sizeBytes, 124, 12);
  octal(header, 0, 136, 12);
  header.fill(' ', 148, 156);
  header.write('0', 156);
  header.write('ustar\0', 257, 'latin1');
  header.write('00', 263);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function octal(header: Buffer, value: number, offset: number, width: number): void {
  const text = value.toString(8).padStart(width - 1, '0');
  if (text.length > width - 1) throw new RangeError(`${value} is too large for a tar archive`);
  header.write(`${text}\0`, offset, 'latin1');
}
