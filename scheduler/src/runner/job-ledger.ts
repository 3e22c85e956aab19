import type { Logger } from '@heddle/common';
import { assertNever, callSiteShort, describeThrown, releaseBytes, toError } from '@heddle/common';
import type { AccumulatorSink, AccumulatorUpdate, CodeTable, JobRequest } from 'heddle/internal';
import type { CommitCoordinator } from '../commit/commit-coordinator.js';
import type { ActiveJob } from '../dag/active-job.js';
import type { DagInstruction, JobOutcome } from '../dag/dag-instruction.js';
import type { Announcer } from './announcer.js';
import { jobError } from './job-failure.js';
import { PendingJob, cancelledError } from './pending-job.js';

export interface JobLedgerOptions {
  readonly announcer: Announcer;
  readonly commits: CommitCoordinator;
  readonly logger: Logger;
  readonly codeTable: CodeTable;
  readonly accumulators: AccumulatorSink | undefined;
  /** Why every job ends now, when the context was stopped or nothing can run. */
  readonly generalError: () => Error | undefined;
  /** The job's owner threw on a result. */
  readonly refused: (jobId: number, error: unknown) => void;
}

/** The jobs whose promises are open: gives them results, and settles them once. */
export class JobLedger {
  readonly #options: JobLedgerOptions;
  readonly #jobs = new Map<number, PendingJob>();
  #nextJobId = 0;

  constructor(options: JobLedgerOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#jobs.size;
  }

  get(jobId: number): PendingJob | undefined {
    return this.#jobs.get(jobId);
  }

  /** Opens a job. @param abort called when the request's signal is aborted before the job's end */
  open(
    request: JobRequest,
    resolve: () => void,
    reject: (error: Error) => void,
    abort: (jobId: number, reason: string) => void,
  ): number {
    const jobId = this.#nextJobId++;
    this.#jobs.set(
      jobId,
      new PendingJob(request, resolve, reject, (reason) => abort(jobId, reason)),
    );
    return jobId;
  }

  deliver({ jobId, positions, bytes }: Extract<DagInstruction, { kind: 'deliverResult' }>): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined || job.refusal !== undefined) return;
    try {
      for (const position of positions) job.request.onResult(position, bytes);
      releaseBytes(bytes);
    } catch (error) {
      // The job may end in this very list of instructions: remember it for `end`.
      job.refusal = { error };
      this.#options.refused(jobId, error);
    }
  }

  merge(updates: readonly AccumulatorUpdate[]): void {
    const sink = this.#options.accumulators;
    if (sink === undefined) return;
    for (const { accumulatorId, value } of updates) {
      try {
        sink.merge(accumulatorId, value);
      } catch (error) {
        // As in Spark: an accumulator that misbehaves does not take the job with it.
        this.#options.logger.error('an accumulator could not merge an update', {
          accumulator: accumulatorId,
          error: describeThrown(error),
        });
      }
    }
  }

  end(job: ActiveJob, outcome: JobOutcome): void {
    const { announcer, commits, logger } = this.#options;
    const pending = this.#jobs.get(job.id);
    if (pending?.saveId !== undefined) commits.saveEnded(pending.saveId);
    const error = this.#outcomeError(job, pending, outcome);
    const actual: JobOutcome =
      outcome.kind === 'succeeded' && pending?.refusal !== undefined
        ? { kind: 'failed', failure: { kind: 'resultRefused', error: pending.refusal.error } }
        : outcome;
    announcer.jobEnded(job, actual, error?.message.slice(0, 64 * 1024));
    logger.info('job ended', {
      job: job.id,
      name: callSiteShort(job.spec.callSite),
      outcome: actual.kind,
    });
    this.#settle(job.id, error);
  }

  /** A broken invariant: no job may hang on it. */
  failAll(error: Error): void {
    for (const jobId of [...this.#jobs.keys()]) this.#settle(jobId, error);
  }

  #outcomeError(
    job: ActiveJob,
    pending: PendingJob | undefined,
    outcome: JobOutcome,
  ): Error | undefined {
    switch (outcome.kind) {
      case 'succeeded':
        return pending?.refusal && toError(pending.refusal.error);
      case 'failed':
        return jobError(job, outcome.failure, this.#options.codeTable, this.#options.logger);
      case 'cancelled': {
        const general = this.#options.generalError();
        if (general !== undefined) return general;
        return pending && cancelledError(pending.request, job.id, outcome.reason);
      }
      default:
        return assertNever(outcome, 'outcome of a job');
    }
  }

  #settle(jobId: number, error: Error | undefined): void {
    const pending = this.#jobs.get(jobId);
    this.#jobs.delete(jobId);
    pending?.settle(error);
  }
}
