import { availableParallelism, tmpdir, userInfo } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import type { ConfigSource, LogLevel, Logger } from '@heddle/common';
import { ConfigError, readOptionalSetting, readSetting, settings, within } from '@heddle/common';
import type { LocalDirectories, PrestartedExecutors } from '@heddle/executor';
import { PrestartedThreads, createLocalDirectories } from '@heddle/executor';
import type { PoolSpec } from '@heddle/scheduler';
import { EventLog, schedulerSettings, SchedulerRunner } from '@heddle/scheduler';
import { openFileSystems } from '@heddle/webhdfs';
import type {
  DriverServices,
  JobRunner,
  LaunchedApplication,
  Launcher,
  ResolvedContextSettings,
} from 'heddle/internal';
import { version } from 'heddle';
import { driverCodeTable, setFilesRootDirectory } from 'heddle/internal';
import { threadEntryUrl } from '../engine-files.js';
import { ownDirectories, removeAbandonedDirectories } from './abandoned-directories.js';
import { DirectoryJanitor } from './directory-janitor.js';
import type { ApplicationBackend, LocalBackendParts } from './local-backends.js';
import {
  prestartProcesses,
  processBackend,
  threadBackend,
  threadMemory,
} from './local-backends.js';
import type { LocalClusterMaster, LocalMaster } from './master.js';
import { defaultMaster, parseMaster } from './master.js';
import { readPoolsFile } from './pools-file.js';
import { stageFiles } from './staged-files.js';

/** What the launcher needs of the bundler: where the task threads' copy of the program is. */
export interface TaskCode {
  readonly taskFile: string;
  /** Hash of the table of functions; the driver's copy and the tasks' copy must agree on it. */
  readonly hash: string;
}

/** What a launcher of local modes is given by whoever runs a program. */
export interface LocalLauncherOptions {
  /** The program's first file; names the application unless something else does. */
  readonly entry: string;
  /** Settings of flags and properties file, merged and checked. */
  readonly submittedSettings: ReadonlyMap<string, string>;
  readonly program: Promise<TaskCode>;
  /** Folders of this program alone, which nobody needs when this process was killed. @default none */
  readonly privateDirectories?: readonly string[];
  readonly logger: Logger;
  /** Where Hadoop's site files are, and who asks (`HADOOP_CONF_DIR`, `HADOOP_USER_NAME`, …). */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Told of `heddle.log.level` at the start, and of `setLogLevel` later. */
  setLogLevel(level: LogLevel): void;
  /** Told when an application has started, with its final settings. */
  onStarted?(application: LaunchedApplication, settings: ReadonlyMap<string, string>): void;
}

/** Name, place and end of an application, for reports. */
export interface ApplicationSummary {
  readonly applicationId?: string;
  readonly appName?: string;
  readonly master?: string;
  readonly eventLog?: string;
}

/** How long the end of an application waits for what it removes of others that were killed. */
const mostTidyingMs = 5_000;

/**
 * Starts applications of `local[N]` and `local-cluster[E,C,M]`: task threads in this process or
 * executor processes, the schedulers, the event log. One at a time; the next one when the one before
 * has stopped.
 */
export class LocalLauncher implements Launcher {
  readonly submittedSettings: ReadonlyMap<string, string>;
  readonly #options: LocalLauncherOptions;
  #runner: JobRunner | undefined;
  #eventLog: EventLog | undefined;
  readonly #janitor = new DirectoryJanitor();
  #directories: LocalDirectories | undefined;
  #threadsStuck = false;
  #prestarted: PrestartedThreads | undefined;
  #prestartedProcesses: PrestartedExecutors | undefined;
  #application: ApplicationBackend | undefined;
  #summary: ApplicationSummary = {};
  /** Removes what killed applications left. */
  #tidying: Promise<void> = Promise.resolve();

  constructor(options: LocalLauncherOptions) {
    this.#options = options;
    this.submittedSettings = options.submittedSettings;
    const { privateDirectories = [] } = options;
    ownDirectories(privateDirectories);
    for (const directory of privateDirectories) this.#janitor.add(directory);
  }

