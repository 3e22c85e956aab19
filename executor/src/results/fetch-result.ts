import { setTimeout as delay } from 'node:timers/promises';
import { HeddleError, releaseBytes } from '@heddle/common';
import type { StoredResult } from 'heddle/internal';
import type { Peer } from '../transport/index.js';
import type { PeerClient } from '../storage/remote/peers.js';
import { resultRangeBytes } from './result-store.js';

/** Reads bytes of a result, the end not included; rejects when they do not come within a bound. */
export type ReadRange = (fromByte: number, toByte: number) => Promise<Uint8Array>;

/** The executor does not have the result, or sent something else; asking again does not help. */
export class ResultGoneError extends HeddleError {
  readonly code = 'RESULT_GONE';

  constructor(
    readonly resultId: string,
    readonly executorId: string,
    readonly reason: string,
  ) {
    super(`the result ${resultId} cannot be read from executor ${executorId}: ${reason}`);
  }
}

/** Ranges that are on their way at once. */
const concurrentRanges = 2;
const attempts = 3;
const firstPauseMs = 200;
/** The executor's main thread answers; it runs no code of the user. */
const answerMs = 20_000;
const resultIdPattern = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Brings a whole result, range by range, so that neither side ever holds more than a few ranges of it
 * besides the result itself. A range that does not come is asked for again, a few times.
 */
export async function fetchResult(
  { sizeBytes }: StoredResult,
  read: ReadRange,
): Promise<Uint8Array> {
  const whole = new Uint8Array(sizeBytes);
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < sizeBytes && !failed) {
      const from = next;
      const to = Math.min(sizeBytes, from + resultRangeBytes);
      next = to;
      const range = await readRange(read, from, to);
      whole.set(range, from);
      releaseBytes(range);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrentRanges }, worker));
  } catch (error) {
    failed = true;
    throw error;
  }
  return whole;
}

async function readRange(read: ReadRange, from: number, to: number): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read(from, to);
    } catch (error) {
      if (error instanceof ResultGoneError || attempt === attempts) throw error;
      await delay(firstPauseMs * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

/**
 * Asks an executor for a part of a result that it keeps. Throws `ResultGoneError` when it has it no
 * more, and subclasses of `PeerError` when it does not answer.
 */
export async function readResultRange(
  client: Pick<PeerClient, 'request'>,
  peer: Peer,
  resultId: string,
  fromByte: number,
  toByte: number,
): Promise<Uint8Array> {
  if (!resultIdPattern.test(resultId)) {
    throw new ResultGoneError(resultId.slice(0, 64), peer.id, 'that is no id of a result');
  }
  const { status, body } = await client.request(
    peer,
    { method: 'GET', path: `/results/${resultId}/${fromByte}/${toByte}`, answerMs },
    resultRangeBytes,
  );
  if (status !== 200) {
    throw new ResultGoneError(resultId, peer.id, `it answered with status ${status}`);
  }
  if (body.length !== toByte - fromByte) {
    const reason = `${body.length} bytes came instead of ${toByte - fromByte}`;
    throw new ResultGoneError(resultId, peer.id, reason);
  }
  return body;
}
