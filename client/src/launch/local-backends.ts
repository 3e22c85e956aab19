import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ConfigSource, Logger, LogLevel } from '@heddle/common';
import {
  hiddenValue,
  isSecretKey,
  readOptionalSetting,
  readSetting,
  settings,
  settingsRegistry,
} from '@heddle/common';
import type { ExecutorMemory, LocalDirectories, PrestartedThreads } from '@heddle/executor';
import {
  AttemptKey,
  checkExecutorMemory,
  ClusterBackend,
  LocalBackend,
  LocalClusterLinks,
  PrestartedExecutors,
} from '@heddle/executor';
import type { SchedulerBackend } from '@heddle/scheduler';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import { executorEntryUrl, shuffleServiceEntryUrl, threadEntryUrl } from '../engine-files.js';
import { eraseLine } from '../progress/terminal.js';
import type { TaskCode } from './local-launcher.js';
import type { LocalClusterMaster, LocalMaster } from './master.js';
import { defaultExecutorMemory, planMemory } from './memory-plan.js';

/** What every backend of this host is made of. */
export interface LocalBackendParts {
  readonly applicationId: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly program: TaskCode;
  readonly directories: LocalDirectories;
  readonly filesDirectory: string;
  readonly fileSystems: FileSystemRegistry;
  readonly logger: Logger;
  setLogLevel(level: LogLevel): void;
}

/** A backend and what its launcher must know of it. */
export interface ApplicationBackend {
  readonly backend: SchedulerBackend;
  /** Tasks that run at once. */
  readonly slots: number;
  readonly description: string;
  readonly maxTaskFailures: number;
  /** Whether there are several places to run a task. */
  readonly usesLocations: boolean;
  /** Whether tasks run in this process. */
  readonly hasThreads: boolean;
  /** Ends what would outlive this process, at once. */
  endSync(): void;
}

/** Threads that have not ended after this long will not. */
const stopTimeoutMs = 5_000;

/** Task threads in this process. */
export function threadBackend(
  master: LocalMaster,
  parts: LocalBackendParts,
  prestarted: PrestartedThreads | undefined,
  stopped: (threadsEnded: boolean) => void,
): ApplicationBackend {
  const threadEntry = threadEntryUrl();
  const source = parts.settings;
  const backend = new WatchedLocalBackend(
    {
      executorId: 'driver',
      host: 'localhost',
      applicationId: parts.applicationId,
      slots: master.threads,
      ...(threadEntry === undefined ? {} : { threadEntry }),
      ...(prestarted === undefined ? {} : { prestarted }),
      program: parts.program,
      localDirectories: parts.directories.directories,
      memory: threadMemory(source, master.threads),
      maxResultBytes: readSetting(source, settings.driverMaxResultSize),
      shuffleCompression: readSetting(source, settings.shuffleCompress) ? 'zstd' : 'none',
      filesDirectory: parts.filesDirectory,
      // Lines of tasks take the progress bar off first.
      logLineStart: process.stderr.isTTY ? eraseLine : '',
      logger: parts.logger,
      fileSystems: parts.fileSystems,
      stopTimeoutMs,
    },
    (level) => parts.setLogLevel(settings.logLevel.parse(level)),
    stopped,
  );
  const failures = source.get(settings.taskMaxFailures.key);
  return {
    backend,
    slots: master.threads,
    description: `local[${master.threads}${master.maxFailures === undefined ? '' : `,${master.maxFailures}`}]`,
    // What the master says, else what a setting says, else no second attempt, as in Spark.
    maxTaskFailures:
      master.maxFailures ?? (failures === undefined ? 1 : settings.taskMaxFailures.parse(failures)),
    usesLocations: false,
    hasThreads: true,
    endSync: () => undefined,
  };
}

/** How the memory of task threads in this process is divided. */
export function threadMemory(source: ConfigSource, threads: number): ExecutorMemory {
  const executorBytes =
    readOptionalSetting(source, settings.executorMemory) ?? defaultExecutorMemory(threads);
  return planMemory(executorBytes, threads);
}

/**
 * How many executor processes there are, and how large each is. Settings win over the master.
 *
 * @throws ConfigError when the memory is too small for the threads
 */
export function processSizes(
  { executors, slots, memoryMb }: LocalClusterMaster,
  source: ConfigSource,
): { readonly executors: number; readonly slots: number; readonly memoryBytes: number } {
  const sizes = {
    executors: readOptionalSetting(source, settings.executorInstances) ?? executors,
    slots: readOptionalSetting(source, settings.executorCores) ?? slots,
    memoryBytes: readOptionalSetting(source, settings.executorMemory) ?? memoryMb * 2 ** 20,
  };
  checkExecutorMemory(sizes.memoryBytes, sizes.slots);
  return sizes;
}

