import { timingSafeEqual } from 'node:crypto';
import { systemClock, type Clock } from '@heddle/common';
import { NonceCache } from './nonce-cache.js';
import { parseSignature, requestMac, type SignatureClaims } from './request-signature.js';

/** How far a caller's clock may be from ours. */
export const CLOCK_WINDOW_MS = 60_000;

/** Mutating calls whose nonces are remembered at once: some 10 MB at most. */
const NONCE_CAPACITY = 100_000;

/** What became of a request's signature. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly claims: SignatureClaims }
  /** Not from this application attempt, altered, or a replay: 401. */
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  /** Genuine, but meant for another process that had this address: 410. */
  | { readonly kind: 'wrongTarget'; readonly claims: SignatureClaims }
  /** Genuine, but too many mutating calls came in a short time: 503. */
  | { readonly kind: 'overloaded' };

/** Why a request was refused; for our own log, never for the caller. */
export type RefusalReason = 'missing' | 'attempt' | 'mac' | 'clock' | 'replay';

export interface VerifierOptions {
  /** Derived from the attempt key for the purpose of this server. */
  readonly key: Uint8Array;
  readonly attemptId: string;
  /** Id of this process. */
  readonly targetId: string;
  readonly clock?: Clock;
}

/** Decides whether requests come from the same application attempt, unaltered, fresh and for us. */
export class RequestVerifier {
  readonly #options: VerifierOptions;
  readonly #clock: Clock;
  readonly #nonces = new NonceCache(2 * CLOCK_WINDOW_MS, NONCE_CAPACITY);

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Checks method, path and the `authorization` header; the body is checked later, against
   * `claims.bodySeal`. Calls that change something are accepted once.
   */
  verify(
    method: string,
    path: string,
    authorization: string | undefined,
    mutating: boolean,
  ): Verdict {
    const parsed = parseSignature(authorization);
    if (parsed === undefined) return { kind: 'refused', reason: 'missing' };
    const { claims, mac } = parsed;
    const { key, attemptId, targetId } = this.#options;
    if (!timingSafeEqual(requestMac(key, method, path, claims), mac)) {
      return { kind: 'refused', reason: claims.attemptId === attemptId ? 'mac' : 'attempt' };
    }
    if (claims.attemptId !== attemptId) return { kind: 'refused', reason: 'attempt' };
    if (Math.abs(claims.timeMs - this.#clock.nowMs()) > CLOCK_WINDOW_MS) {
      return { kind: 'refused', reason: 'clock' };
    }
    if (claims.targetId !== targetId) return { kind: 'wrongTarget', claims };
    if (mutating) {
      const use = this.#nonces.use(claims.nonce, this.#clock.monotonicMs());
      if (use === 'seen') return { kind: 'refused', reason: 'replay' };
      if (use === 'full') return { kind: 'overloaded' };
    }
    return { kind: 'accepted', claims };
  }
}
