/**
 * Node's own per-encoding methods of `Buffer`: the same work as `write` and `toString` without
 * their dispatch on the encoding's name. They are public in Node, only absent from its types.
 */
export interface FastBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number, length: number): number;
  utf8Write(text: string, offset: number, length: number): number;
  ucs2Write(text: string, offset: number, length: number): number;
}

/** How `ByteWriter.string` laid out the characters; the low two bits of its header. */
export const STRING_ASCII = 0;
export const STRING_UTF8 = 1;
/** Little-endian code units; only for strings with lone surrogates. */
export const STRING_UTF16 = 2;
