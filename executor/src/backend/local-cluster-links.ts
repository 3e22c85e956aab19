import { setTimeout as delay } from 'node:timers/promises';
import {
  describeThrown,
  processStart,
  readOptionalSetting,
  readSetting,
  settings,
  type Logger,
} from '@heddle/common';
import { BroadcastHub } from '../broadcast/broadcast-hub.js';
import {
  ControlHub,
  HUB_ID,
  type DriverMessage,
  type PeerInfo,
  type RegisteredExecutor,
  type SessionEnd,
} from '../control/index.js';
import { controlTimes, maxMessageBytes } from '../process/control-settings.js';
import { describeExecutorExit, executorExitCodes } from '../process/exit-codes.js';
import { ExecutorChild, type ChildEnd } from '../process/executor-child.js';
import type { PrestartedExecutors } from '../process/prestarted-executors.js';
import type { ExecutorLaunchSpec } from '../process/launch-spec.js';
import { stockShuffleSecret } from '../shuffle/remote/make-shuffle-network.js';
import {
  startShuffleService,
  type ShuffleServiceHandle,
} from '../shuffle-service/start-shuffle-service.js';
import { readResultRange, ResultGoneError } from '../results/fetch-result.js';
import { AuthenticatedClient, AuthenticatedServer, type AttemptKey } from '../transport/index.js';
import { ExecutorStartTimeoutError, TooManyExecutorFailuresError } from './errors.js';
import type { ExecutorEnd, ExecutorLinkEvents, ExecutorLinks } from './executor-links.js';
import { FailureCount } from './failure-count.js';

export interface LocalClusterOptions {
  readonly key: AttemptKey;
  readonly applicationId: string;
  readonly applicationAttemptId: string;
  /** Executors that run at once. */
  readonly executors: number;
  /** Tasks of each at once. */
  readonly slots: number;
  readonly memoryBytes: number;
  readonly program: ExecutorLaunchSpec['program'];
  readonly localDirectories: readonly string[];
  /** What the last executor removes when this process was killed. */
  readonly ownedDirectories: readonly string[];
  /** Files that the executors share. @default each fetches them into a directory of its own */
  readonly filesDirectory?: string;
  /** Settings of the application that executors read. */
  readonly settings: ReadonlyMap<string, string>;
  /** What an executor process starts with. */
  readonly executorEntry: string;
  /** What the shuffle service of this host starts with. @default there is none */
  readonly shuffleServiceEntry?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Processes that were started before the program was known. */
  readonly prestarted?: PrestartedExecutors;
  readonly logger: Logger;
  /** A line that a task wrote. */
  wrote(executorId: string, line: string): void;
}

const HOST = 'localhost';
const ADDRESS = '127.0.0.1';
/** How long the first executor may take. */
const START_TIMEOUT_MS = 60_000;
/** How long executors have to leave by themselves when they are told to. */
const STOP_TIMEOUT_MS = 3_000;
const KILLED_TIMEOUT_MS = 5_000;
/** Between the end of an executor and the start of the next one, when they end at once. */
const RESTART_DELAY_MS = 200;
/** A shuffle service that keeps dying is not started again. */
const MAX_SERVICE_RESTARTS = 3;
/** An executor whose process lives connects again when its machine lets it. */
const RECONNECT_GRACE_MS = 10_000;

/** One executor process and what became of it. */
interface Member {
  readonly child: ExecutorChild;
  registered: RegisteredExecutor | undefined;
  /** How its session ended, before its process does. */
  sessionEnd: SessionEnd | undefined;
  /** Why the driver ends it. */
  endReason: string | undefined;
  isDraining: boolean;
  hasLeft: boolean;
}

/**
 * Executors as processes of this host, in the number that was asked for: those that end are
 * replaced, until too many failed. Their number of `Spark`'s `local-cluster` mode.
 */
