import type { ConnectionUser } from '../wire/request-frames.js';
import type { SecurityLayer } from './security-layer.js';

/** One way of authentication that a server offers (`SaslAuth`). */
export interface OfferedAuth {
  /** `TOKEN`, `KERBEROS` or `SIMPLE`. */
  readonly method: string;
  /** `DIGEST-MD5`, `GSSAPI`; empty for SIMPLE. */
  readonly mechanism: string;
  /** First part of a Kerberos service principal; empty for tokens. */
  readonly protocol: string;
  /** Second part of it; `default` for tokens. */
  readonly serverId: string;
  /** The first challenge, when the server sends it along. */
  readonly challenge: Uint8Array | undefined;
}

/** The client's half of one SASL exchange. */
export interface SaslMechanism {
  /**
   * The answer to a challenge. For GSSAPI, whose client speaks first, the first challenge is empty.
   * A promise makes the connection wait.
   */
  respond(challenge: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * The server agreed: verifies its last word.
   *
   * @returns what wraps all further traffic; undefined for none
   * @throws SaslError when the server's proof is wrong
   */
  finish(token: Uint8Array | undefined): SecurityLayer | undefined;
}

/** A way of authentication that this client can do; the seam for GSSAPI. */
export interface SaslMechanismFactory {
  readonly method: string;
  readonly mechanism: string;
  /** Who the connection context names; nobody under token authentication. */
  readonly user: ConnectionUser;
  /** True when the client answers an empty challenge first if the server sent none (GSSAPI). */
  readonly clientSpeaksFirst: boolean;
  create(auth: OfferedAuth): SaslMechanism;
}
