import { timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { MapOutputIdentity } from './errors.js';

/**
 * Proves that a part is what a map task wrote for this reducer: covers the identity of the part and
 * all its bytes, so that neither damage nor another output's bytes pass.
 *
 * In-process modes use `crcSeal`; where parts leave the process, `keyedPartSeal` takes its place. The
 * reader knows which one it expects: data never choose it.
 */
export interface PartSeal {
  /** Recorded in the footer, so that a mismatch can be told from damage. */
  readonly kind: number;
  readonly sizeBytes: number;
  begin(identity: MapOutputIdentity, reducePartition: number): PartSealer;
  /** @param seal as it was read; `sizeBytes` long */
  verifier(
    identity: MapOutputIdentity,
    reducePartition: number,
    seal: Uint8Array,
  ): PartSealVerifier;
}

/** A running seal over the bytes of one part, in order. */
export interface PartSealer {
  update(bytes: Uint8Array): void;
  /** The seal; `sizeBytes` long. */
  finish(): Uint8Array;
}

/** A running comparison of a part's bytes, in order, with its seal. */
export interface PartSealVerifier {
  update(bytes: Uint8Array): void;
  /** Whether the seal is that of the part with all these bytes; takes constant time. */
  matches(): boolean;
}

class CrcSealer implements PartSealer {
  #value: number;

  constructor(start: number) {
    this.#value = start;
  }

  update(bytes: Uint8Array): void {
    this.#value = crc32(bytes, this.#value);
  }

  finish(): Uint8Array {
    const seal = new Uint8Array(4);
    new DataView(seal.buffer).setUint32(0, this.#value, true);
    return seal;
  }
}

/** CRC-32 over the part's identity and bytes: against damage and mix-ups, not against attackers. */
export const crcSeal: PartSeal = {
  kind: 1,
  sizeBytes: 4,
  begin(identity, reducePartition) {
    return new CrcSealer(crc32(partIdentityText(identity, reducePartition)));
  },
  verifier(identity, reducePartition, seal) {
    const sealer = this.begin(identity, reducePartition);
    return {
      update: (bytes) => sealer.update(bytes),
      matches: () => timingSafeEqual(sealer.finish(), seal),
    };
  },
};

/** Everything that names a part, as one text without ambiguity. */
export function partIdentityText(identity: MapOutputIdentity, reducePartition: number): string {
  return `${identity.mapId}\n${identity.shuffleId}\n${identity.mapPartition}\n${identity.generation}\n${reducePartition}`;
}
