import { setTimeout as delay } from 'node:timers/promises';
import { AttemptKey, type NetworkAddress } from '@heddle/executor';
import {
  readOptionalSetting,
  readSetting,
  settings,
  type HeddleError,
  type Logger,
} from '@heddle/common';
import type { MasterPlace } from '@heddle/am';
import type {
  ApplicationSubmission,
  SubmissionRequest,
  Submitted,
} from './application-submission.js';
import { ApplicationWatch, describeState, failureOf } from './application-watch.js';
import type { ClusterAccess } from './cluster-access.js';
import { attemptOf, isEnded, type ApplicationReport } from './rm-records.js';
import { ApplicationFailedError } from './yarn-errors.js';
import type { MasterConnection } from './yarn-launcher.js';

/** How long YARN may take to note the end that its ApplicationMaster told. */
const endPatienceMs = 3_000;
/** How long YARN may take to note why an ApplicationMaster that cannot be heard is gone. */
const verdictPatienceMs = 10_000;
const verdictPauseMs = 200;
/** How long YARN may take to notice that an ApplicationMaster is gone, and to start another one. */
const nextAttemptPatienceMs = 900_000;

/**
 * In client mode: an application that this process submits and whose driver it is. It ends with this
 * process, and what it staged is removed.
 */
export class ClientModeApplication {
  readonly #cluster: ClusterAccess;
  readonly #submission: ApplicationSubmission;
  readonly #tell: (text: string) => void;
  readonly #logger: Logger;
  /** The submission of the newest application. */
  #submitting: Promise<Submitted> | undefined;
  readonly #stop = new AbortController();

  constructor(
    cluster: ClusterAccess,
    submission: ApplicationSubmission,
    tell: (text: string) => void,
    logger: Logger,
  ) {
    this.#cluster = cluster;
    this.#submission = submission;
    this.#tell = tell;
    this.#logger = logger;
  }

  /** Submits the application and waits for its ApplicationMaster. @throws ApplicationFailedError */
  async connect(
    request: Omit<SubmissionRequest, 'masterKey' | 'signal'>,
  ): Promise<MasterConnection> {
    // A program that makes one context after another makes as many applications.
    await this.#endSubmitted();
    const masterKey = AttemptKey.generate();
    const { signal } = this.#stop;
    this.#submitting = this.#submission.submit({ ...request, masterKey, signal });
    const submitted = await this.#submitting;
    const { applicationId } = submitted;
    this.#tell(`submitted ${applicationId}`);
    void this.#submission.removeAbandoned(request.settings);
    const report = await this.#untilRegistered(applicationId, request.settings);
    const attempts = readOptionalSetting(request.settings, settings.yarnMaxAppAttempts) ?? 1;
    return {
      applicationId,
      ...placeOf(report, masterKey),
      stagingDirectory: this.#cluster.files.fileSystem.uri(submitted.stagingDirectory),
      racks: submitted.racks,
      ...(attempts > 1 && {
        nextMaster: (after) => this.#nextMaster(applicationId, masterKey, after),
      }),
      explainLoss: (error) => this.#explainLoss(applicationId, error),
    };
  }

