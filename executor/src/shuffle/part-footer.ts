/**
 * The end of a part: frames, then this footer, then the seal over frames and footer.
 *
 * | bytes | field |
 * |---|---|
 * | 4 | magic `HPT1` |
 * | 1 | version of the format |
 * | 1 | kind of the seal |
 * | 2 | zero |
 * | 8 | records (IEEE double, little-endian) |
 *
 * Readers find it from the part's length and the size of the seal they expect.
 */
export const PART_FOOTER_BYTES = 16;

const MAGIC = 0x31545048; // "HPT1", little-endian
const VERSION = 1;

/** What a verified footer says. */
export interface PartFooter {
  readonly sealKind: number;
  readonly records: number;
}

/** The footer's bytes. */
export function encodePartFooter(records: number, sealKind: number): Uint8Array {
  const bytes = new Uint8Array(PART_FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, sealKind);
  view.setFloat64(8, records, true);
  return bytes;
}

/** Reads a footer; a text says why it is none. */
export function decodePartFooter(bytes: Uint8Array): PartFooter | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length !== PART_FOOTER_BYTES || view.getUint32(0, true) !== MAGIC) {
    return 'it does not end in a part trailer';
  }
  if (view.getUint8(4) !== VERSION) {
    return `its trailer has version ${view.getUint8(4)}, this engine reads ${VERSION}`;
  }
  return { sealKind: view.getUint8(5), records: view.getFloat64(8, true) };
}