  /**
   * Starts task threads, or executor processes, while the program is still being bundled, for the
   * master and the memory that were submitted; an application that turns out to want others does not
   * take them.
   */
  prestart(): void {
    const master = localMaster(this.submittedSettings.get(settings.master.key));
    if (master.kind !== 'local') {
      this.#prestartedProcesses = prestartProcesses(master, this.submittedSettings);
      return;
    }
    const { threads } = master;
    const threadEntry = threadEntryUrl();
    this.#prestarted = new PrestartedThreads({
      count: Math.min(threads, availableParallelism()),
      memory: threadMemory(this.submittedSettings, threads),
      ...(threadEntry === undefined ? {} : { threadEntry }),
    });
  }

  /** The application that runs, or ran last. */
  get summary(): ApplicationSummary {
    return this.#summary;
  }

  /** @throws ConfigError */
  async launch(
    context: ResolvedContextSettings,
    driver: DriverServices,
  ): Promise<LaunchedApplication> {
    const master = localMaster(context.master);
    const startTime = Date.now();
    const applicationId = `local-${startTime}-${process.pid}`;
    const appName = context.appName ?? basename(this.#options.entry, extname(this.#options.entry));
    this.#options.setLogLevel(readSetting(context.settings, settings.logLevel));
    const { logger } = this.#options;
    const program = await this.#options.program;

    const bases = readOptionalSetting(context.settings, settings.localDir)?.map((path) =>
      resolve(path),
    ) ?? [tmpdir()];
    const directories = createLocalDirectories(bases, applicationId, (directory) =>
      ownDirectories([directory]),
    );
    this.#directories = directories;
    for (const directory of directories.directories) this.#janitor.add(directory);
    let application: ApplicationBackend | undefined;
    try {
      const filesDirectory = join(directories.directories[0]!, 'files');
      const fileSystems = openFileSystems({
        settings: context.settings,
        environment: this.#options.environment ?? {},
        logger,
      });
      application = this.#backend(master, {
        applicationId,
        settings: context.settings,
        program,
        directories,
        filesDirectory,
        fileSystems,
        logger,
        setLogLevel: (level) => this.#options.setLogLevel(level),
      });
      this.#application = application;
      await stageFiles(readSetting(context.settings, settings.files), filesDirectory);
      setFilesRootDirectory(filesDirectory);
      const eventLog = await openEventLog(context.settings, applicationId, logger);
      const user = userName();
      const runner = new SchedulerRunner({
        backend: application.backend,
        compiler: driver.compiler,
        accumulators: driver.accumulators,
        application: {
          applicationId,
          appName,
          user,
          master: application.description,
          version,
          startTimeMs: startTime,
        },
        settings: Object.fromEntries(context.settings),
        logger,
        ...(eventLog === undefined ? {} : { eventLog }),
        codeTable: driverCodeTable(),
        maxTaskFailures: application.maxTaskFailures,
        maxStageAttempts: readSetting(context.settings, settings.stageMaxConsecutiveAttempts),
        schedulingMode: readSetting(context.settings, settings.schedulerMode),
        pools: await readPools(context.settings),
        localityWaitMs: readSetting(context.settings, settings.localityWait),
        usesLocations: application.usesLocations,
        maxResultSizeBytes: readSetting(context.settings, settings.driverMaxResultSize),
        ...schedulerSettings(context.settings),
      });
      await runner.start();
      this.#tidying = removeAbandonedDirectories([...new Set([...bases, tmpdir()])]).then(
        (removed) => {
          if (removed.length > 0)
            logger.info('removed what killed applications left', {
              directories: removed.join(', '),
            });
        },
      );
      this.#runner = runner;
      this.#eventLog = eventLog;
      this.#summary = {
        applicationId,
        appName,
        master: application.description,
        ...(eventLog === undefined ? {} : { eventLog: eventLog.path }),
      };
      const launched: LaunchedApplication = {
        applicationId,
        master: application.description,
        appName,
        deployMode: 'client',
        user,
        startTime,
        files: {
          directory: filesDirectory,
          executors: master.kind === 'local' ? 'here' : { folder: `file://${filesDirectory}` },
        },
        programHash: program.hash,
        removeAtExit: (directory) => this.#janitor.add(directory),
        runner,
        fileSystems,
        defaultParallelism:
          readOptionalSetting(context.settings, settings.defaultParallelism) ?? application.slots,
        logger,
      };
      this.#options.onStarted?.(launched, context.settings);
      return launched;
    } catch (error) {
      await application?.backend.stop();
      this.#stopped(directories, true);
      throw error;
    }
  }

  /** Fails what still runs, ends the threads, removes the application's directories; idempotent. */
  async stop(): Promise<void> {
    this.#prestartedProcesses?.close();
    await this.#prestarted?.close();
    await this.#runner?.stop();
    // An application may be over sooner; whoever comes next goes on with the rest.
    await within(mostTidyingMs, this.#tidying);
  }

  /** Ends executor processes at once, for a process that ends without `stop`. Never throws. */
  endExecutorsSync(): void {
    this.#prestartedProcesses?.close();
    this.#application?.endSync();
  }

  /** Completes the event log of an application that the end of the process cuts off. Never throws. */
  closeEventLogSync(): void {
    this.#eventLog?.closeSync();
  }

  /** What the application has on disk and removes when it stops. */
  get directories(): readonly string[] {
    return this.#directories?.directories ?? [];
  }

  /** Whether threads may be busy: there are jobs, or threads did not end when they were told to. */
  get threadsMayRun(): boolean {
    if (this.#application?.hasThreads === false) return false;
    return this.#threadsStuck || (this.#runner?.activeJobIds().length ?? 0) > 0;
  }

  #backend(master: LocalMaster | LocalClusterMaster, parts: LocalBackendParts): ApplicationBackend {
    const prestarted = this.#prestarted;
    this.#prestarted = undefined;
    const processes = this.#prestartedProcesses;
    this.#prestartedProcesses = undefined;
    const stopped = (threadsEnded: boolean): void => this.#stopped(parts.directories, threadsEnded);
    let application: ApplicationBackend;
    if (master.kind === 'local') {
      // The threads load the program while the rest is made ready.
      application = threadBackend(master, parts, prestarted, stopped);
    } else {
      const { privateDirectories = [] } = this.#options;
      const all = { ...parts, privateDirectories };
      application = processBackend(master, all, processes, stopped);
    }
    if (master.kind === 'local') processes?.close();
    // Those that it did not take.
    void prestarted?.close();
    return application;
  }

  #stopped(directories: LocalDirectories, threadsEnded: boolean): void {
    setFilesRootDirectory(undefined);
    directories.remove();
    if (threadsEnded) this.#directories = undefined;
    else this.#threadsStuck = true;
  }
}

