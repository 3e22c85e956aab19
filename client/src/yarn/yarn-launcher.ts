import { basename, extname } from 'node:path';
import {
  RelayedLinks,
  executorInstances,
  executorSize,
  type ProgramOutcome,
} from '@heddle/am';
import { readOptionalSetting, readSetting, settings, type LogLevel, type Logger } from '@heddle/common';
import { ClusterBackend, type AttemptKey, type NetworkAddress } from '@heddle/executor';
import { SchedulerRunner, type EventLog } from '@heddle/scheduler';
import type { ClusterFileSystems } from '@heddle/webhdfs/hadoop';
import { version } from 'heddle';
import {
  driverCodeTable,
  type DriverServices,
  type JobRunner,
  type LaunchedApplication,
  type Launcher,
  type ResolvedContextSettings,
} from 'heddle/internal';
import { openEventLog, readPools } from '../launch/local-launcher.js';

/** An ApplicationMaster to connect with, and the proof of belonging to it. */
export interface MasterConnection {
  readonly applicationId: string;
  readonly attemptId: string;
  readonly key: AttemptKey;
  readonly master: NetworkAddress;
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
  /** Racks of the hosts, as far as they are known. */
  readonly rackOf: (host: string) => string | undefined;
  /** In client mode this submits the application; in cluster mode the ApplicationMaster is there. */
  connect(
    appName: string,
    settings: ReadonlyMap<string, string>,
  ): Promise<MasterConnection>;
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
}

/** How long the ApplicationMaster may take to answer the driver. */
const connectTimeoutMs = 30_000;

/** Starts applications on YARN: the schedulers here, the executors behind an ApplicationMaster. */
export class YarnLauncher implements Launcher {
  readonly submittedSettings: ReadonlyMap<string, string>;
  readonly #options: YarnLauncherOptions;
  #runner: JobRunner | undefined;
  #links: RelayedLinks | undefined;
  #eventLog: EventLog | undefined;
  #summary: YarnSummary = {};

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
    const connection = await this.#options.connect(appName, source);
    const { applicationId, attemptId } = connection;
    const links = new RelayedLinks({
      ...connection,
      settings: source,
      executors: executorInstances(source),
      connectTimeoutMs,
      reconnectTimeoutMs: readSetting(source, settings.clientReconnectTimeout),
      finishesOnStop: deployMode === 'client',
      logger,
    });
    this.#links = links;
    this.#summary = { applicationId, appName, master: 'yarn', deployMode };
    const eventLog = await openEventLog(source, applicationId, logger);
    this.#eventLog = eventLog;
    if (eventLog !== undefined) this.#summary = { ...this.#summary, eventLog: eventLog.path };
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
      ...(eventLog === undefined ? {} : { eventLog }),
      codeTable: driverCodeTable(),
      maxTaskFailures: readSetting(source, settings.taskMaxFailures),
      maxStageAttempts: readSetting(source, settings.stageMaxConsecutiveAttempts),
      schedulingMode: readSetting(source, settings.schedulerMode),
      pools: await readPools(source),
      localityWaitMs: readSetting(source, settings.localityWait),
      usesLocations: true,
      rackOf: this.#options.rackOf,
      maxResultSizeBytes: readSetting(source, settings.driverMaxResultSize),
    });
    await runner.start();
    this.#runner = runner;
    const slots = executorInstances(source) * executorSize(source).slots;
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
      defaultParallelism:
        readOptionalSetting(source, settings.defaultParallelism) ?? Math.max(2, slots),
      logger,
    };
    this.#options.onStarted?.(application, source);
    return application;
  }

  /** Ends the application, and tells YARN how the program ended; idempotent. */
  async stop(outcome: ProgramOutcome): Promise<void> {
    if (this.#links !== undefined) this.#links.outcome = outcome;
    await this.#runner?.stop();
    await this.#links?.finish();
  }

  /** Completes the event log of an application that the end of the process cuts off. Never throws. */
  closeEventLogSync(): void {
    this.#eventLog?.closeSync();
  }
}
