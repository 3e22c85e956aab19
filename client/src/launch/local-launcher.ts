import { availableParallelism, tmpdir, userInfo } from 'node:os';
import { basename, extname, join, resolve } from 'node:path';
import type { ConfigSource, LogLevel, Logger } from '@heddle/common';
import { ConfigError, readOptionalSetting, readSetting, settings } from '@heddle/common';
import type { ExecutorMemory, LocalDirectories } from '@heddle/executor';
import { LocalBackend, PrestartedThreads, createLocalDirectories } from '@heddle/executor';
import type { PoolSpec } from '@heddle/scheduler';
import { EventLog, SchedulerRunner } from '@heddle/scheduler';
import { FileSystemRegistry, LocalFileSystem } from '@heddle/webhdfs';
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
import { eraseLine } from '../progress/terminal.js';
import type { LocalMaster } from './master.js';
import { defaultMaster, describeMaster, parseMaster } from './master.js';
import { defaultExecutorMemory, planMemory } from './memory-plan.js';
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
  readonly logger: Logger;
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

/**
 * Starts applications of `local[N]`: task threads in this process, the schedulers, the event log.
 * One at a time; the next one when the one before has stopped.
 */
export class LocalLauncher implements Launcher {
  readonly submittedSettings: ReadonlyMap<string, string>;
  readonly #options: LocalLauncherOptions;
  #runner: JobRunner | undefined;
  #eventLog: EventLog | undefined;
  #directories: LocalDirectories | undefined;
  #threadsStuck = false;
  #prestarted: PrestartedThreads | undefined;
  #summary: ApplicationSummary = {};

  constructor(options: LocalLauncherOptions) {
    this.#options = options;
    this.submittedSettings = options.submittedSettings;
  }

  /**
   * Starts task threads while the program is still being bundled, for the master and the memory that
   * were submitted; an application that turns out to want others does not take them.
   */
  prestart(): void {
    const { threads } = parseMaster(
      this.submittedSettings.get(settings.master.key) ?? defaultMaster,
    );
    const threadEntry = threadEntryUrl();
    this.#prestarted = new PrestartedThreads({
      count: Math.min(threads, availableParallelism()),
      memory: memoryOf(this.submittedSettings, threads),
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
    const master = parseMaster(context.master ?? defaultMaster);
    const startTime = Date.now();
    const applicationId = `local-${startTime}-${process.pid}`;
    const appName = context.appName ?? basename(this.#options.entry, extname(this.#options.entry));
    this.#options.setLogLevel(readSetting(context.settings, settings.logLevel));
    const { logger } = this.#options;
    const program = await this.#options.program;

    const directories = createLocalDirectories(
      readOptionalSetting(context.settings, settings.localDir)?.map((path) => resolve(path)) ??
        tmpdir(),
      applicationId,
    );
    this.#directories = directories;
    let backend: LocalApplicationBackend | undefined;
    try {
      const filesDirectory = join(directories.directories[0]!, 'files');
      const fileSystems = new FileSystemRegistry({
        fileSystem: new LocalFileSystem({
          blockSizeBytes: readSetting(context.settings, settings.localBlockSize),
        }),
        workingDirectory: process.cwd(),
      });
      const threadEntry = threadEntryUrl();
      const prestarted = this.#prestarted;
      this.#prestarted = undefined;
      // The threads load the program while the rest is made ready.
      backend = new LocalApplicationBackend(
        {
          executorId: 'driver',
          host: 'localhost',
          applicationId,
          slots: master.threads,
          ...(threadEntry === undefined ? {} : { threadEntry }),
          ...(prestarted === undefined ? {} : { prestarted }),
          program,
          localDirectories: directories.directories,
          memory: memoryOf(context.settings, master.threads),
          maxResultBytes: readSetting(context.settings, settings.driverMaxResultSize),
          shuffleCompression: readSetting(context.settings, settings.shuffleCompress)
            ? 'zstd'
            : 'none',
          filesDirectory,
          // Lines of tasks take the progress bar off first.
          logLineStart: process.stderr.isTTY ? eraseLine : '',
          logger,
          fileSystems,
        },
        (level) => this.#options.setLogLevel(settings.logLevel.parse(level)),
        (threadsEnded) => this.#stopped(directories, threadsEnded),
      );
      // Those that it did not take.
      void prestarted?.close();
      await stageFiles(readSetting(context.settings, settings.files), filesDirectory);
      setFilesRootDirectory(filesDirectory);
      const eventLog = await openEventLog(context.settings, applicationId, logger);
      const user = userName();
      const runner = new SchedulerRunner({
        backend,
        compiler: driver.compiler,
        accumulators: driver.accumulators,
        application: {
          applicationId,
          appName,
          user,
          master: describeMaster(master),
          version,
          startTimeMs: startTime,
        },
        settings: Object.fromEntries(context.settings),
        logger,
        ...(eventLog === undefined ? {} : { eventLog }),
        codeTable: driverCodeTable(),
        maxTaskFailures: maxTaskFailures(master, context.settings),
        maxStageAttempts: readSetting(context.settings, settings.stageMaxConsecutiveAttempts),
        schedulingMode: readSetting(context.settings, settings.schedulerMode),
        pools: await readPools(context.settings),
        localityWaitMs: readSetting(context.settings, settings.localityWait),
        // There is one executor and no other place to run.
        usesLocations: false,
        maxResultSizeBytes: readSetting(context.settings, settings.driverMaxResultSize),
      });
      await runner.start();
      this.#runner = runner;
      this.#eventLog = eventLog;
      this.#summary = {
        applicationId,
        appName,
        master: describeMaster(master),
        ...(eventLog === undefined ? {} : { eventLog: eventLog.path }),
      };
      const application: LaunchedApplication = {
        applicationId,
        master: describeMaster(master),
        appName,
        deployMode: 'client',
        user,
        startTime,
        programHash: program.hash,
        runner,
        fileSystems,
        defaultParallelism:
          readOptionalSetting(context.settings, settings.defaultParallelism) ?? master.threads,
        logger,
      };
      this.#options.onStarted?.(application, context.settings);
      return application;
    } catch (error) {
      await backend?.stop();
      this.#stopped(directories, true);
      throw error;
    }
  }