export class LocalClusterLinks implements ExecutorLinks {
  readonly #options: LocalClusterOptions;
  readonly #server: AuthenticatedServer;
  /** Asks the executors' own servers. */
  readonly #client: AuthenticatedClient;
  readonly #hub: ControlHub;
  readonly #broadcasts: BroadcastHub;
  readonly #members = new Map<string, Member>();
  readonly #failures: FailureCount;
  readonly #firstJoined = Promise.withResolvers<undefined>();
  #events: ExecutorLinkEvents | undefined;
  /** Serves map outputs of executors that have ended; undefined when it does not run. */
  #service: ShuffleServiceHandle | undefined;
  #serviceReady: Promise<void> = Promise.resolve();
  #serviceEnds = 0;
  #port = 0;
  #launching: Promise<void> | undefined;
  #nextId = 1;
  #lastTail = '';
  #hasFailed = false;
  #stopping: Promise<void> | undefined;

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    const { key, applicationAttemptId, executors, logger } = options;
    const allowed =
      readOptionalSetting(options.settings, settings.executorMaxNumFailures) ??
      Math.max(2 * executors, 3);
    this.#failures = new FailureCount(
      allowed,
      readOptionalSetting(options.settings, settings.executorFailuresValidityInterval),
    );
    this.#server = new AuthenticatedServer({
      key: key.derive('control'),
      attemptId: applicationAttemptId,
      targetId: HUB_ID,
      logger,
    });
    this.#client = new AuthenticatedClient({
      key: key.derive('data'),
      attemptId: applicationAttemptId,
      callerId: HUB_ID,
    });
    this.#hub = new ControlHub(
      {
        key,
        programHash: options.program.fileHash,
        expiryMs: controlTimes(options.settings).expiryMs,
        reconnectGraceMs: RECONNECT_GRACE_MS,
        maxMessageBytes: maxMessageBytes(options.settings),
        logger,
      },
      {
        registered: (executor) => this.#registered(executor),
        received: (executorId, message) => {
          const member = this.#members.get(executorId);
          if (message.kind === 'draining' && member !== undefined) member.isDraining = true;
          this.#events?.received(executorId, message);
          if (message.kind === 'draining' && this.#service !== undefined) {
            // It need not stay for readers of its map outputs.
            this.#hub.send(executorId, { kind: 'drain', servesOutputs: false });
          }
        },
        ended: (executorId, end) => this.#sessionEnded(executorId, end),
      },
    );
    this.#hub.attach(this.#server);
    this.#broadcasts = new BroadcastHub({
      chunkBytes: readSetting(options.settings, settings.broadcastBlockSize),
      isAlive: (executorId) => this.#members.get(executorId)?.registered !== undefined,
    });
    this.#broadcasts.install(this.#server);
    this.#firstJoined.promise.catch(() => undefined);
  }

  async start(events: ExecutorLinkEvents): Promise<void> {
    this.#events = events;
    await this.launch();
    // Keeps the process alive until then.
    const timer = setTimeout(
      () =>
        this.#firstJoined.reject(new ExecutorStartTimeoutError(START_TIMEOUT_MS, this.#lastTail)),
      START_TIMEOUT_MS,
    );
    try {
      await this.#firstJoined.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Starts the processes; `start` waits for the first one. Idempotent. */
  async launch(): Promise<void> {
    if (this.#stopping !== undefined) return;
    // One launch, also when it is asked for again before the server listens.
    this.#launching ??= this.#launchAll();
    return this.#launching;
  }

  async #launchAll(): Promise<void> {
    const { port } = await this.#server.listen(ADDRESS);
    this.#port = port;
    this.#server.unref();
    this.#serviceReady = this.#startService();
    for (let i = 0; i < this.#options.executors; i++) this.#startExecutor();
    this.#options.prestarted?.close();
  }

  /**
   * Never rejects: without the service map outputs of ended executors are made again.
   *
   * @param port where it was before: executors have been told so
   */
  async #startService(port = 0): Promise<void> {
    const { key, applicationId, shuffleServiceEntry, logger } = this.#options;
    if (shuffleServiceEntry === undefined) return;
    try {
      const service = await startShuffleService({
        applicationId,
        secret: stockShuffleSecret(key),
        host: ADDRESS,
        port,
        localDirectories: this.#options.localDirectories,
        ownedDirectories: this.#options.ownedDirectories,
        entry: shuffleServiceEntry,
        environment: this.#options.environment,
        logger,
        ended: (exitCode) => {
          logger.warn('the shuffle service has ended', { exitCode: exitCode ?? undefined });
          this.#serviceEnded();
        },
      });
      if (this.#stopping === undefined) this.#service = service;
      else await service.stop();
    } catch (error) {
      logger.warn('the shuffle service could not be started', { error: describeThrown(error) });
    }
  }

  /** What it serves is on disk: another process can do it as well. */
  #serviceEnded(): void {
    const port = this.#service?.port;
    this.#service = undefined;
    if (this.#stopping !== undefined || port === undefined) return;
    if (++this.#serviceEnds <= MAX_SERVICE_RESTARTS) this.#serviceReady = this.#startService(port);
  }

  /** Process id of the shuffle service, while it runs. */
  get shuffleServicePid(): number | undefined {
    return this.#service?.pid;
  }

  /** The number of executors is fixed. */
  wish(): void {
    // Nothing to ask for.
  }

  send(executorId: string, message: DriverMessage): void {
    this.#hub.send(executorId, message);
  }

  end(executorId: string, reason: string): void {
    const member = this.#members.get(executorId);
    if (member === undefined || member.hasLeft) return;
    member.endReason = reason;
    this.#hub.send(executorId, { kind: 'stop' });
    setTimeout(() => member.child.signal('SIGKILL'), STOP_TIMEOUT_MS).unref();
  }

  async readResult(
    executorId: string,
    resultId: string,
    fromByte: number,
    toByte: number,
  ): Promise<Uint8Array> {
    const registered = this.#members.get(executorId)?.registered;
    if (registered === undefined) {
      throw new ResultGoneError(resultId, executorId, 'it has ended');
    }
    const peer = { id: executorId, host: registered.remoteAddress, port: registered.port };
    return readResultRange(this.#client, peer, resultId, fromByte, toByte);
  }

  setPeers(executors: readonly PeerInfo[]): void {
    const message: DriverMessage = { kind: 'peers', executors };
    for (const [executorId, { registered }] of this.#members) {
      if (registered !== undefined) this.#hub.send(executorId, message);
    }
  }

  addBroadcast(id: number, bytes: SharedArrayBuffer): void {
    this.#broadcasts.add(id, bytes);
  }

  removeBroadcast(id: number): void {
    this.#broadcasts.remove(id);
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Kills all processes at once, for a driver that ends without waiting. */
  killSync(): void {
    for (const { child } of this.#members.values()) child.signal('SIGKILL');
    // Nothing of it is left to serve; it would end by itself as well.
    if (this.#service !== undefined) killProcess(this.#service.pid);
  }

  async #stop(): Promise<void> {
    this.#firstJoined.resolve(undefined);
    for (const [executorId, { registered, child }] of this.#members) {
      if (registered !== undefined) this.#hub.send(executorId, { kind: 'stop' });
      // It has nothing yet, and does not listen yet.
      else child.signal('SIGKILL');
    }
    await this.#allEnded(STOP_TIMEOUT_MS);
    await this.#serviceReady;
    await this.#service?.stop();
    this.#service = undefined;
    this.killSync();
    await this.#allEnded(KILLED_TIMEOUT_MS);
    this.#hub.close();
    this.#client.close();
    await this.#server.close();
  }

  async #allEnded(timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (this.#members.size > 0 && performance.now() < deadlineMs) await delay(5);
  }

  #startExecutor(): void {
    const { key, applicationId, applicationAttemptId, slots, memoryBytes } = this.#options;
    const { program, localDirectories, ownedDirectories, filesDirectory } = this.#options;
    const { prestarted } = this.#options;
    const executorId = String(this.#nextId++);
    this.#hub.expect(executorId, { host: HOST, addresses: [ADDRESS] });
    const spec: ExecutorLaunchSpec = {
      formatVersion: 1,
      executorId,
      host: HOST,
      bindHost: ADDRESS,
      applicationId,
      applicationAttemptId,
      driver: { host: ADDRESS, port: this.#port },
      driverProcess: { pid: process.pid, started: processStart(process.pid) },
      slots,
      memoryBytes,
      program,
      localDirectories,
      ownedDirectories,
      ...(filesDirectory === undefined ? {} : { filesDirectory }),
      settings: Object.fromEntries(this.#options.settings),
    };
    const child = new ExecutorChild({
      spec,
      key,
      entry: this.#options.executorEntry,
      environment: this.#options.environment,
      ...(prestarted === undefined ? {} : { prestarted }),
      logged: ({ level, message, fields }) => this.#options.logger[level](message, fields),
      wrote: (line) => this.#options.wrote(executorId, line),
      ended: (end) => this.#processEnded(executorId, end),
    });
    this.#members.set(executorId, {
      child,
      registered: undefined,
      sessionEnd: undefined,
      endReason: undefined,
      isDraining: false,
      hasLeft: false,
    });
  }

  #registered(executor: RegisteredExecutor): void {
    const member = this.#members.get(executor.executorId);
    if (member === undefined || member.hasLeft) return;
    // Its outputs outlive it from the first one on.
    void this.#serviceReady.then(() => this.#joined(member, executor));
  }

  #joined(member: Member, executor: RegisteredExecutor): void {
    const { executorId, host, slots, pid, port, remoteAddress } = executor;
    if (member.hasLeft) return;
    member.registered = executor;
    const service = this.#service;
    this.#events?.joined({
      executorId,
      host,
      slots,
      pid,
      address: { host: remoteAddress, port },
      ...(service === undefined
        ? {}
        : { shuffleService: { host: service.host, port: service.port } }),
    });
    this.#firstJoined.resolve(undefined);
  }

  /** The hub is done with an executor: its process must end, whatever it thinks. */
  #sessionEnded(executorId: string, end: SessionEnd): void {
    const member = this.#members.get(executorId);
    if (member === undefined) return;
    member.sessionEnd = end;
    if (end.kind === 'goodbye') {
      // It is about to exit; a process that hangs at its end does not keep its place.
      setTimeout(() => member.child.signal('SIGKILL'), STOP_TIMEOUT_MS).unref();
      return;
    }
    // A stopped process gets the refusal when it goes on, and ends itself; until then it is left
    // alone like a container that cannot be reached. Its place is free at once.
    const exitCode = end.kind === 'refused' ? end.exitCode : undefined;
    this.#leave(executorId, member, { exitCode, reason: end.reason });
    if (end.kind !== 'expired') {
      setTimeout(() => member.child.signal('SIGKILL'), STOP_TIMEOUT_MS).unref();
    }
  }

  #processEnded(executorId: string, { exitCode, signal }: ChildEnd): void {
    const member = this.#members.get(executorId);
    if (member === undefined) return;
    this.#lastTail = member.child.logTail;
    this.#hub.remove(executorId, 'its process has ended');
    const asked = exitCode === executorExitCodes.stopped ? reasonToStop(member) : undefined;
    const reason = asked ?? describeExecutorExit(exitCode, signal);
    this.#leave(executorId, member, { exitCode: exitCode ?? undefined, reason });
    this.#members.delete(executorId);
  }

  #leave(
    executorId: string,
    member: Member,
    end: { readonly exitCode: number | undefined; readonly reason: string },
  ): void {
    if (member.hasLeft) return;
    member.hasLeft = true;
    this.#broadcasts.executorLost(executorId);
    // Its last word may be lost on the way; its exit code is not.
    const byItself = member.isDraining && end.exitCode === executorExitCodes.stopped;
    const wished = member.endReason ?? (byItself ? end.reason : undefined);
    const countsAsFailure = wished === undefined;
    const wasRegistered = member.registered !== undefined;
    member.registered = undefined;
    const linkEnd: ExecutorEnd = {
      reason: wished ?? end.reason,
      ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
      countsAsFailure,
      hostLost: false,
      mapOutputs: this.#service === undefined ? 'lost' : 'served',
    };
    if (this.#stopping !== undefined) return;
    if (wasRegistered) this.#events?.left(executorId, linkEnd);
    if (this.#hasFailed) return;
    if (countsAsFailure && this.#countFailure(executorId, end)) return;
    setTimeout(
      () => {
        if (this.#stopping === undefined && !this.#hasFailed) this.#startExecutor();
      },
      wasRegistered ? 0 : RESTART_DELAY_MS,
    );
  }

  /** @returns whether the application has failed with it */
  #countFailure(
    executorId: string,
    { exitCode, reason }: { readonly exitCode: number | undefined; readonly reason: string },
  ): boolean {
    const { badCredentials, codeMismatch } = executorExitCodes;
    const isHopeless = exitCode === badCredentials || exitCode === codeMismatch;
    const tooMany = this.#failures.add(`executor ${executorId}: ${reason}`, performance.now());
    if (!tooMany && !isHopeless) return false;
    this.#hasFailed = true;
    const error = new TooManyExecutorFailuresError(
      this.#failures.count,
      this.#failures.allowed,
      this.#failures.reasons,
      this.#lastTail,
      isHopeless,
    );
    this.#firstJoined.reject(error);
    this.#events?.failed(error);
    return true;
  }
}

/** Why an executor ended in order, as it said itself or as it was told; undefined when nobody knows. */
function reasonToStop({ sessionEnd, isDraining }: Member): string | undefined {
  if (sessionEnd?.kind === 'goodbye') return sessionEnd.reason;
  return isDraining ? 'drained: it was told to end' : undefined;
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
