import { mkdtempSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readSetting, settings, settingsRegistry } from '@heddle/common';
import { installLauncher, installStackTranslation } from 'heddle/internal';
import { bundleProgram } from '../bundler/index.js';
import { engineModuleUrl } from '../engine-files.js';
import { LocalLauncher } from '../launch/local-launcher.js';
import { ProgressBar } from '../progress/progress-bar.js';
import type { CommandConsole } from './command-console.js';
import { reportError } from './error-report.js';
import type { ProgramEnd, RunningApplication } from './program-process.js';
import { ProgramProcess } from './program-process.js';
import type { SubmittedSetting } from './submitted-settings.js';
import { explainSettings } from './submitted-settings.js';

/** A program and everything that was said about how to run it. */
export interface ProgramRequest {
  /** Absolute path of its first file. */
  readonly entry: string;
  readonly args: readonly string[];
  readonly submitted: ReadonlyMap<string, SubmittedSetting>;
  /** npm packages that stay out of the bundle. */
  readonly external: readonly string[];
  /** Whether its types are checked first. */
  readonly check: boolean;
  readonly verbose: boolean;
  readonly console: CommandConsole;
  readonly wrapperPid: number | undefined;
}

/** A program that is being prepared: its launcher is installed, its driver is being bundled. */
export interface PreparedProgram {
  readonly process: ProgramProcess;
  readonly driverUrl: Promise<string>;
}

/** Bundles a program, runs its driver in this process, and ends the process with it. */
export async function runProgram(request: ProgramRequest): Promise<void> {
  const program = prepareProgram(request);
  try {
    await import(await program.driverUrl);
    program.process.returned();
  } catch (error) {
    program.process.failed(error);
  }
}

/** Does everything for a program but load its driver. */
export function prepareProgram(request: ProgramRequest): PreparedProgram {
  const { console, entry, verbose } = request;
  const startedMs = performance.now();
  let bar: ProgressBar | undefined;
  const workDirectory = mkdtempSync(join(tmpdir(), 'heddle-program-'));
  const bundling = bundleProgram({
    entry,
    external: request.external,
    check: request.check,
    workDirectory,
    cacheDirectory: buildCacheDirectory(
      request.submitted.get(settings.submitBuildCache.key)?.value,
    ),
    engineUrl: engineModuleUrl(),
  });
  bundling.then(
    ({ warnings }) => warnings.forEach((warning) => console.logger.warn(warning)),
    // Whoever needs the program hears of a failure; a launcher that never starts one does not.
    () => undefined,
  );
  const launcher = new LocalLauncher({
    entry,
    submittedSettings: new Map([...request.submitted].map(([key, { value }]) => [key, value])),
    program: bundling,
    privateDirectories: [workDirectory],
    logger: console.logger,
    // eslint-disable-next-line no-restricted-properties -- says where Hadoop's site files are, also to `node --import heddle/register`
    environment: process.env,
    setLogLevel: (level) => console.setLogLevel(level),
    onStarted: ({ runner }, final) => {
      if (verbose) {
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
  launcher.prestart();
  if (verbose) {
    void bundling.then(
      ({ isCached }) =>
        console.tell('verbose', `build: ${isCached ? 'taken from the build cache' : 'new'}`),
      () => undefined,
    );
    console.tell('verbose', `program: ${entry}`);
    console.tell('verbose', `arguments: ${JSON.stringify(request.args)}`);
    console.tell('verbose', `node: ${process.execPath} ${process.version}`);
  }

  const tell = (end: ProgramEnd): void => {
    bar?.stop();
    launcher.endExecutorsSync();
    launcher.closeEventLogSync();
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
  const application: RunningApplication = {
    stop: () => launcher.stop(),
    get directories() {
      return [workDirectory, ...launcher.directories];
    },
    get threadsMayRun() {
      return launcher.threadsMayRun;
    },
  };
  const program = new ProgramProcess(application, tell, request.wrapperPid);
  program.watch();
  return { process: program, driverUrl: bundling.then(({ driverUrl }) => driverUrl) };
}

/** Where built programs are kept; undefined when they are not. */
function buildCacheDirectory(setting: string | undefined): string | undefined {
  if (setting === 'none') return undefined;
  if (setting !== undefined && setting !== '') return resolve(setting);
  // eslint-disable-next-line no-restricted-properties -- where the user's caches are, as every program asks
  const caches = process.env['XDG_CACHE_HOME'];
  const base = caches === undefined || caches === '' ? join(homedir(), '.cache') : caches;
  return join(base, 'heddle', 'programs');
}

function statusOf(end: ProgramEnd): string {
  if (end.signal !== undefined) return 'KILLED';
  return end.exitCode === 0 ? 'SUCCEEDED' : 'FAILED';
}
