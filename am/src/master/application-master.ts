import { setTimeout as delay } from 'node:timers/promises';
import {
  assertNever,
  describeThrown,
  readOptionalSetting,
  readSetting,
  settings,
  type Logger,
} from '@heddle/common';
import { AuthenticatedServer, HUB_ID, ResultGoneError, type AttemptKey } from '@heddle/executor';
import { resourceManagersOf, type HadoopConfiguration } from '@heddle/hadoop-conf';
import { RemoteError, tokenKinds, tokenOfKind } from '@heddle/hadoop-rpc';
import { Allocator } from '../allocation/allocator.js';
import { NodeManagers } from '../cluster/node-managers.js';
import { applicationHasEnded } from '../cluster/application-state.js';
import { AttemptGoneError, ResourceManager, type BeatAnswer } from '../cluster/resource-manager.js';
import {
  ExecutorLaunch,
  executorInstances,
  executorResource,
  executorSize,
} from '../executor/executor-launch.js';
import type { ApplicationDescription } from '../launch/application-description.js';
import type { ContainerEnvironment } from '../launch/container-environment.js';
import type { StagedResource } from '../launch/local-resources.js';
import type {
  BroadcastMessage,
  DriverRelayMessage,
  PassedMessage,
  ProgramOutcome,
} from '../relay/relay-message.js';
import { RelayServer } from '../relay/relay-server.js';
import type { DriverChild } from './driver-child.js';
import { ExecutorFleet } from './executor-fleet.js';
import { masterExitCodes } from './master-exit-codes.js';
import { StatusPage } from './status-page.js';

export interface ApplicationMasterOptions {
  readonly description: ApplicationDescription;
  readonly environment: ContainerEnvironment;
  readonly conf: HadoopConfiguration;
  /** Of this attempt alone. */
  readonly key: AttemptKey;
  /** What executors' containers fetch. */
  readonly resources: readonly StagedResource[];
  readonly logger: Logger;
  /** In cluster mode: starts the driver's process. */
  readonly startDriver:
    ((master: { readonly host: string; readonly port: number }) => DriverChild) | undefined;
  /** Removes the staged files. */
  readonly cleanUp: () => Promise<void>;
}

/** How the application ends. */
interface Ending extends ProgramOutcome {
  /** Whether YARN shall be told; otherwise it may start another attempt. */
  readonly unregisters: boolean;
}

/** While something is awaited; the floor is the NodeManagers' own beat. */
const busyBeatMs = 100;
const slowerBusyBeatMs = 250;
/** Something awaited for longer than this is not there soon. */
const busyForMs = 5_000;
const quietBeatMs = 1_000;
/** Failures of the beat in a row after which the application is given up. */
const maxBeatFailures = 5;
/** How often a wait for containers is told. */
const waitNoteMs = 15_000;
/** A killed container has a quarter of a second, in which YARN notes that its application is killed. */
const killedPatienceMs = 150;
const maxDiagnosticsLength = 16_384;

/**
 * The ApplicationMaster: asks YARN for containers, starts executors in them, and passes messages
 * between them and the driver, which is another process in both deploy modes. Runs no code of the
 * user, so nothing that a program does keeps it from its beats.
 */
export class ApplicationMaster {
  readonly #options: ApplicationMasterOptions;
  readonly #logger: Logger;
  readonly #relay: RelayServer;
  readonly #page: StatusPage;
  readonly #nodes: NodeManagers;
  readonly #ending = Promise.withResolvers<Ending>();
  #rm: ResourceManager | undefined;
  #fleet: ExecutorFleet | undefined;
  /** The fleet whose containers the beats are about: also one that is stopped. */
  #allocating: ExecutorFleet | undefined;
  /** Messages that came while a fleet was made ready; `undefined` when none is. */
  #waiting: (DriverRelayMessage | PassedMessage | BroadcastMessage)[] | undefined;
  #settings: ReadonlyMap<string, string>;
  #progress = 0;
  #nextExecutor = 1;
  #driver: DriverChild | undefined;
  #driverTimer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #isEnding = false;

