import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSetting, settings, settingsRegistry } from '@heddle/common';
import { installLauncher, installStackTranslation } from 'heddle/internal';
import { bundleProgram } from '../bundler/index.js';
import { reportError } from '../command/error-report.js';
import { ProgramProcess, type ProgramEnd } from '../command/program-process.js';
import type { ProgramRequest } from '../command/run-program.js';
import { explainSettings } from '../command/submitted-settings.js';
import { engineModuleUrl } from '../engine-files.js';
import { ownDirectories } from '../launch/abandoned-directories.js';
import { DirectoryJanitor } from '../launch/directory-janitor.js';
import { ProgressBar } from '../progress/progress-bar.js';
import { ApplicationSubmission } from './application-submission.js';
import { ClientModeApplication } from './client-mode.js';
import { openCluster, type Environment } from './cluster-access.js';
import { engineUrlInContainer, installedRuntime } from './installed-runtime.js';
import { outcomeOf } from './program-outcome.js';
import { wasKilled } from './yarn-errors.js';
import { YarnLauncher } from './yarn-launcher.js';

/** Runs a program whose driver is in this process; the ApplicationMaster relays to its executors. */
export async function runInClient(
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

function statusOf(end: ProgramEnd): string {
  if (end.signal !== undefined || wasKilled(end.error?.thrown)) return 'KILLED';
  return end.exitCode === 0 ? 'SUCCEEDED' : 'FAILED';
}