  /** Waits for the ApplicationMaster of a later attempt. @throws ApplicationFailedError when none comes */
  async #nextMaster(
    applicationId: string,
    masterKey: AttemptKey,
    after: string,
  ): Promise<MasterPlace> {
    const watched = await this.#newWatch(applicationId).wait(
      (report) =>
        report.state === 'RUNNING' &&
        report.amRpcAddress !== undefined &&
        attemptOf(report) > after,
      nextAttemptPatienceMs,
    );
    if (watched.kind === 'reached') return placeOf(watched.report, masterKey);
    const { report } = watched;
    throw (
      (report && failureWithAdvice(report)) ??
      new ApplicationFailedError(
        applicationId,
        report?.state ?? 'RUNNING',
        report?.finalStatus ?? 'UNDEFINED',
        `its ApplicationMaster is gone, and no next attempt came within ${nextAttemptPatienceMs} ms`,
      )
    );
  }

  /** What YARN says of the end of an application whose ApplicationMaster was lost, if it has ended. */
  async #explainLoss(id: string, error: HeddleError): Promise<HeddleError> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(verdictPatienceMs)]);
    let report: ApplicationReport | undefined;
    try {
      for (;;) {
        report = await this.#cluster.rm.application(id, signal);
        const failure = isEnded(report.state) ? failureWithAdvice(report) : undefined;
        if (failure !== undefined) return failure;
        await delay(verdictPauseMs, undefined, { signal });
      }
    } catch {
      // Its time is over, or nobody answers: the connection's own error is what there is.
    }
    if (!this.#stop.signal.aborted) {
      const known =
        report === undefined ? '' : `YARN still has ${id} as ${describeState(report)}; `;
      this.#tell(`${known}${logsAdvice(id)}`);
    }
    return error;
  }

  /** Makes sure that nothing is left: neither the application nor its staged files. Nothing is submitted afterwards. */
  async end(): Promise<void> {
    this.#stop.abort(new Error('the driver has ended'));
    await this.#endSubmitted();
  }

  async #endSubmitted(): Promise<void> {
    const submitted = await this.#submitting?.catch(() => undefined);
    this.#submitting = undefined;
    if (submitted === undefined) return;
    const { applicationId: id, stagingDirectory } = submitted;
    if (!(await this.#hasEnded(id))) {
      await this.#cluster.rm
        .kill(id, 'the driver has ended')
        .catch((error: unknown) =>
          this.#logger.warn('the application could not be ended', { id, error: String(error) }),
        );
    }
    await this.#submission.removeStaging(stagingDirectory).catch(() => undefined);
  }

  /** An ApplicationMaster that has said goodbye is seen as running for a moment. */
  async #hasEnded(id: string): Promise<boolean> {
    const deadlineMs = performance.now() + endPatienceMs;
    do {
      const report = await this.#cluster.rm.application(id).catch(() => undefined);
      if (report !== undefined && isEnded(report.state)) return true;
      await delay(50);
    } while (performance.now() < deadlineMs);
    return false;
  }

  #newWatch(applicationId: string): ApplicationWatch {
    return new ApplicationWatch({
      rm: this.#cluster.rm,
      applicationId,
      outagePatienceMs: this.#cluster.outagePatienceMs,
      intervalMs: 50,
      loggingFrequency: 600,
      tell: this.#tell,
      logger: this.#logger,
      signal: this.#stop.signal,
    });
  }

  async #untilRegistered(
    applicationId: string,
    source: ReadonlyMap<string, string>,
  ): Promise<ApplicationReport> {
    const watched = await this.#newWatch(applicationId).wait(({ state, amRpcAddress }) => {
      return state === 'RUNNING' && amRpcAddress !== undefined;
    });
    if (watched.kind === 'reached') return watched.report;
    await this.#endSubmitted();
    const { report } = watched;
    throw (
      (report && failureWithAdvice(report)) ??
      new ApplicationFailedError(
        applicationId,
        'KILLED',
        'KILLED',
        `its ApplicationMaster did not come within ${readSetting(source, settings.yarnAmWaitTime)} ms`,
      )
    );
  }
}

/** Undefined for an application that succeeded. */
function failureWithAdvice(report: ApplicationReport): ApplicationFailedError | undefined {
  return failureOf(report)?.withNextStep(logsAdvice(report.id));
}

function logsAdvice(id: string): string {
  return `heddle logs ${id} shows what its containers wrote`;
}

function placeOf(report: ApplicationReport, masterKey: AttemptKey): MasterPlace {
  const attemptId = attemptOf(report);
  return { attemptId, key: masterKey.forAttempt(attemptId), master: addressOf(report) };
}

function addressOf(report: ApplicationReport): NetworkAddress {
  const [host, port] = (report.amRpcAddress ?? '').split(/:(?=\d+$)/);
  return { host: host ?? '', port: Number(port) };
}