  constructor(options: ApplicationMasterOptions) {
    const { key, environment, logger, description } = options;
    this.#options = options;
    this.#logger = logger;
    this.#settings = new Map(Object.entries(description.settings));
    this.#nodes = new NodeManagers(logger);
    this.#relay = new RelayServer(
      {
        key,
        attemptId: environment.attemptId,
        reconnectTimeoutMs: readSetting(this.#settings, settings.clientReconnectTimeout),
        logger,
      },
      {
        connected: () => clearTimeout(this.#driverTimer),
        message: (message) => this.#message(message),
        lost: (reason) => this.#driverLost(reason),
      },
    );
    this.#page = new StatusPage({
      applicationId: environment.applicationId,
      name: description.name,
      summary: () => this.#fleet?.summary,
      logger,
    });
  }

  /** Runs until the application has ended. @returns the exit code of the process */
  async run(): Promise<number> {
    const { environment, description } = this.#options;
    const { host } = environment;
    const [relay, page] = await Promise.all([this.#relay.listen(host), this.#page.listen(host)]);
    this.#driver = this.#options.startDriver?.(relay);
    this.#driver?.ended.then(
      (end) => this.#driverEnded(end),
      (error: unknown) => this.#driverLost(describeThrown(error)),
    );
    this.#awaitDriver();
    let ending: Ending;
    try {
      this.#rm = this.#newResourceManager(relay.port, `http://${host}:${page.port}`);
      await this.#rm.register();
      this.#logger.info('registered', {
        attempt: environment.attemptId,
        mode: description.deployMode,
      });
      void this.#beats(this.#rm);
      ending = await this.#ending.promise;
    } catch (error) {
      ending = this.#failure(masterExitCodes.heartbeat, describeThrown(error), false);
    }
    return this.#finish(ending);
  }

  /** A signal of YARN: the application was killed, or its node goes away. */
  terminate(): void {
    this.#end({
      status: 'killed',
      exitCode: masterExitCodes.terminated,
      diagnostics: 'the ApplicationMaster was told to end (SIGTERM)',
      unregisters: false,
    });
  }

  #newResourceManager(rpcPort: number, trackingUrl: string): ResourceManager {
    const { conf, environment, logger } = this.#options;
    const token = tokenOfKind(environment.credentials, tokenKinds.amRm);
    if (token === undefined) {
      throw new AttemptGoneError('the container has no AMRM token in its credentials');
    }
    const label = readOptionalSetting(this.#settings, settings.yarnExecutorNodeLabelExpression);
    return new ResourceManager({
      addresses: resourceManagersOf(conf).map(({ schedulerAddress }) => schedulerAddress),
      token,
      host: environment.host,
      rpcPort,
      trackingUrl,
      capability: () => executorResource(executorSize(this.#settings)),
      ...(label === undefined ? {} : { nodeLabelExpression: label }),
      logger,
    });
  }

  /** The driver must come within a bound; afterwards the relay watches it. */
  #awaitDriver(): void {
    const waitMs = readSetting(this.#settings, settings.yarnAmWaitTime);
    this.#driverTimer = setTimeout(() => {
      const reason =
        this.#driver === undefined
          ? `the driver did not connect within ${waitMs} ms (heddle.yarn.am.waitTime)`
          : `the program created no HeddleContext within ${waitMs} ms (heddle.yarn.am.waitTime)`;
      this.#end(this.#failure(masterExitCodes.noContext, reason, true));
    }, waitMs);
  }

  #message(message: DriverRelayMessage | PassedMessage | BroadcastMessage): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push(message);
      return;
    }
    switch (message.kind) {
      case 'passed':
        this.#fleet?.send(message.executorId, message.bytes);
        return;
      case 'configure':
        void this.#configure(new Map(Object.entries(message.settings)));
        return;
      case 'wish':
        this.#fleet?.wish(message.target, message.hosts);
        return;
      case 'end':
        this.#fleet?.end(message.executorId, message.reason);
        return;
      case 'peers':
        this.#fleet?.setPeers(message.executors);
        return;
      case 'broadcast':
        this.#fleet?.addBroadcast(message.id, message.bytes);
        return;
      case 'removeBroadcast':
        this.#fleet?.removeBroadcast(message.id);
        return;
      case 'readResult':
        void this.#readResult(message);
        return;
      case 'stopExecutors':
        void this.#stopExecutors();
        return;
      case 'status':
        this.#page.update(message.json);
        this.#progress = Math.min(1, Math.max(0, message.progress));
        return;
      case 'finish':
        this.#end({
          status: message.status,
          exitCode: message.exitCode,
          diagnostics: message.diagnostics,
          unregisters: true,
        });
        return;
      default:
        assertNever(message, 'message of the driver');
    }
  }

  /** The driver is here and says what the program wants. */
  async #configure(source: ReadonlyMap<string, string>): Promise<void> {
    if (this.#fleet !== undefined || this.#isEnding) return;
    this.#waiting = [];
    const { description, environment, key, resources, logger } = this.#options;
    this.#settings = source;
    this.#relay.reconnectTimeoutMs = readSetting(source, settings.clientReconnectTimeout);
    const size = executorSize(source);
    const instances = executorInstances(source);
    const failureWindowMs = readOptionalSetting(source, settings.executorFailuresValidityInterval);
    const allocator = new Allocator({
      containerMemoryMiB: size.containerMiB,
      asksForHosts: readSetting(source, settings.yarnLocalityEnabled),
      localityPatienceMs: readSetting(source, settings.yarnLocalityWait),
      maxExecutorFailures:
        readOptionalSetting(source, settings.executorMaxNumFailures) ?? Math.max(3, 2 * instances),
      failureWindowMs,
      startTimeoutMs: readSetting(source, settings.yarnExecutorStartTimeout),
      firstExecutorNumber: (environment.attempt - 1) * 10_000 + this.#nextExecutor,
      excludedNodes: readSetting(source, settings.yarnExcludeNodes),
    });
    allocator.handle({
      kind: 'nodesChanged',
      nodes: description.nodes.map((node) => ({ ...node, isUsable: true })),
    });
    const server = new AuthenticatedServer({
      key: key.derive('control'),
      attemptId: environment.attemptId,
      targetId: HUB_ID,
      logger,
    });
    const fleet = new ExecutorFleet(
      {
        allocator,
        launch: new ExecutorLaunch({
          description,
          applicationId: environment.applicationId,
          attemptId: environment.attemptId,
          key,
          hub: () => hub,
          credentials: environment.credentials,
          resources,
          settings: source,
        }),
        nodes: this.#nodes,
        server,
        key,
        programHash: description.program.files[description.program.taskFile] ?? '',
        attemptId: environment.attemptId,
        settings: source,
        logger,
      },
      {
        joined: (executor) => this.#relay.send({ kind: 'joined', executor }),
        left: (executorId, end) => this.#relay.send({ kind: 'left', executorId, end }),
        received: (executorId, bytes) => this.#relay.pass(executorId, bytes),
        gaveUp: (reason) =>
          this.#end(this.#failure(masterExitCodes.executorFailures, reason, true)),
        note: (level, text) => this.#note(level, text),
        hurry: () => this.#wake?.(),
      },
    );
    const hub = await server.listen(environment.host);
    this.#fleet = fleet;
    this.#allocating = fleet;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const message of waiting) this.#message(message);
    this.#note(
      'info',
      `executors: ${instances} of ${size.slots} tasks each, containers of ${size.containerMiB} MiB (${Math.round(size.overheadBytes / 2 ** 20)} MiB of it overhead)`,
    );
  }

  /** Reads a part of a result for the driver, which says when it wants the next one. */
  async #readResult({
    requestId,
    executorId,
    resultId,
    fromByte,
    toByte,
  }: Extract<DriverRelayMessage, { kind: 'readResult' }>): Promise<void> {
    try {
      if (this.#fleet === undefined)
        throw new ResultGoneError(resultId, executorId, 'it was stopped');
      const bytes = await this.#fleet.readResult(executorId, resultId, fromByte, toByte);
      this.#relay.send({ kind: 'resultRange', requestId, bytes });
    } catch (error) {
      this.#relay.send({ kind: 'resultRange', requestId, reason: describeThrown(error) });
    }
  }

  /** The program has stopped its context, and goes on without. */
  async #stopExecutors(): Promise<void> {
    const fleet = this.#fleet;
    this.#fleet = undefined;
    // Ids of executors are never used twice.
    this.#nextExecutor += 1_000;
    await fleet?.stop();
    this.#relay.send({ kind: 'executorsStopped' });
  }

  #note(level: 'info' | 'warn', text: string): void {
    // In cluster mode the driver's log is the same file.
    if (this.#driver === undefined) this.#logger[level](text);
    this.#relay.send({ kind: 'note', level, text });
  }

  /** Calls the ResourceManager at its own pace, one call at a time, until the end. */
  async #beats(rm: ResourceManager): Promise<void> {
    let failures = 0;
    let waitingSinceMs = performance.now();
    let notedAtMs = performance.now();
    while (!this.#isEnding) {
      const fleet = this.#allocating;
      const request = fleet?.nextBeat(this.#progress) ?? {
        asks: [],
        releases: [],
        exclusions: [],
        readmissions: [],
        progress: this.#progress,
      };
      let answer: BeatAnswer;
      try {
        answer = await rm.beat(request);
        failures = 0;
      } catch (error) {
        if (this.#judgeBeatFailure(error, (failures += 1))) return;
        await delay(quietBeatMs);
        continue;
      }
      if (answer.kind === 'resynced') fleet?.resynced();
      else fleet?.answered(answer.response);
      const nowMs = performance.now();
      const isWaiting = this.#allocating?.isWaiting === true;
      if (!isWaiting) waitingSinceMs = nowMs;
      if (isWaiting && nowMs - Math.max(waitingSinceMs, notedAtMs) > waitNoteMs) {
        notedAtMs = nowMs;
        this.#noteWait();
      }
      const busyMs = nowMs - waitingSinceMs < busyForMs ? busyBeatMs : slowerBusyBeatMs;
      await this.#pause(isWaiting ? busyMs : quietBeatMs);
    }
  }

  /** @returns whether the application ends with it */
  #judgeBeatFailure(error: unknown, failures: number): boolean {
    if (this.#isEnding) return true;
    const text = describeThrown(error);
    if (error instanceof AttemptGoneError) {
      this.#end(this.#failure(masterExitCodes.heartbeat, text, false));
      return true;
    }
    if (error instanceof RemoteError && error.verdict === 'userMistake') {
      this.#end(this.#failure(masterExitCodes.heartbeat, error.remoteMessage, true));
      return true;
    }
    this.#logger.warn('the ResourceManager did not take a beat', { failures, error: text });
    if (failures < maxBeatFailures) return false;
    this.#end(this.#failure(masterExitCodes.heartbeat, text, false));
    return true;
  }

  #noteWait(): void {
    const summary = this.#fleet?.summary;
    if (summary === undefined || summary.outstanding === 0) return;
    const { containerMiB } = executorSize(this.#settings);
    this.#note(
      'warn',
      `still waiting for ${summary.outstanding} of ${summary.target} containers of ${containerMiB} MiB: the queue or the cluster has no room; ask for fewer or smaller executors (--num-executors, --executor-memory), or look at the queue in YARN's pages`,
    );
  }

  /** Until the time is over, or something happens that cannot wait for it. */
  async #pause(ms: number): Promise<void> {
    const woken = Promise.withResolvers<undefined>();
    this.#wake = () => woken.resolve(undefined);
    const timer = setTimeout(() => woken.resolve(undefined), ms);
    await woken.promise;
    clearTimeout(timer);
    this.#wake = undefined;
    // Several events of one moment make one call.
    if (ms > busyBeatMs) await delay(5);
  }

  #driverLost(reason: string): void {
    this.#end(this.#failure(masterExitCodes.driverLost, reason, true));
  }

  /** In cluster mode: the program's process is gone; what it said before that counts first. */
  #driverEnded(end: { readonly exitCode: number | null; readonly signal: string | null }): void {
    if (this.#isEnding) return;
    if (end.exitCode === 0) {
      this.#end({ status: 'succeeded', exitCode: 0, diagnostics: '', unregisters: true });
      return;
    }
    if (end.exitCode !== null) {
      const reason = `the driver ended with exit code ${end.exitCode}; its log (heddle logs ${this.#options.environment.applicationId}) says why`;
      this.#end(this.#failure(end.exitCode, reason, true));
      return;
    }
    // Killed from outside, most often for want of memory: another attempt may do.
    const reason = `the driver's process was ended by ${end.signal ?? 'an unknown signal'}: was its memory too small (--driver-memory)?`;
    this.#end(this.#failure(masterExitCodes.uncaught, reason, this.#isLastAttempt));
  }

  get #isLastAttempt(): boolean {
    return this.#options.environment.attempt >= this.#options.description.maxAttempts;
  }

  #failure(exitCode: number, diagnostics: string, unregisters: boolean): Ending {
    return { status: 'failed', exitCode, diagnostics, unregisters };
  }

  #end(ending: Ending): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearTimeout(this.#driverTimer);
    this.#wake?.();
    this.#ending.resolve(ending);
  }

  async #finish(ending: Ending): Promise<number> {
    this.#isEnding = true;
    clearTimeout(this.#driverTimer);
    const { status, exitCode, diagnostics, unregisters } = ending;
    this.#logger.info('ending', { status, exitCode, diagnostics });
    if (status !== 'succeeded') {
      this.#relay.send({ kind: 'failed', reason: diagnostics, exitCode });
    }
    const { conf, environment, description } = this.#options;
    // Another attempt would need the staged files; a killed application has none.
    const hasEnded =
      !unregisters &&
      (await applicationHasEnded(
        conf,
        environment.applicationId,
        description.user,
        killedPatienceMs,
      ));
    if (hasEnded) await this.#cleanUp();
    await this.#fleet?.stop();
    if (unregisters) {
      try {
        await this.#rm?.finish(status, diagnostics.slice(0, maxDiagnosticsLength));
      } catch (error) {
        this.#logger.warn('YARN could not be told of the end', { error: describeThrown(error) });
      }
    }
    if (unregisters || this.#isLastAttempt) await this.#cleanUp();
    this.#relay.send({ kind: 'finished' });
    await this.#relay.close();
    await this.#driver?.end();
    await this.#page.close();
    this.#nodes.close();
    this.#rm?.close();
    return exitCode;
  }

  async #cleanUp(): Promise<void> {
    try {
      await this.#options.cleanUp();
    } catch (error) {
      this.#logger.warn('staged files could not be removed', { error: describeThrown(error) });
    }
  }
}
