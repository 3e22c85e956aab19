import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { describeThrown, readSetting, settings, settingsRegistry } from '@heddle/common';
import { installLauncher, installStackTranslation } from 'heddle/internal';
import { ownDirectories } from '../launch/abandoned-directories.js';
import { DirectoryJanitor } from '../launch/directory-janitor.js';
import { bundleProgram } from '../bundler/index.js';
import { reportError, type ErrorReport } from '../command/error-report.js';
import { exitCodes, signalExitCode } from '../command/exit-codes.js';
import type { ProgramEnd } from '../command/program-process.js';
import { ProgramProcess } from '../command/program-process.js';
import type { ProgramRequest } from '../command/run-program.js';
import { explainSettings } from '../command/submitted-settings.js';
import { engineModuleUrl } from '../engine-files.js';
import { ProgressBar } from '../progress/progress-bar.js';
import { ApplicationSubmission } from './application-submission.js';
import { ApplicationWatch, failureOf } from './application-watch.js';
import { ClientModeApplication } from './client-mode.js';
import { openCluster, type Environment } from './cluster-access.js';
import { installedRuntime } from './installed-runtime.js';
import { outcomeOf } from './program-outcome.js';
import { clusterModeEventLog } from './cluster-mode-event-log.js';
import { tellMasterLog } from './master-log-tail.js';
import { hasSucceeded } from './rm-records.js';
import { wasKilled } from './yarn-errors.js';
import { YarnLauncher } from './yarn-launcher.js';

/** What `import 'heddle'` means in containers, seen from the program's folder there. */
const engineUrlInContainer = '../engine/index.js';

/** Runs a program on YARN: its driver in this process, or in a container of the cluster. */
export async function runYarnProgram(
  request: ProgramRequest,
  environment: Environment,
): Promise<void> {
  const source = new Map([...request.submitted].map(([key, { value }]) => [key, value]));
  if (readSetting(source, settings.submitDeployMode) === 'cluster') {
    await runInCluster(request, source, environment);
  } else {
    await runInClient(request, source, environment);
  }
}

async function runInClient(
  request: ProgramRequest,
  source: ReadonlyMap<string, string>,
  environment: Environment,
): Promise<void> {
  const { console, entry } = request;
  const startedMs = performance.now();
  const tellUser = (text: string): void => console.tell('yarn', text);
  const cluster = openCluster(environment, source, console.logger);
  const submission = new ApplicationSubmission(cluster, console.logger, tellUser);
  const runtime = installedRuntime();
  submission.prepare(runtime, source);
  const workDirectory = mkdtempSync(join(tmpdir(), 'heddle-program-'));
  ownDirectories([workDirectory]);
  new DirectoryJanitor().add(workDirectory);
  const bundling = bundleProgram({
    entry,
    external: request.external,
    check: request.check,
    workDirectory,
    engineUrl: engineModuleUrl(),
    engineTaskUrl: engineUrlInContainer,
  });
  bundling.then(
    ({ warnings }) => warnings.forEach((warning) => console.logger.warn(warning)),
    () => undefined,
  );
  const application = new ClientModeApplication(cluster, submission, tellUser, console.logger);
  let bar: ProgressBar | undefined;
  const launcher = new YarnLauncher({
    deployMode: 'client',
    entry,
    submittedSettings: source,
    programHash: bundling.then(({ hash }) => hash),
    files: cluster.files,
    user: cluster.user,
    filesDirectory: join(workDirectory, 'files'),
    connect: async (name, final) =>
      application.connect({
        deployMode: 'client',
        name,
        settings: final,
        program: await bundling,
        entry,
        arguments: request.args,
        runtime,
      }),
    tell: tellUser,
    logger: console.logger,
    setLogLevel: (level) => console.setLogLevel(level),
    onStarted: ({ runner }, final) => {
      if (request.verbose) {
        for (const line of explainSettings(request.submitted, final, settingsRegistry)) {
          console.tell('verbose', line);
        }
      }
      const { terminal, json } = console;
      if (json || !terminal.isInteractive) return;
      if (!readSetting(final, settings.showConsoleProgress)) return;
      bar?.stop();
      bar = new ProgressBar(terminal, runner);
      bar.start();
    },
  });
  const tell = (end: ProgramEnd): void => {
    bar?.stop();
    launcher.finishNow(outcomeOf(end));
    console.flushSync();
    const error = end.error === undefined ? undefined : reportError(end.error.thrown);
    if (error !== undefined) console.tell('error', error.text);
    console.tellJson({
      kind: 'report',
      status: statusOf(end),
      exitCode: end.exitCode,
      signal: end.signal,
      durationMs: Math.round(performance.now() - startedMs),
      ...launcher.summary,
      error: error && {
        code: error.code,
        message: error.message,
        file: error.file,
        line: error.line,
      },
    });
  };
  console.terminal.guard([process.stdout, process.stderr]);
  installLauncher(launcher);
  installStackTranslation();
  process.argv = [process.execPath, entry, ...request.args];
  const program = new ProgramProcess(
    {
      stop: async (end) => {
        await launcher.stop(outcomeOf(end));
        await application.end();
      },
      directories: [workDirectory],
      threadsMayRun: false,
    },
    tell,
    request.wrapperPid,
  );
  program.watch();
  try {
    await import((await bundling).driverUrl);
    program.returned();
  } catch (error) {
    program.failed(error);
  }
}

async function runInCluster(
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

function statusOf(end: ProgramEnd): string {
  if (end.signal !== undefined || wasKilled(end.error?.thrown)) return 'KILLED';
  return end.exitCode === 0 ? 'SUCCEEDED' : 'FAILED';
}
