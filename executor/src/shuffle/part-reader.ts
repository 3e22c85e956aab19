import type { MapOutputLocation } from 'heddle/internal';
import { ShuffleFetchError } from './errors.js';
import { decodeFrame, decodeFrameHeader, FRAME_HEADER_BYTES, FrameError } from './frame.js';
import { decodePartFooter, PART_FOOTER_BYTES } from './part-footer.js';
import type { PartSeal } from './part-seal.js';
import type { PartBytes } from './part-source.js';

const VERIFY_CHUNK_BYTES = 1024 * 1024;

/**
 * The frames of one part, in order. The seal over the whole part is verified before anything of it
 * is interpreted: small parts are held in memory, larger ones are read twice, and then each frame
 * is checked against its own checksum as well, since the file might change in between.
 *
 * Every defect is a `ShuffleFetchError` that says `damaged`: the part may be read once more, and when
 * that does not help the map task runs again.
 */
export class PartReader {
  readonly #location: MapOutputLocation;
  readonly #reducePartition: number;
  readonly #part: PartBytes;
  /** Where frames end and the trailer begins. */
  readonly #framesEnd: number;
  /** All bytes of the part, when it is small. */
  readonly #bytes: Uint8Array | undefined;
  readonly #expectedRecords: number;
  #position = 0;
  #records = 0;

  constructor(
    location: MapOutputLocation,
    reducePartition: number,
    part: PartBytes,
    seal: PartSeal,
    memoryLimitBytes: number,
  ) {
    this.#location = location;
    this.#reducePartition = reducePartition;
    this.#part = part;
    this.#framesEnd = part.sizeBytes - PART_FOOTER_BYTES - seal.sizeBytes;
    if (this.#framesEnd < 0) {
      throw this.#defect('it is too short for a part');
    }
    const trailer = new Uint8Array(PART_FOOTER_BYTES + seal.sizeBytes);
    if (part.sizeBytes <= memoryLimitBytes) {
      this.#bytes = this.#readExactly(0, part.sizeBytes);
      trailer.set(this.#bytes.subarray(this.#framesEnd));
    } else {
      trailer.set(this.#readExactly(this.#framesEnd, trailer.length));
    }
    this.#verifySeal(seal, trailer);
    const footer = decodePartFooter(trailer.subarray(0, PART_FOOTER_BYTES));
    if (typeof footer === 'string') {
      throw this.#defect(footer);
    }
    if (footer.sealKind !== seal.kind) {
      throw this.#defect(`it is sealed by kind ${footer.sealKind}, kind ${seal.kind} is expected`);
    }
    this.#expectedRecords = footer.records;
    if (this.#bytes !== undefined) {
      part.close();
    }
  }

  /** The uncompressed batches of the next frame. */
  next(): Uint8Array | undefined {
    if (this.#position === this.#framesEnd) {
      this.close();
      if (this.#records !== this.#expectedRecords) {
        throw this.#defect(
          `it holds ${this.#records} records, its trailer says ${this.#expectedRecords}`,
        );
      }
      return undefined;
    }
    try {
      return this.#nextFrame();
    } catch (error) {
      if (error instanceof ShuffleFetchError) {
        throw error;
      }
      // A seal that fits and frames that do not: written by another engine, or changed meanwhile.
      throw this.#defect(
        error instanceof FrameError ? error.message : 'a frame cannot be read',
        error,
      );
    }
  }

  close(): void {
    this.#part.close();
  }

  /** For what the caller finds wrong with the contents. */
  defect(reason: string, cause: unknown): ShuffleFetchError {
    return this.#defect(reason, cause);
  }

  #nextFrame(): Uint8Array {
    const rest = this.#framesEnd - this.#position;
    if (this.#bytes !== undefined) {
      const frames = this.#bytes.subarray(0, this.#framesEnd);
      const header = decodeFrameHeader(frames, this.#position);
      const start = this.#position + FRAME_HEADER_BYTES;
      this.#position = start + header.storedBytes;
      this.#records += header.records;
      return decodeFrame(header, frames.subarray(start, this.#position), false);
    }
    if (rest < FRAME_HEADER_BYTES) {
      throw new FrameError('it ends inside a frame header');
    }
    const header = decodeFrameHeader(this.#readExactly(this.#position, FRAME_HEADER_BYTES), 0);
    if (header.storedBytes > rest - FRAME_HEADER_BYTES) {
      throw new FrameError('it ends inside a frame');
    }
    const stored = this.#readExactly(this.#position + FRAME_HEADER_BYTES, header.storedBytes);
    this.#position += FRAME_HEADER_BYTES + header.storedBytes;
    this.#records += header.records;
    return decodeFrame(header, stored, true);
  }

  #verifySeal(seal: PartSeal, trailer: Uint8Array): void {
    const sealer = seal.verifier(
      this.#location,
      this.#reducePartition,
      trailer.subarray(PART_FOOTER_BYTES),
    );
    if (this.#bytes !== undefined) {
      sealer.update(this.#bytes.subarray(0, this.#framesEnd));
    } else {
      for (let at = 0; at < this.#framesEnd; at += VERIFY_CHUNK_BYTES) {
        sealer.update(this.#readExactly(at, Math.min(VERIFY_CHUNK_BYTES, this.#framesEnd - at)));
      }
    }
    sealer.update(trailer.subarray(0, PART_FOOTER_BYTES));
    if (!sealer.matches()) {
      throw this.#defect('its checksum does not match its bytes');
    }
  }

  #readExactly(position: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(length);
    if (this.#part.read(position, bytes) !== length) {
      throw this.#defect('its file is shorter than its index says');
    }
    return bytes;
  }

  #defect(reason: string, cause?: unknown): ShuffleFetchError {
    this.#part.close();
    return new ShuffleFetchError(this.#location, this.#reducePartition, reason, {
      cause,
      damaged: true,
    });
  }
}
