import { hadoop } from '#protocol';

import { RpcMessageError, SaslError } from '../errors.js';
import { decodeMessage } from '../wire/protobuf.js';
import type { ConnectionUser, SaslRequest } from '../wire/request-frames.js';
import type { RpcAuthentication } from './authentication.js';
import { withoutChallenge } from './sasl-auth-bytes.js';
import type { OfferedAuth, SaslMechanism, SaslMechanismFactory } from './sasl-mechanism.js';
import type { SecurityLayer } from './security-layer.js';

const { SaslAuth, RpcSaslProto } = hadoop.common;
const { SaslState } = RpcSaslProto;

/** What to do after a SASL message of the server. */
export type NegotiationStep =
  | { readonly kind: 'send'; readonly message: SaslRequest }
  | { readonly kind: 'wait'; readonly message: Promise<SaslRequest> }
  | {
      readonly kind: 'done';
      /** A message to send first, which the server does not answer. */
      readonly message: SaslRequest | undefined;
      readonly user: ConnectionUser;
      readonly layer: SecurityLayer | undefined;
    };

/** A SASL message of the server. */
export interface SaslReply {
  readonly state: hadoop.common.RpcSaslProto.SaslState;
  readonly token: Uint8Array | undefined;
  readonly auths: readonly Uint8Array[];
}

/** The client's first message: what may I do? */
export const negotiateRequest: SaslRequest = { state: SaslState.NEGOTIATE };

/**
 * The client's half of `SaslRpcClient.saslConnect` (Hadoop 3.4.3), without any socket:
 * NEGOTIATE, INITIATE with the chosen offer repeated byte for byte but for its challenge,
 * RESPONSE to each CHALLENGE, SUCCESS.
 */
export class SaslNegotiation {
  readonly #authentication: RpcAuthentication;
  #chosen: { factory: SaslMechanismFactory; mechanism: SaslMechanism } | undefined;

  constructor(authentication: RpcAuthentication) {
    this.#authentication = authentication;
  }

  /** @throws SaslError when no agreement is possible or the server breaks the order */
  receive(reply: SaslReply): NegotiationStep {
    switch (reply.state) {
      case SaslState.NEGOTIATE:
        return this.#initiate(reply.auths);
      case SaslState.CHALLENGE:
        return this.#respond(reply.token ?? new Uint8Array(0));
      case SaslState.SUCCESS:
        return this.#succeed(reply.token);
      default:
        throw new SaslError(`the server sent the SASL state ${SaslState[reply.state]}`);
    }
  }

  #initiate(auths: readonly Uint8Array[]): NegotiationStep {
    if (this.#chosen !== undefined) throw new SaslError('the server negotiates a second time');
    const offers = auths.map((bytes) => ({ bytes, auth: offerOf(bytes) }));
    for (const { bytes, auth } of offers) {
      const factory = this.#authentication.mechanisms.find(
        (known) => known.method === auth.method && known.mechanism === auth.mechanism,
      );
      if (factory !== undefined) return this.#begin(factory, auth, withoutChallenge(bytes));
      if (auth.method === 'SIMPLE' && this.#authentication.simpleUser !== undefined) {
        // The server does not answer this one: it goes on without authentication.
        const message = { state: SaslState.INITIATE, auths: [withoutChallenge(bytes)] };
        return { kind: 'done', message, user: this.#authentication.simpleUser, layer: undefined };
      }
    }
    throw new SaslError(this.#describeNoMatch(offers.map(({ auth }) => auth)));
  }

  #begin(factory: SaslMechanismFactory, auth: OfferedAuth, offer: Uint8Array): NegotiationStep {
    const mechanism = factory.create(auth);
    this.#chosen = { factory, mechanism };
    const initiate = (token: Uint8Array): SaslRequest => ({
      state: SaslState.INITIATE,
      token,
      auths: [offer],
    });
    if (auth.challenge !== undefined) return sendStep(mechanism.respond(auth.challenge), initiate);
    const nothing = new Uint8Array(0);
    // Without a challenge the token is present and empty, and a CHALLENGE follows.
    return factory.clientSpeaksFirst
      ? sendStep(mechanism.respond(nothing), initiate)
      : { kind: 'send', message: initiate(nothing) };
  }

  #respond(challenge: Uint8Array): NegotiationStep {
    if (this.#chosen === undefined) throw new SaslError('the server challenges before it offers');
    return sendStep(this.#chosen.mechanism.respond(challenge), (token) => ({
      state: SaslState.RESPONSE,
      token,
    }));
  }

  #succeed(token: Uint8Array | undefined): NegotiationStep {
    if (this.#chosen !== undefined) {
      const { factory, mechanism } = this.#chosen;
      const layer = mechanism.finish(token);
      return { kind: 'done', message: undefined, user: factory.user, layer };
    }
    const user = this.#authentication.simpleUser;
    if (user !== undefined) return { kind: 'done', message: undefined, user, layer: undefined };
    throw new SaslError(
      'the server asks for no proof of identity and gives none (hadoop.security.authentication is simple there)',
    );
  }

  #describeNoMatch(offers: readonly OfferedAuth[]): string {
    const names = (list: readonly { method: string; mechanism: string }[]): string =>
      list.map(({ method, mechanism }) => `${method}/${mechanism}`).join(', ') || 'nothing';
    return `the server offers ${names(offers)}; this client can do ${names(this.#authentication.mechanisms)}`;
  }
}

function sendStep(
  answer: Uint8Array | Promise<Uint8Array>,
  messageOf: (token: Uint8Array) => SaslRequest,
): NegotiationStep {
  return answer instanceof Promise
    ? { kind: 'wait', message: answer.then(messageOf) }
    : { kind: 'send', message: messageOf(answer) };
}

function offerOf(bytes: Uint8Array): OfferedAuth {
  try {
    const auth = decodeMessage(SaslAuth, bytes, 'an offer of authentication');
    return {
      method: auth.method,
      mechanism: auth.mechanism,
      protocol: auth.protocol,
      serverId: auth.serverId,
      challenge: Object.hasOwn(auth, 'challenge') ? auth.challenge : undefined,
    };
  } catch (error) {
    if (!(error instanceof RpcMessageError)) throw error;
    throw new SaslError(error.message, { cause: error });
  }
}
