import type { AttemptKey } from '@heddle/executor';

/** Path of the relay's upgrade. */
export const relayPath = '/relay';
/** Id of the ApplicationMaster in signatures. */
export const masterId = 'am';
/** Id of the driver in signatures. */
export const driverId = 'driver';

/** Key of requests to the relay. */
export function relayRequestKey(key: AttemptKey): Buffer {
  return key.derive('relay', 'request');
}

/** Key of the first frame of the driver. */
export function relayHelloKey(key: AttemptKey, nonce: string): Buffer {
  return key.derive('relay', `hello\0${nonce}`);
}

/** Key of the answer to it: proves that the ApplicationMaster has the attempt's key. */
export function relayWelcomeKey(key: AttemptKey, nonce: string): Buffer {
  return key.derive('relay', `welcome\0${nonce}`);
}

/** Keys of all other frames of one connection. */
export function relaySessionKeys(
  key: AttemptKey,
  driverNonce: string,
  masterNonce: string,
): { readonly fromDriver: Buffer; readonly fromMaster: Buffer } {
  const info = `${driverNonce}\0${masterNonce}`;
  return {
    fromDriver: key.derive('relay', `driver\0${info}`),
    fromMaster: key.derive('relay', `master\0${info}`),
  };
}

/** Largest message of either side: results above a bound stay on executors until they are asked for. */
export const maxRelayMessageBytes = 2 ** 31;
