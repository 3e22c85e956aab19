import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

import { RpcFramingError } from '../errors.js';
import { Rc4 } from './rc4.js';

/** Wraps and unwraps all traffic after authentication. */
export interface SecurityLayer {
  /** The most plain bytes one wrapped message may hold. */
  readonly maxPlainBytes: number;
  wrap(plain: Uint8Array): Uint8Array;
  /** @throws RpcFramingError when the message was altered, lost or repeated */
  unwrap(token: Uint8Array): Uint8Array;
}

/** Ciphers of auth-conf, best first. Single DES is not offered: it protects nothing. */
export const digestCiphers = ['3des', 'rc4', 'rc4-56', 'rc4-40'] as const;
export type DigestCipher = (typeof digestCiphers)[number];

/** Keys of one direction. */
export interface DirectionKeys {
  readonly integrity: Uint8Array;
  /** Empty for auth-int. */
  readonly sealing: Uint8Array;
}

const macBytes = 10;
const trailerBytes = 6;

/**
 * auth-int, RFC 2831 2.3, without the length that the RFC puts in front (Hadoop's frame has one):
 *
 *     offset   bytes
 *     0        n      message
 *     n        10     HMAC-MD5(Ki, sequence ++ message), cut to 10 bytes
 *     n + 10   2      00 01
 *     n + 12   4      sequence, from 0, for each direction
 */
export class IntegrityLayer implements SecurityLayer {
  readonly maxPlainBytes: number;
  readonly #send: DirectionKeys;
  readonly #receive: DirectionKeys;
  #sendSequence = 0;
  #receiveSequence = 0;

  constructor(send: DirectionKeys, receive: DirectionKeys, maxBufferBytes: number) {
    this.#send = send;
    this.#receive = receive;
    this.maxPlainBytes = maxBufferBytes - 16;
  }

  wrap(plain: Uint8Array): Uint8Array {
    const sequence = this.#sendSequence;
    this.#sendSequence += 1;
    return Buffer.concat([plain, macOf(this.#send, sequence, plain), trailerOf(sequence)]);
  }

  unwrap(token: Uint8Array): Uint8Array {
    const end = token.length - trailerBytes - macBytes;
    if (end < 0) throw new RpcFramingError('a wrapped message is too short');
    const plain = token.subarray(0, end);
    checkTrailer(token, this.#receiveSequence);
    checkMac(this.#receive, this.#receiveSequence, plain, token.subarray(end, end + macBytes));
    this.#receiveSequence += 1;
    return plain;
  }
}

/**
 * auth-conf, RFC 2831 2.4:
 *
 *     CIPHER( message ++ padding ++ HMAC ) ++ 00 01 ++ sequence
 *
 * 3DES pads with p bytes of value p (1 to 8) to a multiple of 8; RC4 does not pad. Chaining and key
 * stream go on from message to message.
 */
export class PrivacyLayer implements SecurityLayer {
  readonly maxPlainBytes: number;
  readonly #send: DirectionKeys;
  readonly #receive: DirectionKeys;
  readonly #encrypt: BlockTransform;
  readonly #decrypt: BlockTransform;
  readonly #blockBytes: number;
  #sendSequence = 0;
  #receiveSequence = 0;

  constructor(
    cipher: DigestCipher,
    send: DirectionKeys,
    receive: DirectionKeys,
    maxBufferBytes: number,
  ) {
    this.#send = send;
    this.#receive = receive;
    this.#blockBytes = cipher === '3des' ? 8 : 1;
    this.#encrypt = cipher === '3des' ? tripleDes(send.sealing, 'encrypt') : new Rc4(send.sealing);
    this.#decrypt =
      cipher === '3des' ? tripleDes(receive.sealing, 'decrypt') : new Rc4(receive.sealing);
    this.maxPlainBytes = maxBufferBytes - 26;
  }

  wrap(plain: Uint8Array): Uint8Array {
    const sequence = this.#sendSequence;
    this.#sendSequence += 1;
    const open = this.#blockBytes - ((plain.length + macBytes) % this.#blockBytes);
    const padding = this.#blockBytes === 1 ? new Uint8Array(0) : new Uint8Array(open).fill(open);
    const sealed = this.#encrypt.update(
      Buffer.concat([plain, padding, macOf(this.#send, sequence, plain)]),
    );
    return Buffer.concat([sealed, trailerOf(sequence)]);
  }

  unwrap(token: Uint8Array): Uint8Array {
    const sealed = token.subarray(0, Math.max(0, token.length - trailerBytes));
    if (sealed.length < macBytes || sealed.length % this.#blockBytes !== 0) {
      throw new RpcFramingError('a sealed message has no possible length');
    }
    checkTrailer(token, this.#receiveSequence);
    const opened = this.#decrypt.update(sealed);
    const macAt = opened.length - macBytes;
    const padding = this.#blockBytes === 1 ? 0 : (opened[macAt - 1] ?? 0);
    // A wrong padding is not told apart from a wrong code.
    const end = padding <= this.#blockBytes && padding <= macAt ? macAt - padding : 0;
    const plain = opened.subarray(0, end);
    checkMac(this.#receive, this.#receiveSequence, plain, opened.subarray(macAt));
    this.#receiveSequence += 1;
    return plain;
  }
}

interface BlockTransform {
  update(bytes: Uint8Array): Uint8Array;
}

/** Two-key triple DES in CBC: 16 key bytes give K1, K2 (7 bytes each), and the last 8 the first IV. */
function tripleDes(key: Uint8Array, direction: 'encrypt' | 'decrypt'): BlockTransform {
  const first = spreadDesKey(key.subarray(0, 7));
  const desKey = Buffer.concat([first, spreadDesKey(key.subarray(7, 14)), first]);
  const create = direction === 'encrypt' ? createCipheriv : createDecipheriv;
  const cipher = create('des-ede3-cbc', desKey, key.subarray(8, 16));
  cipher.setAutoPadding(false);
  return cipher;
}

/** 56 bits to 8 bytes with 7 bits each; the lowest bit of each is the (unchecked) odd parity. */
function spreadDesKey(sevenBytes: Uint8Array): Uint8Array {
  const bits = sevenBytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return Uint8Array.from({ length: 8 }, (_, index) => {
    const seven = Number((bits >> BigInt(49 - 7 * index)) & 0x7fn);
    const ones = seven.toString(2).replaceAll('0', '').length;
    return (seven << 1) | (ones % 2 === 0 ? 1 : 0);
  });
}

function sequenceBytes(sequence: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, sequence);
  return bytes;
}

function trailerOf(sequence: number): Uint8Array {
  return Buffer.concat([Uint8Array.of(0, 1), sequenceBytes(sequence)]);
}

function macOf(keys: DirectionKeys, sequence: number, plain: Uint8Array): Uint8Array {
  const hmac = createHmac('md5', keys.integrity).update(sequenceBytes(sequence)).update(plain);
  return hmac.digest().subarray(0, macBytes);
}

function checkTrailer(token: Uint8Array, expectedSequence: number): void {
  const trailer = token.subarray(token.length - trailerBytes);
  if (!Buffer.from(trailer).equals(trailerOf(expectedSequence))) {
    throw new RpcFramingError(
      `a wrapped message is not number ${expectedSequence} of its connection`,
    );
  }
}

function checkMac(keys: DirectionKeys, sequence: number, plain: Uint8Array, mac: Uint8Array): void {
  if (!timingSafeEqual(macOf(keys, sequence, plain), mac)) {
    throw new RpcFramingError('a wrapped message was altered on its way');
  }
}
