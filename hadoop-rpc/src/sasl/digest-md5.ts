import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { SaslError } from '../errors.js';
import {
  parseDigestChallenge,
  parseDirectives,
  type DigestChallenge,
  type QualityOfProtection,
} from './digest-challenge.js';
import type { OfferedAuth, SaslMechanism } from './sasl-mechanism.js';
import {
  IntegrityLayer,
  PrivacyLayer,
  digestCiphers,
  type DigestCipher,
  type DirectionKeys,
  type SecurityLayer,
} from './security-layer.js';

/** What both sides know. */
export interface DigestSecret {
  readonly user: string;
  readonly password: string;
}

/** Strongest first; the server's order means nothing. */
const qopsByStrength: readonly QualityOfProtection[] = ['auth-conf', 'auth-int', 'auth'];

/** Bytes of H(A1) that enter the sealing keys, by cipher. */
const sealingKeyBytes: Readonly<Record<DigestCipher, number>> = {
  '3des': 16,
  rc4: 16,
  'rc4-56': 7,
  'rc4-40': 5,
};

interface Agreement {
  readonly challenge: DigestChallenge;
  readonly qop: QualityOfProtection;
  readonly cipher: DigestCipher | undefined;
  /** H(A1). */
  readonly sessionKey: Uint8Array;
}

/**
 * The client's half of DIGEST-MD5 (RFC 2831) as the JDK's provider speaks it under Hadoop's tokens.
 *
 * Takes the strongest protection that the server offers, and proves the server by its `rspauth`.
 */
export class DigestMd5 implements SaslMechanism {
  readonly #secret: DigestSecret;
  readonly #uri: string;
  readonly #cnonce: string;
  #agreement: Agreement | undefined;

  /** @param cnonce for tests; random otherwise */
  constructor(
    secret: DigestSecret,
    auth: OfferedAuth,
    cnonce = randomBytes(30).toString('base64'),
  ) {
    this.#secret = secret;
    this.#uri = `${auth.protocol}/${auth.serverId}`;
    this.#cnonce = cnonce;
  }

  respond(challengeBytes: Uint8Array): Uint8Array {
    if (this.#agreement !== undefined) {
      throw new SaslError('the server sent a second DIGEST-MD5 challenge');
    }
    const challenge = parseDigestChallenge(challengeBytes);
    const cipher = digestCiphers.find((name) => challenge.ciphers.includes(name));
    const qop = qopsByStrength.find(
      (name) => challenge.qops.includes(name) && (name !== 'auth-conf' || cipher !== undefined),
    );
    if (qop === undefined) {
      throw new SaslError(
        'the server offers no protection that is known here (hadoop.rpc.protection)',
      );
    }
    const agreement = {
      challenge,
      qop,
      cipher: qop === 'auth-conf' ? cipher : undefined,
      sessionKey: this.#sessionKey(challenge),
    };
    this.#agreement = agreement;
    return Buffer.from(this.#responseText(agreement), 'utf8');
  }

  finish(token: Uint8Array | undefined): SecurityLayer | undefined {
    const agreement = this.#agreement;
    if (agreement === undefined) throw new SaslError('the server agreed before it was answered');
    const proof = parseDirectives(Buffer.from(token ?? []).toString('utf8')).get('rspauth') ?? '';
    const expected = this.#digest(agreement, '');
    if (
      proof.length !== expected.length ||
      !timingSafeEqual(Buffer.from(proof, 'latin1'), Buffer.from(expected, 'latin1'))
    ) {
      throw new SaslError('the server does not know the password of the token: it is an impostor');
    }
    return this.#layer(agreement);
  }

  #sessionKey({ realm, nonce }: DigestChallenge): Uint8Array {
    const { user, password } = this.#secret;
    return md5(md5(`${user}:${realm}:${password}`), `:${nonce}:${this.#cnonce}`);
  }

  #digest({ challenge, qop, sessionKey }: Agreement, verb: 'AUTHENTICATE' | ''): string {
    const body = qop === 'auth' ? '' : `:${'0'.repeat(32)}`;
    const request = hex(md5(`${verb}:${this.#uri}${body}`));
    return hex(
      md5(`${hex(sessionKey)}:${challenge.nonce}:00000001:${this.#cnonce}:${qop}:${request}`),
    );
  }

  #responseText(agreement: Agreement): string {
    const { challenge, qop, cipher } = agreement;
    const directives = [
      'charset=utf-8',
      `username=${quoted(this.#secret.user)}`,
      `realm=${quoted(challenge.realm)}`,
      `nonce=${quoted(challenge.nonce)}`,
      'nc=00000001',
      `cnonce=${quoted(this.#cnonce)}`,
      `digest-uri=${quoted(this.#uri)}`,
      'maxbuf=65536',
      `response=${this.#digest(agreement, 'AUTHENTICATE')}`,
      `qop=${qop}`,
    ];
    if (cipher !== undefined) directives.push(`cipher=${quoted(cipher)}`);
    return directives.join(',');
  }

  #layer({ qop, cipher, challenge, sessionKey }: Agreement): SecurityLayer | undefined {
    if (qop === 'auth') return undefined;
    const keys = (direction: 'client-to-server' | 'server-to-client'): DirectionKeys => ({
      integrity: md5(sessionKey, `Digest session key to ${direction} signing key magic constant`),
      sealing:
        cipher === undefined
          ? new Uint8Array(0)
          : md5(
              sessionKey.subarray(0, sealingKeyBytes[cipher]),
              `Digest H(A1) to ${direction} sealing key magic constant`,
            ),
    });
    const send = keys('client-to-server');
    const receive = keys('server-to-client');
    return cipher === undefined
      ? new IntegrityLayer(send, receive, challenge.maxBufferBytes)
      : new PrivacyLayer(cipher, send, receive, challenge.maxBufferBytes);
  }
}

function md5(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
