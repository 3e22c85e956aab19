import { setTimeout as delay } from 'node:timers/promises';
import { assertNever, type Logger } from '@heddle/common';
import type { RmClient } from './rm-client.js';
import { hasSucceeded, isEnded, type ApplicationReport } from './rm-records.js';
import {
  ApplicationFailedError,
  ApplicationUnknownError,
  ResourceManagerUnreachableError,
} from './yarn-errors.js';

export interface WatchOptions {
  readonly rm: RmClient;
  readonly applicationId: string;
  /** How long the ResourceManager may be away; the application goes on without it. */
  readonly outagePatienceMs: number;
  /** `heddle.yarn.report.interval`. */
  readonly intervalMs: number;
  /** Reports without a change between two lines. */
  readonly loggingFrequency: number;
  /** Writes a line for the user. */
  readonly tell: (text: string) => void;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
}

/** An application may be unknown for so long while its ResourceManager comes back. */
const unknownPatienceMs = 30_000;
/** While nothing runs yet, the state changes within fractions of a second. */
const startIntervalMs = 100;

/** What waiting for a state came to. */
export type Watched =
  | { readonly kind: 'reached'; readonly report: ApplicationReport }
  | { readonly kind: 'ended'; readonly report: ApplicationReport };

/**
 * Watches an application until it ends, or has come as far as `until`: a line at each change of its
 * state, and one now and then while nothing changes.
 */
export class ApplicationWatch {
  readonly #options: WatchOptions;
  #lastState: string | undefined;
  #unknownSinceMs: number | undefined;
  #awaySinceMs: number | undefined;
  #since = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /**
   * @param until what is waited for beside the end
   * @param timeoutMs how long; `undefined` waits for the application's own end
   * @throws ApplicationUnknownError, ResourceManagerUnreachableError; the signal's reason
   */
  async wait(
    until: (report: ApplicationReport) => boolean,
    timeoutMs?: number,
  ): Promise<Watched | { readonly kind: 'late'; readonly report: ApplicationReport | undefined }> {
    const startedMs = performance.now();
    let report: ApplicationReport | undefined;
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const news = await this.#ask();
      if (news !== undefined) {
        report = news;
        this.#note(report);
        if (isEnded(report.state)) return { kind: 'ended', report };
        if (until(report)) return { kind: 'reached', report };
      }
      if (timeoutMs !== undefined && performance.now() - startedMs > timeoutMs) {
        return { kind: 'late', report };
      }
      const isStarting = report === undefined || report.state !== 'RUNNING';
      const pauseMs = isStarting && performance.now() - startedMs < 10_000;
      await delay(
        pauseMs ? Math.min(startIntervalMs, this.#options.intervalMs) : this.#options.intervalMs,
        undefined,
        this.#options.signal === undefined ? {} : { signal: this.#options.signal },
      );
    }
  }

  /** @returns undefined while the ResourceManager is away, or does not know the application yet */
  async #ask(): Promise<ApplicationReport | undefined> {
    const { rm, applicationId, tell, signal } = this.#options;
    const askedMs = performance.now();
    try {
      const report = await rm.application(applicationId, signal);
      this.#unknownSinceMs = undefined;
      if (this.#awaySinceMs !== undefined) tell('the ResourceManager answers again');
      this.#awaySinceMs = undefined;
      return report;
    } catch (error) {
      const nowMs = performance.now();
      // One that was restarted does not know its applications at first.
      if (error instanceof ApplicationUnknownError) {
        this.#unknownSinceMs ??= nowMs;
        if (nowMs - this.#unknownSinceMs > unknownPatienceMs) throw error;
        return undefined;
      }
      if (!(error instanceof ResourceManagerUnreachableError)) throw error;
      const { outagePatienceMs } = this.#options;
      if (this.#awaySinceMs === undefined) {
        this.#awaySinceMs = askedMs;
        const bound = outagePatienceMs === Infinity ? '' : ` for ${outagePatienceMs / 1000} s`;
        tell(
          `no ResourceManager answers; ${applicationId} can go on without it, it is asked again${bound} (yarn.resourcemanager.connect.max-wait.ms)`,
        );
      }
      if (nowMs - this.#awaySinceMs > outagePatienceMs) throw error;
      return undefined;
    }
  }

  #note(report: ApplicationReport): void {
    const { tell, applicationId, loggingFrequency } = this.#options;
    this.#since += 1;
    if (report.state !== this.#lastState) {
      this.#lastState = report.state;
      this.#since = 0;
      tell(`${applicationId}: ${describeState(report)}`);
    } else if (this.#since % loggingFrequency === 0) {
      tell(`${applicationId}: still ${describeState(report)}`);
    }
  }
}

/** A few words about where an application is. */
export function describeState(report: ApplicationReport): string {
  const { state } = report;
  switch (state) {
    case 'NEW':
    case 'NEW_SAVING':
    case 'SUBMITTED':
    case 'ACCEPTED': {
      const why = report.diagnostics
        .replace(/^\[[^\]]*\]\s*/, '')
        .split(/\n|\s+Details\s*:/, 1)[0]!
        .trim();
      return `${state}, in queue ${report.queue}${why === '' ? '' : ` (${why.slice(0, 300)})`}`;
    }
    case 'RUNNING': {
      const at =
        report.masterNodeId === undefined ? '' : ` on ${report.masterNodeId.split(':')[0]}`;
      const url = report.trackingUrl === undefined ? '' : `, ${report.trackingUrl}`;
      return `RUNNING, ApplicationMaster${at}, ${Math.round(report.progress)} %${url}`;
    }
    case 'FINISHED':
      return `FINISHED, ${report.finalStatus}`;
    case 'FAILED':
    case 'KILLED':
      return state;
    default:
      return assertNever(state);
  }
}

/** The error of an application that did not end well. */
export function failureOf(report: ApplicationReport): ApplicationFailedError | undefined {
  if (hasSucceeded(report)) return undefined;
  const { id, state, finalStatus, diagnostics } = report;
  return new ApplicationFailedError(id, state, finalStatus, shortDiagnostics(diagnostics));
}

/** Diagnostics without what repeats itself, cut. */
export function shortDiagnostics(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^\[\d{4}-\d\d-\d\d [\d:.]+\]/, '').trimEnd())
    .filter((line) => line !== '' && !/^\s*at [\w.$]+\(/.test(line));
  const unique = lines.filter((line, i) => lines.indexOf(line) === i);
  const joined = unique.join('\n').trim();
  return joined.length <= 6_000 ? joined : `… ${joined.slice(-6_000)}`;
}
