import { mkdir, symlink } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import {
  RelayedLinks,
  executorInstances,
  executorSize,
  type MasterPlace,
  type ProgramOutcome,
} from '@heddle/am';
import {
  ConfigError,
  describeThrown,
  type HeddleError,
  readOptionalSetting,
  readSetting,
  settings,
  type LogLevel,
  type Logger,
} from '@heddle/common';
import { ClusterBackend } from '@heddle/executor';
import {
  LocalitySummary,
  SchedulerRunner,
  allocationSettings,
  schedulerSettings,
  type InputLocality,
} from '@heddle/scheduler';
import type { ClusterFileSystems } from '@heddle/webhdfs/hadoop';
import { version } from 'heddle';
import {
  driverCodeTable,
  setFilesRootDirectory,
  type DriverServices,
  type FilesPlace,
  type JobRunner,
  type LaunchedApplication,
  type Launcher,
  type ResolvedContextSettings,
} from 'heddle/internal';
import { readPools } from '../launch/local-launcher.js';
import {
  ClusterEventLog,
  clusterModeEventLogName,
  defaultEventLogDirectory,
} from './cluster-event-log.js';
import { bringGivenFiles, givenFiles } from './given-files.js';
import { startStatusReports } from './status-reports.js';

/** The ApplicationMaster of an application that was submitted. */
export interface MasterConnection extends MasterPlace {
  readonly applicationId: string;
  /** Folder of the application's own files in the cluster's file system, as a URI. */
  readonly stagingDirectory: string;
  /** Racks of the hosts, as far as they are known. */
  readonly racks: ReadonlyMap<string, string>;
  /** Finds the next attempt's, where the driver outlives its ApplicationMaster. */
  readonly nextMaster?: (afterAttempt: string) => Promise<MasterPlace>;
  /** Asks YARN why the ApplicationMaster is gone. */
  readonly explainLoss?: (error: HeddleError) => Promise<HeddleError>;
}

/** What the launcher needs of the way in which the driver was started. */
export interface YarnLauncherOptions {
  readonly deployMode: 'client' | 'cluster';
  /** The program's first file; names the application unless something else does. */
  readonly entry: string;
  readonly submittedSettings: ReadonlyMap<string, string>;
  /** Hash of the table of functions. */
  readonly programHash: Promise<string>;
  readonly files: ClusterFileSystems;
  readonly user: string;
  /**
   * Where `HeddleFiles` looks on the driver, for the program's first context; for others beside it.
   * In cluster mode the node has put there what was given.
   */
  readonly filesDirectory: string;
  /** In client mode this submits the application; in cluster mode the ApplicationMaster is there. */
  connect(appName: string, settings: ReadonlyMap<string, string>): Promise<MasterConnection>;
  /** Writes a line for the user. */
  tell(text: string): void;
  readonly logger: Logger;
  setLogLevel(level: LogLevel): void;
  onStarted?(application: LaunchedApplication, settings: ReadonlyMap<string, string>): void;
}

/** Name, place and end of an application, for reports. */
export interface YarnSummary {
  readonly applicationId?: string;
  readonly appName?: string;
  readonly master?: string;
  readonly deployMode?: string;
  readonly eventLog?: string;
  /** How near input files were to the tasks that read them. */
  readonly input?: InputLocality;
}

/** Ids of task attempts that are kept for each context of an application. */
const taskIdsOfContext = 10_000_000;
/** How long the ApplicationMaster may take to answer the driver. */
const connectTimeoutMs = 30_000;

/** Starts applications on YARN: the schedulers here, the executors behind an ApplicationMaster. */
export class YarnLauncher implements Launcher {
  readonly submittedSettings: ReadonlyMap<string, string>;
  readonly #options: YarnLauncherOptions;
  #runner: JobRunner | undefined;
  #linked: { readonly connection: MasterConnection; readonly links: RelayedLinks } | undefined;
  /** How many contexts the program has made. */
  #contexts = 0;
  #eventLog: ClusterEventLog | undefined;
  #summary: YarnSummary = {};
  #isStopped = false;
  #stopReports: (() => void) | undefined;
  readonly #locality = new LocalitySummary();

