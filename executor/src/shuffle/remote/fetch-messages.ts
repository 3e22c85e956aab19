import type { LostScope } from '../errors.js';

/** One part that the host shall fetch. */
export interface FetchPart {
  readonly executorId: string;
  readonly host: string;
  readonly mapId: string;
  readonly reducer: number;
  /** Its size, or when only about that is known, the most that it may have. */
  readonly mostBytes: number;
  readonly isExact: boolean;
  /** Reducers directly before it that have nothing in this map output: what they would be asked along with. */
  readonly emptyBefore: number;
  /** A later task of the thread wants it, which asks again itself when it does not come. */
  readonly isForLater: boolean;
}

/** Thread → host: fetch these parts; the answers come through the shared buffer, in this order. */
export interface OpenFetchMessage {
  readonly kind: 'openFetch';
  /** Laid out as `InputRing` says; the thread's own until the host has marked it released. */
  readonly buffer: SharedArrayBuffer;
  readonly slotCount: number;
  readonly slotBytes: number;
  readonly parts: readonly FetchPart[];
  /** Larger parts come as files. */
  readonly memoryLimitBytes: number;
  /** `check`: not the first part's bytes are wanted, but whether its executor still has them unharmed. */
  readonly purpose: 'parts' | 'check';
}

/**
 * What the ring carries: records of a header and `length` bytes, without any padding, cut into
 * packets anywhere.
 *
 * | bytes | field |
 * |---|---|
 * | 4 | kind: 0 bytes of the part, 1 path of a file that holds it, 2 a failure as JSON, 3 a diagnosis |
 * | 4 | number of the part in the request |
 * | 8 | length (IEEE double, little-endian) |
 */
export const RECORD_HEADER_BYTES = 16;

export const recordKind = { bytes: 0, file: 1, failure: 2, diagnosis: 3 } as const;

/** Why a part could not be fetched. */
export interface FetchFailure {
  readonly reason: string;
  readonly scope: LostScope;
  /** No map output is to blame, but this host: its disks are full, or the engine has a defect. */
  readonly isOwnFault?: boolean;
}
