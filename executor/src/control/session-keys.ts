import { createSecretKey, type KeyObject } from 'node:crypto';
import type { AttemptKey } from '../transport/index.js';

/** The keys of one connection: fresh for each, one for each direction. */
export interface SessionKeys {
  readonly fromExecutor: KeyObject;
  readonly fromHub: KeyObject;
}

/** What both ends of a connection know of it. */
export interface SessionNonces {
  readonly executorId: string;
  /** Random, chosen by the executor (the nonce of its upgrade request). */
  readonly executorNonce: string;
  /** Random, chosen by the hub. */
  readonly hubNonce: string;
}

/** Key of the `hello` frame, before the hub has chosen its nonce. */
export function helloKey(key: AttemptKey, executorId: string, executorNonce: string): Buffer {
  return key.derive('control-frames', `hello\0${executorId}\0${executorNonce}`);
}

/** Key of `welcome` and `refused`: proves to the executor that the hub has the attempt's key. */
export function welcomeKey(key: AttemptKey, executorId: string, executorNonce: string): Buffer {
  return key.derive('control-frames', `welcome\0${executorId}\0${executorNonce}`);
}

/** Keys of everything after that. */
export function sessionKeys(
  key: AttemptKey,
  { executorId, executorNonce, hubNonce }: SessionNonces,
): SessionKeys {
  const info = `${executorId}\0${executorNonce}\0${hubNonce}`;
  return {
    fromExecutor: createSecretKey(key.derive('control-frames', `executor\0${info}`)),
    fromHub: createSecretKey(key.derive('control-frames', `hub\0${info}`)),
  };
}
