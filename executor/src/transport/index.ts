export { AttemptKey, KEY_BYTES, type KeyPurpose } from './attempt-key.js';
export {
  AuthenticatedClient,
  type AuthenticatedClientOptions,
  type PeerReply,
  type PeerRequest,
} from './authenticated-client.js';
export {
  AuthenticatedServer,
  ListenError,
  type AuthenticatedServerOptions,
  type RouteOptions,
  type UpgradeHandler,
} from './authenticated-server.js';
export {
  PeerBusyError,
  PeerError,
  PeerGoneError,
  PeerProtocolError,
  PeerRefusedError,
  peerText,
  PeerTimeoutError,
  PeerUnreachableError,
  type Peer,
} from './errors.js';
export type { ReplyHead } from './genuine-reply.js';
export type { ReplyStream } from './reply-stream.js';
export {
  isSignableName,
  signRequest,
  type Credentials,
  type RequestToSign,
  type SignedRequest,
} from './request-signature.js';
export { CLOCK_WINDOW_MS, RequestVerifier, type VerifierOptions } from './request-verifier.js';
export { defaultServerLimits, type ServerLimits } from './server-limits.js';
export {
  jsonReply,
  type AuthenticatedRequest,
  type BodyReply,
  type RequestHandler,
  type ServerReply,
  type StreamReply,
  type UpgradeSession,
} from './server-messages.js';
