/**
 * How parts of map outputs are asked for and sent between executors.
 *
 * Request: `QUERY /shuffle/parts` with a JSON body of entries `[map id, first reducer, reducers]`. Answer:
 * for each entry, in order, the lengths of its parts as little-endian doubles, and then their bytes,
 * which stand one after another in the map output's file. A negative length stands for what cannot
 * be sent; then nothing behind it in the same entry is sent either.
 */
export const PARTS_PATH = '/shuffle/parts';

/** `QUERY /shuffle/check` with one entry of one reducer: is the part as it was written? Answers a `PartCheck`. */
export const CHECK_PATH = '/shuffle/check';

/** What the length of one part takes. */
export const LENGTH_BYTES = 8;

/** The executor has no such map output. */
export const UNKNOWN_OUTPUT = -1;
/** It has, but the file is gone or too short, or its index is damaged. */
export const DAMAGED_OUTPUT = -2;

export const MAX_ENTRIES = 10_000;
/** Parts of all entries of a request: bounds what their lengths take. */
export const MAX_PARTS = 100_000;

/** What an executor says about a part on its disk. */
export interface PartCheck {
  readonly onDisk: 'intact' | 'damaged' | 'missing';
}

/** Contiguous reducers of one map output. */
export interface PartRange {
  readonly mapId: string;
  readonly firstReducer: number;
  readonly reducers: number;
}

const MAP_ID_PATTERN = /^[A-Za-z0-9_-]{1,200}$/;
/** The last reducer that a request may name. */
const MAX_REDUCER = 10_000_000;

/** The body of a request. */
export function encodeRanges(ranges: readonly PartRange[]): Buffer {
  const entries = ranges.map(({ mapId, firstReducer, reducers }) => [
    mapId,
    firstReducer,
    reducers,
  ]);
  return Buffer.from(JSON.stringify(entries));
}

/** Reads the body of a request; undefined when anything about it is unusual. */
export function decodeRanges(body: Uint8Array): PartRange[] | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_ENTRIES) {
    return undefined;
  }
  const ranges: PartRange[] = [];
  let parts = 0;
  for (const entry of entries as unknown[]) {
    if (!Array.isArray(entry) || entry.length !== 3) return undefined;
    const [mapId, firstReducer, reducers] = entry as [unknown, unknown, unknown];
    if (typeof mapId !== 'string' || !MAP_ID_PATTERN.test(mapId)) return undefined;
    if (!isCount(firstReducer) || !isCount(reducers) || reducers === 0) return undefined;
    parts += reducers;
    if (parts > MAX_PARTS) return undefined;
    ranges.push({ mapId, firstReducer, reducers });
  }
  return ranges;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_REDUCER;
}
