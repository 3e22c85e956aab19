import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  assertNever,
  describeThrown,
  isSameProcessAlive,
  readSetting,
  settings,
  type Logger,
} from '@heddle/common';
import type { ConfigSource } from '@heddle/common';
import { openFileSystems, type FileSystemRegistry } from '@heddle/webhdfs';
import type { TaskDescription, TaskResult } from 'heddle/internal';
import {
  ControlClient,
  type ControlEnd,
  type DriverMessage,
  type ExecutorMessage,
} from '../control/index.js';
import { packUpdates, type EndedUpdate } from '../control/task-updates.js';
import { Executor } from '../host/executor.js';
import type { PrestartedThreads } from '../host/prestarted-threads.js';
import { makeShuffleNetwork } from '../shuffle/remote/make-shuffle-network.js';
import { unpackTasks } from '../thread/packed-runs.js';
import { AuthenticatedServer, type AttemptKey } from '../transport/index.js';
import { controlTimes, maxMessageBytes } from './control-settings.js';
import { executorExitCodes } from './exit-codes.js';
import type { ExecutorLaunchSpec } from './launch-spec.js';
import { planExecutorMemory } from './memory-plan.js';
import { PeerTable } from './peer-table.js';
import { ProcessDirectories, removeAbandoned } from './process-directories.js';

/** What an executor process is given beside its specification. */
export interface ExecutorProcessOptions {
  readonly spec: ExecutorLaunchSpec;
  readonly key: AttemptKey;
  readonly logger: Logger;
  setLogLevel(level: string): void;
  /** Module that task threads start with. @default the engine's own */
  readonly threadEntry?: URL;
  /** Task threads that were started before. */
  readonly prestarted?: PrestartedThreads;
  /** @default this node's files, and clusters that the environment leads to */
  readonly fileSystems?: FileSystemRegistry;
  /** Where Hadoop's site files are, and who asks. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Ends the process; called once, after everything was removed. */
  exit(exitCode: number, leftToRemove: readonly string[]): void;
}

/** Ends of tasks, and bytes of their results, that are enough for a message. */
const GATHERED_UPDATES = 256;
const GATHERED_BYTES = 64 * 1024;
/** How long a commit's answer may take; the driver answers at once unless it is gone. */
const COMMIT_ANSWER_MS = 60_000;
/** How often a draining executor looks whether it is idle. */
const IDLE_LOOK_MS = 250;

/**
 * An executor as a process of its own: the shell around `Executor` that registers with the driver,
 * does what it says, and ends when it is told to, or when the driver is gone. Its thread never runs
 * code of the user.
 */
export class ExecutorProcess {
  readonly #options: ExecutorProcessOptions;
  readonly #spec: ExecutorLaunchSpec;
  readonly #settings: ConfigSource;
  readonly #directories: ProcessDirectories;
  readonly #server: AuthenticatedServer;
  readonly #peers: PeerTable;
  readonly #executor: Executor;
  readonly #client: ControlClient;
  readonly #commits = new Map<number, (may: boolean) => void>();
  #nextRequest = 0;
  #ended: EndedUpdate[] = [];
  #endedBytes = 0;
  #telling: NodeJS.Immediate | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #isDraining = false;
  #isEnding = false;

