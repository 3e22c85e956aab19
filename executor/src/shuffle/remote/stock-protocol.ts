import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The protocol of MapReduce's shuffle (`ShuffleHandler`, `ShuffleHeader`, `SecureShuffleUtils`; Hadoop
 * 3.4), as every NodeManager with the auxiliary service `mapreduce_shuffle` speaks it.
 */
export const STOCK_NAME = 'mapreduce';
export const STOCK_VERSION = '1.0.0';
export const STOCK_PATH = '/mapOutput';
/** Of `mapreduce.shuffle.port`. */
export const STOCK_DEFAULT_PORT = 13562;

/** The service takes 4,096 bytes of request line, `GET ` and ` HTTP/1.1` included. */
export const MAX_REQUEST_LINE = 4_000;

/** The path of a request for one reducer's part of many map outputs. */
export function stockPath(jobId: string, reducer: number, mapIds: readonly string[]): string {
  return `${STOCK_PATH}?job=${jobId}&reduce=${reducer}&map=${mapIds.join(',')}&keepAlive=true`;
}

/** What `UrlHash` signs and `ReplyHash` signs again. */
export function stockHash(secret: Uint8Array, message: string): string {
  return createHmac('sha1', secret).update(message).digest('base64');
}

/** Compares in constant time, which the service itself does not. */
export function isStockHash(secret: Uint8Array, message: string, hash: string): boolean {
  const expected = Buffer.from(stockHash(secret, message));
  const given = Buffer.from(hash);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** The job id that stands for an application: MapReduce's ids differ from YARN's in one word. */
export function jobIdOf(applicationId: string): string {
  return applicationId.startsWith('application_')
    ? `job_${applicationId.slice('application_'.length)}`
    : `job_${applicationId}`;
}
