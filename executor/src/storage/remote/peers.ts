import type { AuthenticatedServer, Peer, PeerReply, PeerRequest } from '../../transport/index.js';
import type { ReplyStream } from '../../transport/index.js';

/** The other processes of the application attempt that this one may ask, as the hub last said. */
export interface PeerDirectory {
  /** Where an executor is; undefined when it is not known or not alive. */
  find(executorId: string): Peer | undefined;
  /** All executors that are alive, this one included, in the hub's order. */
  live(): readonly Peer[];
}

/** The part of `AuthenticatedClient` that blocks and broadcasts need. */
export interface PeerClient {
  request(peer: Peer, request: PeerRequest, maxReplyBytes?: number): Promise<PeerReply>;
  open(peer: Peer, request: PeerRequest): Promise<ReplyStream>;
}

/** The part of `AuthenticatedServer` that blocks and broadcasts need. */
export type PeerRoutes = Pick<AuthenticatedServer, 'route'>;

/** Everything through which a process of the application reaches the others, and is reached. */
export interface PeerAccess {
  readonly client: PeerClient;
  readonly routes: PeerRoutes;
  readonly peers: PeerDirectory;
  /** The first holder of broadcast variables: the driver's control hub, or the AM's. */
  readonly hub: Peer;
  /** Seals blocks on their way; the same in all executors of the attempt, and in nobody else. */
  readonly sealKey: Uint8Array;
}

/** A number of a path: digits only, at most 2^53 - 1; undefined for anything else. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** One piece of bytes as the stream of a reply. */
// eslint-disable-next-line @typescript-eslint/require-await -- a reply's stream is asynchronous by its type
export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
