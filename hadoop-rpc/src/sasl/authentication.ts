import type { Token } from '../credentials/token.js';
import type { ConnectionUser } from '../wire/request-frames.js';
import { DigestMd5 } from './digest-md5.js';
import type { SaslMechanismFactory } from './sasl-mechanism.js';

/** What a client can prove of itself. */
export interface RpcAuthentication {
  /** In the order of preference; empty for SIMPLE alone. */
  readonly mechanisms: readonly SaslMechanismFactory[];
  /**
   * Who we are when the server asks for no proof. Undefined refuses such a server: then nothing proves
   * that it is the right one.
   */
  readonly simpleUser: ConnectionUser | undefined;
}

/** No proof, only a name; for clusters without security. */
export function simpleAuthentication(effectiveUser: string, realUser?: string): RpcAuthentication {
  return {
    mechanisms: [],
    simpleUser: realUser === undefined ? { effectiveUser } : { effectiveUser, realUser },
  };
}

/**
 * A token: AM to ResourceManager, AM to NodeManager, also on clusters without security.
 *
 * User name and password are the base64 texts of identifier and password (`SaslRpcServer.encodeIdentifier`).
 *
 * @param cnonce for tests; random otherwise
 */
export function tokenAuthentication(token: Token, cnonce?: string): RpcAuthentication {
  const secret = { user: base64(token.identifier), password: base64(token.password) };
  const factory: SaslMechanismFactory = {
    method: 'TOKEN',
    mechanism: 'DIGEST-MD5',
    user: {},
    clientSpeaksFirst: false,
    create: (auth) => new DigestMd5(secret, auth, cnonce),
  };
  return { mechanisms: [factory], simpleUser: undefined };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