  /** Starts the task threads. Throws `StorageFullError` or `ConfigError` when no local directory can be used. */
  constructor(options: ExecutorProcessOptions) {
    const { spec, key, logger } = options;
    this.#options = options;
    this.#spec = spec;
    this.#settings = new Map(Object.entries(spec.settings));
    this.#directories = ProcessDirectories.create(spec.localDirectories, spec.executorId);
    const { heartbeatMs, lease, connectTimeoutMs } = controlTimes(this.#settings);
    this.#server = new AuthenticatedServer({
      key: key.derive('data'),
      attemptId: spec.applicationAttemptId,
      targetId: spec.executorId,
      logger,
    });
    this.#peers = new PeerTable(spec, key, this.#server);
    this.#executor = this.#newExecutor(key);
    this.#executor.connect(this.#peers);
    this.#client = new ControlClient(
      {
        key,
        attemptId: spec.applicationAttemptId,
        executorId: spec.executorId,
        hub: spec.driver,
        heartbeatMs,
        lease,
        connectTimeoutMs,
        maxMessageBytes: maxMessageBytes(this.#settings),
        hubLives: () => this.#driverLives,
        logger,
      },
      {
        heartbeat: () => ({
          kind: 'heartbeat',
          runningTasks: this.#executor.runningTaskIds(),
          cacheBytes: this.#executor.cacheBytes,
        }),
        message: (message) => this.#handle(message),
        ended: (end) => this.#end(end),
      },
    );
  }

  /** Registers with the driver and begins to do what it says. */
  async run(): Promise<void> {
    const { executorId, host, slots, program, bindHost } = this.#spec;
    let programHash: string;
    try {
      programHash = createHash('sha256').update(readFileSync(program.taskFile)).digest('hex');
    } catch (error) {
      const reason = `the program ${program.taskFile} cannot be read: ${describeThrown(error)}`;
      this.#end({ exitCode: executorExitCodes.codeMismatch, reason });
      return;
    }
    const { port } = await this.#server.listen(bindHost);
    this.#client.send({
      kind: 'register',
      executorId,
      host,
      slots,
      pid: process.pid,
      port,
      programHash,
    });
    this.#client.start();
    this.#executor.start().catch((error: unknown) => {
      this.#end({ exitCode: executorExitCodes.uncaught, reason: describeThrown(error) });
    });
  }

  /**
   * Takes no more tasks, finishes what runs, serves what it has for the grace time, and ends.
   *
   * @param servesOutputs false when its map outputs are served by others: it ends as soon as it is idle
   */
  drain(reason: string, servesOutputs = true): void {
    if (this.#isEnding) return;
    if (this.#isDraining) {
      // Told by the driver, when it began by itself and did not know.
      if (!servesOutputs && this.#idleTimer === undefined) this.#leaveWhenIdle();
      return;
    }
    this.#isDraining = true;
    this.#options.logger.info('draining', { executorId: this.#spec.executorId, reason });
    this.#send({ kind: 'draining', reason });
    const graceMs = readSetting(this.#settings, settings.executorDecommissionTimeout);
    this.#drainTimer = setTimeout(() => this.#leave('drained: its time was up'), graceMs);
    if (!servesOutputs) this.#leaveWhenIdle();
  }

  /** A task that was launched before the scheduler knew has come by the second look. */
  #leaveWhenIdle(wasIdle = false): void {
    const isIdle = this.#executor.runningTasks === 0;
    if (isIdle && wasIdle) this.#leave('drained');
    else this.#idleTimer = setTimeout(() => this.#leaveWhenIdle(isIdle), IDLE_LOOK_MS);
  }

  /** An error that nothing caught: everything of this process is doubtful. */
  crashed(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : describeThrown(error);
    this.#end({ exitCode: executorExitCodes.uncaught, reason });
  }

  #newExecutor(key: AttemptKey): Executor {
    const { spec, logger, threadEntry, prestarted, fileSystems } = this.#options;
    const source = this.#settings;
    return new Executor(
      {
        executorId: spec.executorId,
        host: spec.host,
        applicationId: spec.applicationId,
        applicationAttemptId: spec.applicationAttemptId,
        slots: spec.slots,
        ...(threadEntry === undefined ? {} : { threadEntry }),
        ...(prestarted === undefined ? {} : { prestarted }),
        program: spec.program,
        localDirectories: this.#directories.application,
        scratchDirectories: this.#directories.own,
        memory: planExecutorMemory(spec.memoryBytes, spec.slots),
        maxResultBytes: readSetting(source, settings.driverMaxResultSize),
        maxDirectResultBytes: readSetting(source, settings.taskMaxDirectResultSize),
        shuffleCompression: readSetting(source, settings.shuffleCompress) ? 'zstd' : 'none',
        shuffle: makeShuffleNetwork({
          key,
          applicationId: spec.applicationId,
          memoryBytes: spec.memoryBytes,
          settings: source,
          client: this.#peers.client,
          routes: this.#server,
          find: (executorId) => this.#peers.findShuffle(executorId),
        }),
        ...(spec.filesDirectory === undefined ? {} : { filesDirectory: spec.filesDirectory }),
        logger,
        fileSystems:
          fileSystems ??
          openFileSystems({
            settings: source,
            environment: this.#options.environment ?? {},
            logger,
          }),
      },
      {
        taskUpdate: (update) => {
          // The driver knows what it has launched.
          if (update.kind !== 'running') this.#taskEnded(update);
        },
        mayCommit: (task, saveId) => this.#mayCommit(task, saveId),
        blocksChanged: (statuses) => this.#send({ kind: 'blocksChanged', statuses }),
      },
    );
  }

  #handle(message: DriverMessage): void {
    const executor = this.#executor;
    switch (message.kind) {
      case 'registered':
        this.#options.logger.info('registered', { executorId: this.#spec.executorId });
        return;
      case 'refused':
        this.#end({ exitCode: message.exitCode, reason: message.reason });
        return;
      case 'registerStage':
        executor.registerStage(message.stage);
        return;
      case 'unregisterStage':
        executor.unregisterStage(message.stageId, message.stageAttempt);
        return;
      case 'launch':
        executor.launch(launchedTask(message));
        return;
      case 'kill':
        executor.kill(message.taskAttemptId, message.reason);
        return;
      case 'recall':
        executor.recall(message.taskAttemptId);
        return;
      case 'commitAnswer':
        this.#commits.get(message.requestId)?.(message.may);
        return;
      case 'removeRdd':
        executor.removeRdd(message.rddId);
        this.#done(message.requestId);
        return;
      case 'removeShuffle':
        void executor.removeShuffle(message.shuffleId).then(() => this.#done(message.requestId));
        return;
      case 'removeBroadcast':
        executor.removeBroadcast(message.id);
        this.#done(message.requestId);
        return;
      case 'dropResult':
        executor.dropResult(message.resultId);
        return;
      case 'peers':
        this.#peers.set(message.executors);
        return;
      case 'setLogLevel':
        this.#options.setLogLevel(message.level);
        return;
      case 'drain':
        this.drain('the driver asked for it', message.servesOutputs);
        return;
      case 'stop':
        this.#leave('stopped by the driver');
        return;
      default:
        assertNever(message, 'driver message');
    }
  }

  /** Ends of tasks of one turn of the event loop are told together. */
  #taskEnded(update: EndedUpdate): void {
    this.#ended.push(update);
    this.#endedBytes += update.kind === 'succeeded' ? resultBytes(update.result) : 0;
    if (this.#endedBytes >= GATHERED_BYTES || this.#ended.length >= GATHERED_UPDATES) {
      this.#tellEnded();
    } else {
      this.#telling ??= setImmediate(() => this.#tellEnded());
    }
  }

  #tellEnded(): void {
    clearImmediate(this.#telling);
    this.#telling = undefined;
    if (this.#ended.length === 0) return;
    this.#client.send({ kind: 'taskUpdates', ...packUpdates(this.#ended) });
    this.#ended = [];
    this.#endedBytes = 0;
  }

  /** In order: what was told by tasks that ended comes first. */
  #send(message: ExecutorMessage): void {
    this.#tellEnded();
    this.#client.send(message);
  }

  #done(requestId: number): void {
    this.#send({ kind: 'done', requestId });
  }

  #mayCommit(task: TaskDescription, saveId: number): Promise<boolean> {
    const { generation, partition, taskAttemptId } = task;
    const requestId = this.#nextRequest++;
    const answer = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => answer.resolve(false), COMMIT_ANSWER_MS);
    this.#commits.set(requestId, (may) => answer.resolve(may && this.#client.mayAct));
    this.#send({
      kind: 'mayCommit',
      requestId,
      saveId,
      generation,
      partition,
      taskAttemptId,
    });
    return answer.promise.finally(() => {
      clearTimeout(timer);
      this.#commits.delete(requestId);
    });
  }

  /** Ends with a goodbye. */
  #leave(reason: string): void {
    if (this.#isEnding) return;
    const { stopped } = executorExitCodes;
    const goodbye: Extract<ExecutorMessage, { kind: 'goodbye' }> = {
      kind: 'goodbye',
      exitCode: stopped,
      reason,
    };
    this.#tellEnded();
    const closing = this.#client.close(goodbye);
    this.#isEnding = true;
    void closing.then(() => this.#exit(stopped));
  }

  #end({ exitCode, reason }: ControlEnd): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { executorId } = this.#spec;
    this.#options.logger.error('the executor ends', { executorId, exitCode, reason });
    this.#exit(exitCode);
  }

  /** Whether the driver's process is known to live, which only one on this host can be. */
  get #driverLives(): boolean {
    const { driverProcess } = this.#spec;
    return (
      driverProcess !== undefined && isSameProcessAlive(driverProcess.pid, driverProcess.started)
    );
  }

  #exit(exitCode: number): void {
    clearTimeout(this.#drainTimer);
    clearTimeout(this.#idleTimer);
    this.#directories.remove();
    const { localDirectories, ownedDirectories = localDirectories } = this.#spec;
    // A driver that lives removes what is its own, and may need it still.
    if (exitCode === executorExitCodes.driverGone && !this.#driverLives) {
      removeAbandoned(localDirectories, ownedDirectories);
    }
    // A thread that runs may write once more.
    const isBusy = this.#executor.runningTasks > 0;
    this.#options.exit(exitCode, isBusy ? this.#directories.own : []);
  }
}

function launchedTask({
  task,
  followers,
}: Extract<DriverMessage, { kind: 'launch' }>): TaskDescription {
  return followers === undefined ? task : { ...task, followers: unpackTasks(followers, task) };
}

function resultBytes(result: TaskResult): number {
  return result.kind === 'value' ? result.bytes.byteLength : 0;
}
