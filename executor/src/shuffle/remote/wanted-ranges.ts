import { PeerProtocolError, type Peer } from '../../transport/errors.js';
import type { ReplyStream } from '../../transport/reply-stream.js';
import type { FetchFailure, FetchPart } from './fetch-messages.js';
import { LENGTH_BYTES, type PartRange } from './parts-wire.js';
import { mayHaveLength } from './stock-client.js';

/** A part that is to be fetched, and what takes its bytes. */
export interface WantedPart extends FetchPart {
  /** Takes this many bytes of the answer. May be called again when the answer broke off. */
  receive(stream: ReplyStream, lengthBytes: number): Promise<void>;
  /** Called exactly once. */
  settle(failure: FetchFailure | undefined): void;
}

/** A range of a request, and those of its parts that are wanted: the others are empty. */
export interface WantedRange extends PartRange {
  readonly parts: readonly WantedPart[];
}

/**
 * What to ask for: reducers of a map output are one range as long as only empty parts are between them.
 * @param parts of one map output in order of reducers
 */
export function rangesOf(parts: readonly WantedPart[]): WantedRange[] {
  const byOutput = new Map<string, WantedPart[][]>();
  for (const part of parts) {
    const ranges = byOutput.get(part.mapId);
    const before = ranges?.at(-1)?.at(-1);
    if (ranges === undefined) byOutput.set(part.mapId, [[part]]);
    else if (before !== undefined && part.reducer - part.emptyBefore <= before.reducer + 1) {
      ranges.at(-1)!.push(part);
    } else ranges.push([part]);
  }
  return [...byOutput.values()].flat().map((wanted) => {
    const { mapId, reducer } = wanted[0]!;
    return {
      mapId,
      firstReducer: reducer,
      reducers: wanted.at(-1)!.reducer - reducer + 1,
      parts: wanted,
    };
  });
}

/** The lengths of a range's parts, all of which can be right. Throws subclasses of `PeerError`. */
export async function readLengths(
  stream: ReplyStream,
  { firstReducer, reducers, parts }: WantedRange,
  peer: Peer,
): Promise<number[]> {
  const header = Buffer.alloc(reducers * LENGTH_BYTES);
  await stream.readInto(header);
  let wanted = 0;
  return Array.from({ length: reducers }, (_, i) => {
    const length = header.readDoubleLE(i * LENGTH_BYTES);
    const part = parts[wanted]?.reducer === firstReducer + i ? parts[wanted++] : undefined;
    const isRight = part === undefined ? length === 0 : mayHaveLength(part, length);
    if (length < 0 || isRight) return length;
    const reason = `a part of ${length} bytes came where ${part?.mostBytes ?? 0} were expected`;
    throw new PeerProtocolError(peer, reason);
  });
}