/** Starts executor processes before their program is known. */
export function prestartProcesses(
  master: LocalClusterMaster,
  source: ReadonlyMap<string, string>,
): PrestartedExecutors {
  const { executors, slots, memoryBytes } = processSizes(master, source);
  const entry = fileURLToPath(executorEntryUrl());
  const environment = executorEnvironment(source);
  return new PrestartedExecutors({ entry, environment, slots, memoryBytes }, executors);
}

/** Executor processes on this host. */
export function processBackend(
  master: LocalClusterMaster,
  parts: LocalBackendParts & {
    /** Folders that nobody needs when this process was killed. */
    readonly privateDirectories: readonly string[];
  },
  prestarted: PrestartedExecutors | undefined,
  stopped: (threadsEnded: boolean) => void,
): ApplicationBackend {
  const source = parts.settings;
  const { executors, slots, memoryBytes } = processSizes(master, source);
  const { taskFile, hash } = parts.program;
  const { directories } = parts.directories;
  const links = new LocalClusterLinks({
    key: AttemptKey.generate(),
    applicationId: parts.applicationId,
    applicationAttemptId: '1',
    executors,
    slots,
    memoryBytes,
    program: {
      taskFile,
      hash,
      fileHash: createHash('sha256').update(readFileSync(taskFile)).digest('hex'),
    },
    localDirectories: directories,
    ownedDirectories: [...directories, ...parts.privateDirectories],
    settings: executorSettings(source),
    executorEntry: fileURLToPath(executorEntryUrl()),
    ...(readSetting(source, settings.shuffleServiceEnabled)
      ? { shuffleServiceEntry: fileURLToPath(shuffleServiceEntryUrl()) }
      : {}),
    environment: executorEnvironment(source),
    ...(prestarted === undefined ? {} : { prestarted }),
    logger: parts.logger,
    wrote: (_executorId, line) => {
      process.stderr.write(`${process.stderr.isTTY ? eraseLine : ''}${line}\n`);
    },
  });
  // The processes load their code while the rest is made ready; `start` tells what went wrong.
  links.launch().catch(() => undefined);
  return {
    backend: new WatchedClusterBackend(links, parts, stopped),
    slots: executors * slots,
    description: `local-cluster[${executors},${slots},${Math.floor(memoryBytes / 2 ** 20)}]`,
    maxTaskFailures: readSetting(source, settings.taskMaxFailures),
    usesLocations: true,
    hasThreads: false,
    endSync: () => links.killSync(),
  };
}

/** The backend of one application in this process; its directories go with it. */
class WatchedLocalBackend extends LocalBackend {
  readonly #stopped: (threadsEnded: boolean) => void;

  constructor(
    options: ConstructorParameters<typeof LocalBackend>[0],
    setLogLevel: (level: string) => void,
    stopped: (threadsEnded: boolean) => void,
  ) {
    super(options, setLogLevel);
    this.#stopped = stopped;
  }

  override async stop(): Promise<void> {
    const startedMs = performance.now();
    await super.stop();
    this.#stopped(performance.now() - startedMs < stopTimeoutMs);
  }
}

class WatchedClusterBackend extends ClusterBackend {
  readonly #parts: LocalBackendParts;
  readonly #stopped: (threadsEnded: boolean) => void;

  constructor(
    links: LocalClusterLinks,
    parts: LocalBackendParts,
    stopped: (threadsEnded: boolean) => void,
  ) {
    super(links, parts.logger);
    this.#parts = parts;
    this.#stopped = stopped;
  }

  override setLogLevel(level: string): void {
    this.#parts.setLogLevel(settings.logLevel.parse(level));
    super.setLogLevel(level);
  }

  override async stop(): Promise<void> {
    await super.stop();
    // Killed processes have no threads.
    this.#stopped(true);
  }
}

/** The engine's own settings; what is secret is no executor's business. */
function executorSettings(source: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...source].filter(
      ([key, value]) =>
        key.startsWith('heddle.') && value !== hiddenValue && !isSecretKey(settingsRegistry, key),
    ),
  );
}

/** Variables of this process that executors get; nothing that changes what Node runs. */
const passedVariables = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'TERM',
  'NO_COLOR',
  'FORCE_COLOR',
  // Hadoop's site files and who asks, for executors that read or write its file systems.
  'HADOOP_CONF_DIR',
  'YARN_CONF_DIR',
  'HADOOP_HOME',
  'HADOOP_USER_NAME',
  'HADOOP_TOKEN_FILE_LOCATION',
];
const environmentPrefix = 'heddle.executorEnv.';

function executorEnvironment(source: ReadonlyMap<string, string>): Record<string, string> {
  // eslint-disable-next-line no-restricted-properties -- passes a few variables on to child processes and reads nothing
  const own = process.env;
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    const isPassed = passedVariables.includes(name) || name.startsWith('LC_');
    if (isPassed && value !== undefined) environment[name] = value;
  }
  for (const [key, value] of source) {
    if (key.startsWith(environmentPrefix)) environment[key.slice(environmentPrefix.length)] = value;
  }
  return environment;
}
