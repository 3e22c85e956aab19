import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { describeThrown, readSetting, settings } from '@heddle/common';
import { bundleProgram } from '../bundler/index.js';
import { reportError, type ErrorReport } from '../command/error-report.js';
import { exitCodes, signalExitCode } from '../command/exit-codes.js';
import type { ProgramRequest } from '../command/run-program.js';
import { ownDirectories } from '../launch/abandoned-directories.js';
import { DirectoryJanitor } from '../launch/directory-janitor.js';
import { ApplicationSubmission } from './application-submission.js';
import { ApplicationWatch, failureOf } from './application-watch.js';
import { openCluster, type Environment } from './cluster-access.js';
import { clusterModeEventLog } from './cluster-mode-event-log.js';
import { engineUrlInContainer, installedRuntime } from './installed-runtime.js';
import { tellMasterLog } from './master-log-tail.js';
import { hasSucceeded } from './rm-records.js';

/** Submits a program whose driver runs in a container, and watches it until it ends. */
export async function runInCluster(
  request: ProgramRequest,
  source: ReadonlyMap<string, string>,
  environment: Environment,
): Promise<void> {
  const { console, entry } = request;
  const startedMs = performance.now();
  const tellUser = (text: string): void => console.tell('yarn', text);
  const workDirectory = mkdtempSync(join(tmpdir(), 'heddle-program-'));
  ownDirectories([workDirectory]);
  new DirectoryJanitor().add(workDirectory);
  const stop = new AbortController();
  let applicationId: string | undefined;
  const appName = source.get(settings.appName.key) ?? basename(entry, extname(entry));
  let eventLog: string | undefined;
  const tellError = (thrown: unknown): ErrorReport => {
    const error = reportError(thrown);
    console.tell('error', error.text);
    return error;
  };
  /** @param error has been told */
  const report = (status: string, exitCode: number, error?: ErrorReport): void => {
    console.tellJson({
      kind: 'report',
      status,
      exitCode,
      applicationId,
      appName,
      master: 'yarn',
      deployMode: 'cluster',
      eventLog,
      durationMs: Math.round(performance.now() - startedMs),
      error: error && { code: error.code, message: error.message },
    });
    console.flushSync();
    process.exitCode = exitCode;
  };
  let signalled: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    signalled ??= signal;
    stop.abort(new Error(`ended by ${signal}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const cluster = openCluster(environment, source, console.logger);
    const submission = new ApplicationSubmission(cluster, console.logger, tellUser);
    const runtime = installedRuntime();
    submission.prepare(runtime, source);
    const program = await bundleProgram({
      entry,
      external: request.external,
      check: request.check,
      workDirectory,
      engineUrl: engineUrlInContainer,
      engineTaskUrl: engineUrlInContainer,
    });
    program.warnings.forEach((warning) => console.logger.warn(warning));
    const submitted = await submission.submit({
      deployMode: 'cluster',
      name: appName,
      settings: source,
      program,
      entry,
      arguments: request.args,
      runtime,
      masterKey: undefined,
      signal: stop.signal,
    });
    applicationId = submitted.applicationId;
    tellUser(`submitted ${applicationId}`);
    void submission.removeAbandoned(source);
    const waits = readSetting(source, settings.submitWaitAppCompletion);
    const watch = new ApplicationWatch({
      rm: cluster.rm,
      applicationId,
      outagePatienceMs: cluster.outagePatienceMs,
      intervalMs: readSetting(source, settings.yarnReportInterval),
      loggingFrequency: readSetting(source, settings.yarnReportLoggingFrequency),
      tell: tellUser,
      logger: console.logger,
      signal: stop.signal,
    });
    const watched = await watch.wait(
      ({ state }) => !waits && (state === 'ACCEPTED' || state === 'RUNNING'),
    );
    if (watched.kind !== 'ended') {
      report(watched.report?.state ?? 'ACCEPTED', exitCodes.success);
      return;
    }
    [eventLog] = await Promise.all([
      clusterModeEventLog(cluster, source, watched.report),
      submission.removeStaging(submitted.stagingDirectory).catch(() => undefined),
    ]);
    const failure = failureOf(watched.report);
    const status = watched.report.state === 'KILLED' ? 'KILLED' : 'FAILED';
    const summary = /input read: [^\n]*/.exec(watched.report.diagnostics)?.[0];
    if (summary !== undefined) tellUser(summary);
    if (hasSucceeded(watched.report)) report('SUCCEEDED', exitCodes.success);
    else {
      const error = tellError(failure);
      await tellMasterLog(cluster, watched.report, stop.signal, console);
      report(status, exitCodes.failure, error);
      // What still reads logs that did not come in time must not hold the process.
      setTimeout(() => process.exit(), 1_000).unref();
    }
  } catch (error) {
    if (signalled !== undefined) {
      if (applicationId === undefined) {
        report('KILLED', signalExitCode(signalled));
        return;
      }
      tellUser(
        `${applicationId} goes on in the cluster: heddle status ${applicationId} shows it, heddle logs -f ${applicationId} follows it, heddle kill ${applicationId} ends it`,
      );
      report('DETACHED', signalExitCode(signalled));
      return;
    }
    report('FAILED', exitCodes.failure, tellError(error));
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    await rm(workDirectory, { recursive: true, force: true }).catch((error: unknown) =>
      console.logger.debug('a temporary directory stays', { error: describeThrown(error) }),
    );
  }
}
