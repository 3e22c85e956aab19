import { ResultGoneError } from '@heddle/executor';

/** How long a part of a result may take, a broken connection that is made again included. */
const rangeTimeoutMs = 120_000;

/** A part of a result that is wanted. */
export interface ResultRange {
  readonly executorId: string;
  readonly resultId: string;
  readonly fromByte: number;
  readonly toByte: number;
}

interface PendingRange {
  resolve(bytes: Uint8Array): void;
  fail(reason: string): void;
}

/** Parts of results that the ApplicationMaster was asked for and has not brought yet. */
export class ResultRanges {
  readonly #pending = new Map<number, PendingRange>();
  #nextRequest = 0;

  /** @param ask sends the request with its id. @throws ResultGoneError when the part does not come within its bound */
  async read(range: ResultRange, ask: (requestId: number) => void): Promise<Uint8Array> {
    const { executorId, resultId } = range;
    const requestId = this.#nextRequest++;
    const answer = Promise.withResolvers<Uint8Array>();
    const fail = (reason: string): void =>
      answer.reject(new ResultGoneError(resultId, executorId, reason));
    const timer = setTimeout(
      () => fail(`the ApplicationMaster has not brought it for ${rangeTimeoutMs} ms`),
      rangeTimeoutMs,
    );
    this.#pending.set(requestId, { resolve: answer.resolve, fail });
    ask(requestId);
    return answer.promise.finally(() => {
      clearTimeout(timer);
      this.#pending.delete(requestId);
    });
  }

  /** An answer came: the bytes, or the reason why there are none. */
  answered(requestId: number, bytes: Uint8Array | undefined, reason = 'it has no reason'): void {
    const pending = this.#pending.get(requestId);
    if (bytes === undefined) pending?.fail(reason);
    else pending?.resolve(bytes);
  }

  /** Whoever was asked is gone. */
  failAll(reason: string): void {
    for (const range of this.#pending.values()) range.fail(reason);
  }
}
