import { SaslError } from '../errors.js';

/** Protection of a connection after DIGEST-MD5 (RFC 2831). */
export type QualityOfProtection = 'auth' | 'auth-int' | 'auth-conf';

/** The challenge of a DIGEST-MD5 server, as far as Hadoop uses it. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  /** Unsorted, as offered; `auth` alone when the server names none. */
  readonly qops: readonly QualityOfProtection[];
  readonly ciphers: readonly string[];
  /** The largest wrapped message the server takes. */
  readonly maxBufferBytes: number;
}

/**
 * Parses `name=value` and `name="quoted, value"` between commas, with `\` escapes in quotes.
 *
 * @throws SaslError when the text has another form, or names a directive twice
 */
export function parseDirectives(text: string): Map<string, string> {
  const directives = new Map<string, string>();
  const pattern = /[\s,]*([A-Za-z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s,"]+))\s*(?=,|$)/y;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      if (/^[\s,]*$/.test(text.slice(at))) break;
      throw new SaslError(`the DIGEST-MD5 message is malformed at character ${at}`);
    }
    const name = match[1]!.toLowerCase();
    // Only the realm may stand more than once; the first is taken, as Java does.
    if (directives.has(name) && name !== 'realm') {
      throw new SaslError(`the DIGEST-MD5 message names ${name} twice`);
    }
    if (!directives.has(name)) {
      directives.set(name, match[2]?.replace(/\\([\s\S])/g, '$1') ?? match[3]!);
    }
  }
  return directives;
}

/** @throws SaslError when the challenge lacks a nonce or asks for something unknown */
export function parseDigestChallenge(bytes: Uint8Array): DigestChallenge {
  const directives = parseDirectives(Buffer.from(bytes).toString('utf8'));
  const nonce = directives.get('nonce');
  if (nonce === undefined) throw new SaslError('the DIGEST-MD5 challenge has no nonce');
  const algorithm = directives.get('algorithm');
  if (algorithm !== 'md5-sess') {
    throw new SaslError(`the DIGEST-MD5 challenge wants the algorithm ${algorithm ?? 'none'}`);
  }
  const maxBufferBytes = Number(directives.get('maxbuf') ?? 65_536);
  if (!Number.isInteger(maxBufferBytes) || maxBufferBytes < 64 || maxBufferBytes > 0xffffff) {
    throw new SaslError(`the DIGEST-MD5 challenge names the buffer size ${maxBufferBytes}`);
  }
  return {
    realm: directives.get('realm') ?? '',
    nonce,
    qops: listOf(directives.get('qop') ?? 'auth').filter(isQop),
    ciphers: listOf(directives.get('cipher') ?? ''),
    maxBufferBytes,
  };
}

function listOf(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function isQop(text: string): text is QualityOfProtection {
  return text === 'auth' || text === 'auth-int' || text === 'auth-conf';
}