  constructor(options: YarnLauncherOptions) {
    this.#options = options;
    this.submittedSettings = options.submittedSettings;
  }

  get summary(): YarnSummary {
    return this.#summary;
  }

  /** @throws ConfigError, MasterUnreachableError, and whatever keeps YARN from running the application */
  async launch(
    context: ResolvedContextSettings,
    driver: DriverServices,
  ): Promise<LaunchedApplication> {
    const { logger, deployMode, user, files } = this.#options;
    const source = context.settings;
    this.#options.setLogLevel(readSetting(source, settings.logLevel));
    const startTime = Date.now();
    const appName = context.appName ?? basename(this.#options.entry, extname(this.#options.entry));
    await this.#endContext();
    this.#contexts += 1;
    const { connection, links } = await this.#link(appName, source);
    const { applicationId, attemptId } = connection;
    const filesPlace = await this.#filesPlace(source, connection);
    this.#summary = { applicationId, appName, master: 'yarn', deployMode };
    const eventLog = await this.#openEventLog(source, applicationId, attemptId);
    this.#eventLog = eventLog;
    if (eventLog !== undefined) this.#summary = { ...this.#summary, eventLog: eventLog.path };
    const instances = executorInstances(source);
    const allocation = allocationSettings(
      source,
      readOptionalSetting(source, settings.executorInstances) ?? 0,
      executorSize(source).slots,
      // Each executor says whether its node serves them.
      false,
    );
    const runner = new SchedulerRunner({
      backend: new ClusterBackend(links, logger),
      compiler: driver.compiler,
      accumulators: driver.accumulators,
      application: {
        applicationId,
        appName,
        user,
        master: 'yarn',
        version,
        startTimeMs: startTime,
      },
      settings: Object.fromEntries(source),
      logger,
      codeTable: driverCodeTable(),
      maxTaskFailures: readSetting(source, settings.taskMaxFailures),
      maxStageAttempts: readSetting(source, settings.stageMaxConsecutiveAttempts),
      schedulingMode: readSetting(source, settings.schedulerMode),
      pools: await readPools(source),
      localityWaitMs: readSetting(source, settings.localityWait),
      usesLocations: true,
      rackOf: (host) => connection.racks.get(host),
      maxResultSizeBytes: readSetting(source, settings.driverMaxResultSize),
      executors: instances,
      // In client mode each context is an application of its own.
      firstTaskAttemptId: deployMode === 'cluster' ? (this.#contexts - 1) * taskIdsOfContext : 0,
      ...(allocation === undefined ? {} : { allocation }),
      ...schedulerSettings(source),
      listeners: [...(eventLog === undefined ? [] : [eventLog]), this.#locality],
    });
    await runner.start();
    this.#runner = runner;
    this.#stopReports = startStatusReports(runner, (json, progress) =>
      links.report(json, progress),
    );
    const slots = instances * executorSize(source).slots;
    const application: LaunchedApplication = {
      applicationId,
      applicationAttemptId: attemptId,
      master: 'yarn',
      appName,
      deployMode,
      user,
      startTime,
      programHash: await this.#options.programHash,
      runner,
      fileSystems: files.registry,
      files: filesPlace,
      defaultParallelism:
        readOptionalSetting(source, settings.defaultParallelism) ?? Math.max(2, slots),
      logger,
    };
    this.#options.onStarted?.(application, source);
    return application;
  }

  /** In cluster mode the contexts of a program share one application, and its driver's connection. */
  async #link(
    appName: string,
    source: ReadonlyMap<string, string>,
  ): Promise<{ readonly connection: MasterConnection; readonly links: RelayedLinks }> {
    const { deployMode, logger } = this.#options;
    const before = this.#linked;
    if (before !== undefined && deployMode === 'cluster' && before.links.renew(source)) {
      return before;
    }
    const connection = await this.#options.connect(appName, source);
    const links = new RelayedLinks({
      ...connection,
      settings: source,
      connectTimeoutMs,
      reconnectTimeoutMs: readSetting(source, settings.clientReconnectTimeout),
      finishesOnStop: deployMode === 'client',
      logger,
    });
    this.#linked = { connection, links };
    return this.#linked;
  }

  /** Files that the program adds go through the application's own folder in the cluster. */
  async #filesPlace(
    source: ReadonlyMap<string, string>,
    connection: MasterConnection,
  ): Promise<FilesPlace> {
    const { deployMode, filesDirectory, files } = this.#options;
    const given = givenFiles(source);
    let directory = `${filesDirectory}-${this.#contexts}`;
    if (deployMode === 'client') await bringGivenFiles(given, directory, files.registry);
    else if (this.#contexts === 1) directory = filesDirectory;
    else {
      // What an earlier context was given by its program is not this one's.
      await mkdir(directory, { mode: 0o700 });
      const names = given.map(({ name }) => name);
      await Promise.all(
        names.map((name) => symlink(join(filesDirectory, name), join(directory, name))),
      );
    }
    setFilesRootDirectory(directory);
    return {
      directory,
      executors: { folder: `${connection.stagingDirectory}/added-${this.#contexts}` },
      executorsHaveGiven: true,
    };
  }

  /** What a context leaves that its program has stopped. */
  async #endContext(): Promise<void> {
    this.#stopReports?.();
    this.#stopReports = undefined;
    await this.#eventLog?.close();
    this.#eventLog = undefined;
  }