  /** Fails what still runs, ends the threads, removes the application's directories; idempotent. */
  async stop(): Promise<void> {
    await this.#prestarted?.close();
    await this.#runner?.stop();
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
    return this.#threadsStuck || (this.#runner?.activeJobIds().length ?? 0) > 0;
  }

  #stopped(directories: LocalDirectories, threadsEnded: boolean): void {
    setFilesRootDirectory(undefined);
    directories.remove();
    if (threadsEnded) this.#directories = undefined;
    else this.#threadsStuck = true;
  }
}

/** Threads that have not ended after this long will not. */
const stopTimeoutMs = 5_000;

/** The backend of one application; its directories go with it. */
class LocalApplicationBackend extends LocalBackend {
  readonly #stopped: (threadsEnded: boolean) => void;

  constructor(
    options: ConstructorParameters<typeof LocalBackend>[0],
    setLogLevel: (level: string) => void,
    stopped: (threadsEnded: boolean) => void,
  ) {
    super({ ...options, stopTimeoutMs }, setLogLevel);
    this.#stopped = stopped;
  }

  override async stop(): Promise<void> {
    const startedMs = performance.now();
    await super.stop();
    this.#stopped(performance.now() - startedMs < stopTimeoutMs);
  }
}

function memoryOf(source: ConfigSource, threads: number): ExecutorMemory {
  const executorBytes =
    readOptionalSetting(source, settings.executorMemory) ?? defaultExecutorMemory(threads);
  return planMemory(executorBytes, threads);
}

/** What the master says, else what a setting says, else no second attempt, as in Spark. */
function maxTaskFailures(master: LocalMaster, source: ConfigSource): number {
  if (master.maxFailures !== undefined) return master.maxFailures;
  const text = source.get(settings.taskMaxFailures.key);
  return text === undefined ? 1 : settings.taskMaxFailures.parse(text);
}

async function readPools(source: ConfigSource): Promise<readonly PoolSpec[]> {
  const file = readOptionalSetting(source, settings.schedulerAllocationFile);
  return file === undefined ? [] : readPoolsFile(file);
}

/**
 * The event log, unless it is switched off. A directory that the user named must be usable; the
 * default one may fail with a warning, since nobody asked for it.
 */
async function openEventLog(
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
