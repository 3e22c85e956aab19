import { HeddleError, type Logger } from '@heddle/common';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import type { StageCompiler } from '../plan/index.js';
import type { AccumulatorSink, JobRunner } from './job-runner.js';

/** What `HeddleContext.getOrCreate` asks a launcher for: the program's settings, merged. */
export interface ResolvedContextSettings {
  /** `heddle.master`, such as `local[2]`; `undefined` leaves the choice to the launcher. */
  readonly master: string | undefined;
  /** `heddle.app.name`; `undefined` leaves the choice to the launcher. */
  readonly appName: string | undefined;
  /**
   * All settings, sorted by key: the launcher's own (`Launcher.submittedSettings`) overlaid by what
   * the program's code set (code wins, A-003).
   */
  readonly settings: ReadonlyMap<string, string>;
}

/** What `core` gives to the machinery that runs its jobs. */
export interface DriverServices {
  readonly compiler: StageCompiler;
  readonly accumulators: AccumulatorSink;
}

/** Where the files of an application are. */
export interface FilesPlace {
  /** Directory of this process: what `HeddleFiles` looks into on the driver. May be missing yet. */
  readonly directory: string;
  /**
   * Where executors get them: `here` when their tasks look into the same directory; else the URI of
   * a folder that all of them can read, which may be the directory itself.
   */
  readonly executors: 'here' | { readonly folder: string };
  /** Whether executors have what was given with `--files` by other means. @default no */
  readonly executorsHaveGiven?: boolean;
}

/** A running application, as the context sees it. */
export interface LaunchedApplication {
  /** `local-<time>` or `application_<cluster time>_<n>`. */
  readonly applicationId: string;
  readonly applicationAttemptId?: string;
  /** The master that is really used, such as `local[2]` for `local[*]` on two cores. */
  readonly master: string;
  readonly appName: string;
  readonly deployMode: 'client' | 'cluster';
  readonly user: string;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  readonly uiWebUrl?: string;
  readonly runner: JobRunner;
  /** Lists inputs and writes outputs of this application. */
  readonly fileSystems: FileSystemRegistry;
  /** Partitions of sources without an explicit number: `heddle.default.parallelism` or all slots. */
  readonly defaultParallelism: number;
  /** Where files given to the application are kept and found. @default there is no place for any */
  readonly files?: FilesPlace;
  /** Hash of the program's code table; stands in `_SUCCESS` of its outputs. */
  readonly programHash: string;
  readonly logger: Logger;
  /** Removes a folder of this machine when the process has ended, however it ends, if it is there still. */
  removeAtExit?(directory: string): void;
}

/** Starts the application of this process; installed by the `heddle` command or `heddle/register`. */
export interface Launcher {
  /** Settings from defaults file and submit flags, already merged; the program's code wins over them. */
  readonly submittedSettings: ReadonlyMap<string, string>;
  /**
   * Starts executors and schedulers. Called once at a time; again only after `runner.stop()` of the
   * application before has resolved.
   */
  launch(settings: ResolvedContextSettings, driver: DriverServices): Promise<LaunchedApplication>;
}

/** A program asked for a context in a process that nothing prepared to run one. */
export class LauncherMissingError extends HeddleError {
  readonly code = 'LAUNCHER_MISSING';
}

// On globalThis, because the program and the command may load two copies of the engine's modules.
const slot = Symbol.for('heddle.launcher');
const holder = globalThis as { [slot]?: Launcher | undefined };

/** Makes `launcher` the one that `HeddleContext.getOrCreate` uses; `undefined` removes it. */
export function installLauncher(launcher: Launcher | undefined): void {
  holder[slot] = launcher;
}

/** The installed launcher; throws `LauncherMissingError` that says how to start a program. */
export function requireLauncher(): Launcher {
  const launcher = holder[slot];
  if (launcher === undefined) {
    throw new LauncherMissingError(
      'This process was not started by Heddle, so it has nothing to run jobs with and no bundle of ' +
        'your functions for its tasks. Start the program with `npx heddle submit app.ts`, or with ' +
        '`node --import heddle/register app.ts` in local mode.',
    );
  }
  return launcher;
}