  /**
   * The event log, in the cluster's file system unless its directory says otherwise. One that the
   * user named must be usable; the default one may fail with a warning.
   */
  async #openEventLog(
    source: ReadonlyMap<string, string>,
    applicationId: string,
    attemptId: string,
  ): Promise<ClusterEventLog | undefined> {
    if (!readSetting(source, settings.eventLogEnabled)) return undefined;
    const { files, deployMode, logger } = this.#options;
    const named = readOptionalSetting(source, settings.eventLogDir);
    const { fileSystem, path } = files.registry.resolve(named ?? defaultEventLogDirectory);
    const context = this.#contexts === 1 ? '' : `_${this.#contexts}`;
    const name =
      deployMode === 'client'
        ? applicationId
        : `${clusterModeEventLogName(applicationId, attemptId)}${context}`;
    try {
      return await ClusterEventLog.open({
        fileSystem,
        directory: path,
        name,
        engineVersion: version,
        logger,
      });
    } catch (error) {
      const text = `cannot write the event log to ${fileSystem.uri(path)}: ${describeThrown(error)}`;
      if (named !== undefined) {
        throw new ConfigError(settings.eventLogDir.key, text, { cause: error });
      }
      logger.warn(text);
      return undefined;
    }
  }

  /** Ends the application, and tells YARN how the program ended; idempotent. */
  async stop(outcome: ProgramOutcome): Promise<void> {
    const links = this.#linked?.links;
    if (links !== undefined) links.outcome = this.#withSummary(outcome);
    await this.#runner?.stop();
    await this.#endContext();
    await links?.finish();
    const { text, bytes } = this.#locality;
    if (text !== undefined && !this.#isStopped) {
      this.#summary = { ...this.#summary, input: bytes };
      this.#options.tell(text);
    }
    this.#isStopped = true;
  }

  /** YARN's pages and whoever watches the application in cluster mode see it there. */
  #withSummary(outcome: ProgramOutcome): ProgramOutcome {
    const { text } = this.#locality;
    if (outcome.diagnostics !== '' || text === undefined) return outcome;
    return { ...outcome, diagnostics: text };
  }

  /** For a process that ends at once: tells YARN as much as can be told without waiting. Never throws. */
  finishNow(outcome: ProgramOutcome): void {
    if (!this.#isStopped) this.#linked?.links.finishNow(outcome);
  }
}
