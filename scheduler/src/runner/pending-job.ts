import { callSiteShort, describeThrown } from '@heddle/common';
import type { JobRequest } from 'heddle/internal';
import { JobCancelledError } from 'heddle/internal';

/** A job whose promise is not settled. */
export class PendingJob {
  readonly request: JobRequest;
  /** What `onResult` threw. */
  refusal: { readonly error: unknown } | undefined;
  /** Names the job in the commit coordinator, if it is a save. */
  saveId: number | undefined;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  readonly #abort: () => void;

  /** @param abort called when the request's signal is aborted before the job has ended */
  constructor(
    request: JobRequest,
    resolve: () => void,
    reject: (error: Error) => void,
    abort: (reason: string) => void,
  ) {
    this.request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#abort = () => abort(describeThrown(request.signal?.reason));
    request.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  settle(error: Error | undefined): void {
    this.request.signal?.removeEventListener('abort', this.#abort);
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }
}

/** What a cancelled job rejects with. @param jobId undefined when it was cancelled before it began */
export function cancelledError(
  request: JobRequest,
  jobId: number | undefined,
  reason: string,
): JobCancelledError {
  const name = callSiteShort(request.callSite);
  const { signal } = request;
  return new JobCancelledError(
    jobId === undefined
      ? `${name} was not run, since it was cancelled before: ${reason}`
      : `job ${jobId} (${name}) was cancelled: ${reason}`,
    jobId,
    signal?.aborted === true ? { cause: signal.reason } : undefined,
  );
}