/** A master that this launcher can start. @throws ConfigError */
function localMaster(text: string | undefined): LocalMaster | LocalClusterMaster {
  const master = parseMaster(text ?? defaultMaster);
  if (master.kind !== 'yarn') return master;
  throw new ConfigError(
    settings.master.key,
    'the master yarn can only be given to `heddle submit` (--master yarn), not to a program that runs already',
  );
}

/** The pools of FAIR scheduling that a file declares. */
export async function readPools(source: ConfigSource): Promise<readonly PoolSpec[]> {
  const file = readOptionalSetting(source, settings.schedulerAllocationFile);
  return file === undefined ? [] : readPoolsFile(file);
}

/**
 * The event log, unless it is switched off. A directory that the user named must be usable; the
 * default one may fail with a warning, since nobody asked for it.
 */
export async function openEventLog(
  source: ConfigSource,
  applicationId: string,
  logger: Logger,
): Promise<EventLog | undefined> {
  if (!readSetting(source, settings.eventLogEnabled)) return undefined;
  const named = readOptionalSetting(source, settings.eventLogDir);
  const directory = resolve(named ?? join(tmpdir(), `heddle-events-${userName()}`));
  try {
    return await EventLog.open({
      directory,
      name: `${applicationId}.ndjson`,
      engineVersion: version,
      logger,
    });
  } catch (error) {
    const message = `cannot write the event log to ${directory}: ${(error as Error).message}`;
    if (named !== undefined) {
      throw new ConfigError(settings.eventLogDir.key, message, { cause: error });
    }
    logger.warn(message);
    return undefined;
  }
}

/** The operating system's name of the user, or its number in containers without a user table. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
