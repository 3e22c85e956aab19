import { setTimeout as delay } from 'node:timers/promises';
import { assertNever, readSetting, settings, type Logger } from '@heddle/common';
import {
  AuthenticatedClient,
  type AuthenticatedServer,
  BroadcastHub,
  ControlHub,
  HUB_ID,
  ResultGoneError,
  controlTimes,
  encodeDriverMessage,
  maxMessageBytes,
  readResultRange,
  type AttemptKey,
  type ExecutorEnd,
  type JoinedExecutor,
  type PeerInfo,
  type RegisteredExecutor,
  type SessionEnd,
} from '@heddle/executor';
import { formatContainerId, type AllocateResponse, type Container } from '@heddle/hadoop-rpc';
import type { AllocatorEvent, AllocatorInstruction } from '../allocation/allocator-messages.js';
import type { AllocationSummary, Allocator } from '../allocation/allocator.js';
import type { NodeManagers } from '../cluster/node-managers.js';
import type { BeatRequest } from '../cluster/resource-manager.js';
import type { ExecutorLaunch } from '../executor/executor-launch.js';

export interface FleetOptions {
  readonly allocator: Allocator;
  readonly launch: ExecutorLaunch;
  readonly nodes: NodeManagers;
  readonly server: AuthenticatedServer;
  readonly key: AttemptKey;
  readonly attemptId: string;
  /** SHA-256 of the tasks' copy of the program. */
  readonly programHash: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly logger: Logger;
}

/** What a fleet tells its owner. Must not throw. */
export interface FleetEvents {
  joined(executor: JoinedExecutor): void;
  left(executorId: string, end: ExecutorEnd): void;
  /** A message of an executor, as its bytes; valid during the call. */
  received(executorId: string, bytes: Uint8Array): void;
  /** The application cannot go on. */
  gaveUp(reason: string): void;
  /** A line for the user. */
  note(level: 'info' | 'warn', text: string): void;
  /** Something changed that the next beat should tell soon. */
  hurry(): void;
}

interface Executor {
  readonly container: Container;
  shufflePort: number | undefined;
  /** Where its own server listens; undefined before it has joined. */
  port: number | undefined;
  hasJoined: boolean;
  hasLeft: boolean;
  /** Why the driver ends it. */
  endReason: string | undefined;
  /** What the hub said, while YARN's word is awaited. */
  sessionEnd: SessionEnd | undefined;
}

/** A broken connection says nothing about its cause; YARN mostly knows it this soon. */
const explanationWaitMs = 2_000;
/** How long executors have to leave by themselves when they are told to. */
const leaveTimeoutMs = 2_000;
/** A container whose connection broke may be on a node that is only slow. */
const reconnectGraceMs = 2_000;

/**
 * The executors of an attempt: carries out what the allocator decides, and joins what YARN says of
 * their containers with what the control hub says of their processes.
 */
export class ExecutorFleet {
  readonly #options: FleetOptions;
  readonly #events: FleetEvents;
  readonly #hub: ControlHub;
  /** Asks the executors' own servers. */
  readonly #client: AuthenticatedClient;
  readonly #broadcasts: BroadcastHub;
  readonly #executors = new Map<string, Executor>();
  /** Whether the nodes' own shuffle service is told our secret. */
  readonly #announcesShuffle: boolean;
  /** Hosts whose NodeManagers have no such service. */
  readonly #hostsWithoutService = new Set<string>();
  #isStopping = false;

  constructor(options: FleetOptions, events: FleetEvents) {
    this.#options = options;
    this.#events = events;
    const { settings: source, logger, key, attemptId } = options;
    this.#announcesShuffle = readSetting(source, settings.shuffleServiceEnabled);
    this.#client = new AuthenticatedClient({
      key: key.derive('data'),
      attemptId,
      callerId: HUB_ID,
    });
    this.#hub = new ControlHub(
      {
        key: options.key,
        programHash: options.programHash,
        expiryMs: controlTimes(source).expiryMs,
        reconnectGraceMs,
        maxMessageBytes: maxMessageBytes(source),
        logger,
      },
      {
        registered: (executor) => this.#registered(executor),
        received: (executorId, _message, bytes) => events.received(executorId, bytes),
        ended: (executorId, end) => this.#sessionEnded(executorId, end),
      },
    );
    this.#hub.attach(options.server);
    this.#broadcasts = new BroadcastHub({
      chunkBytes: readSetting(source, settings.broadcastBlockSize),
      isAlive: (executorId) => {
        const executor = this.#executors.get(executorId);
        return executor?.hasJoined === true && !executor.hasLeft;
      },
    });
    this.#broadcasts.install(options.server);
  }

  get summary(): AllocationSummary {
    return this.#options.allocator.summary;
  }

  /** Whether the next answers of the ResourceManager may bring something. */
  get isWaiting(): boolean {
    return this.#options.allocator.isWaiting;
  }

  wish(target: number, hosts: readonly { readonly host: string; readonly weight: number }[]): void {
    this.#handle({ kind: 'wished', target, hosts, nowMs: performance.now() });
    this.#events.hurry();
  }

  /** What the next allocate call shall say. */
  nextBeat(progress: number): BeatRequest {
    let request: BeatRequest | undefined;
    const beat: AllocatorEvent = { kind: 'beat', nowMs: performance.now() };
    for (const instruction of this.#options.allocator.handle(beat)) {
      if (instruction.kind === 'allocate') request = { ...instruction, progress };
      else this.#do(instruction);
    }
    for (const { resourceName, containers } of request?.asks ?? []) {
      this.#options.logger.info('containers are asked for', { where: resourceName, containers });
    }
    return request ?? { asks: [], releases: [], exclusions: [], readmissions: [], progress };
  }

  answered(response: AllocateResponse): void {
    this.#options.nodes.addTokens(response.nodeTokens);
    if (response.updatedNodes.length > 0) {
      this.#handle({
        kind: 'nodesChanged',
        nodes: response.updatedNodes.map(({ nodeId, rack, state }) => ({
          host: nodeId.host,
          rack,
          isUsable: state === 'running' || state === 'new',
        })),
      });
    }
    const { allocated, completed } = response;
    this.#handle({ kind: 'answered', allocated, completed, nowMs: performance.now() });
  }

  resynced(): void {
    this.#handle({ kind: 'resynced' });
  }

  send(executorId: string, bytes: Uint8Array): void {
    this.#hub.sendEncoded(executorId, bytes);
  }

  /** Ends an executor by the driver's wish: it is told, and stopped when it does not go. */
  end(executorId: string, reason: string): void {
    const executor = this.#executors.get(executorId);
    if (executor === undefined || executor.hasLeft) return;
    executor.endReason = reason;
    this.#hub.send(executorId, { kind: 'stop' });
    setTimeout(() => this.#handle({ kind: 'endWanted', executorId }), leaveTimeoutMs).unref();
  }

  /** Reads bytes of a result that an executor keeps, the end not included. */
  async readResult(
    executorId: string,
    resultId: string,
    fromByte: number,
    toByte: number,
  ): Promise<Uint8Array> {
    const executor = this.#executors.get(executorId);
    if (executor?.port === undefined || executor.hasLeft) {
      throw new ResultGoneError(resultId, executorId, 'it has ended');
    }
    const { host } = executor.container.nodeId;
    const peer = { id: executorId, host, port: executor.port };
    return readResultRange(this.#client, peer, resultId, fromByte, toByte);
  }

  setPeers(executors: readonly PeerInfo[]): void {
    const bytes = encodeDriverMessage({ kind: 'peers', executors });
    for (const [executorId, { hasJoined, hasLeft }] of this.#executors) {
      if (hasJoined && !hasLeft) this.#hub.sendEncoded(executorId, bytes);
    }
  }

  addBroadcast(id: number, bytes: Uint8Array): void {
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    this.#broadcasts.add(id, shared);
  }

  removeBroadcast(id: number): void {
    this.#broadcasts.remove(id);
  }

  /** Ends all executors, and their containers when they do not go; bounded. */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.wish(0, []);
    for (const [executorId, { hasLeft }] of this.#executors) {
      if (!hasLeft) this.#hub.send(executorId, { kind: 'stop' });
    }
    const deadlineMs = performance.now() + leaveTimeoutMs;
    const isHere = (): boolean =>
      [...this.#executors.values()].some(({ hasJoined, hasLeft }) => hasJoined && !hasLeft);
    while (isHere() && performance.now() < deadlineMs) await delay(10);
    const stops = this.#options.allocator.running.map((container) =>
      this.#options.nodes.stop(container),
    );
    await Promise.race([Promise.all(stops), delay(leaveTimeoutMs, undefined, { ref: false })]);
    this.#hub.close();
    this.#client.close();
    await this.#options.server.close();
  }

  #handle(event: AllocatorEvent): void {
    for (const instruction of this.#options.allocator.handle(event)) this.#do(instruction);
  }

  #do(instruction: AllocatorInstruction): void {
    switch (instruction.kind) {
      case 'allocate':
        return;
      case 'launch':
        void this.#launch(instruction.container, instruction.executorId);
        return;
      case 'stop':
        void this.#stopContainer(instruction.container);
        return;
      case 'ended':
        this.#containerEnded(instruction);
        return;
      case 'giveUp':
        this.#events.gaveUp(
          `${instruction.failures} executors failed (heddle.executor.maxNumFailures); the last one: ${instruction.lastReason}`,
        );
        return;
      case 'log':
        this.#events.note(instruction.level, instruction.text);
        return;
      default:
        assertNever(instruction, 'instruction of the allocator');
    }
  }

  async #launch(container: Container, executorId: string): Promise<void> {
    const { host } = container.nodeId;
    const executor: Executor = {
      container,
      shufflePort: undefined,
      port: undefined,
      hasJoined: false,
      hasLeft: false,
      endReason: undefined,
      sessionEnd: undefined,
    };
    this.#executors.set(executorId, executor);
    this.#options.logger.info('a container is launched', { executorId, host });
    this.#hub.expect(executorId, { host });
    let announces = this.#announcesShuffle && !this.#hostsWithoutService.has(host);
    let outcome = await this.#start(container, executorId, announces);
    if (outcome.kind === 'noShuffleService') {
      announces = false;
      this.#noteNoService(host);
      outcome = await this.#start(container, executorId, announces);
    }
    if (outcome.kind === 'started') {
      // Every node names its service's port, also to containers that do not use it.
      if (announces) executor.shufflePort = outcome.shufflePort;
      this.#handle({ kind: 'started', container });
    } else {
      this.#executors.delete(executorId);
      this.#hub.remove(executorId, 'its container could not be started');
      this.#handle({
        kind: 'startFailed',
        container: formatContainerId(container.id),
        reason: outcome.kind === 'failed' ? outcome.reason : 'no shuffle service',
        counts: outcome.kind === 'failed' && outcome.counts,
        nowMs: performance.now(),
      });
    }
    this.#events.hurry();
  }

  #start(
    container: Container,
    executorId: string,
    announcesShuffle: boolean,
  ): ReturnType<NodeManagers['start']> {
    const context = this.#options.launch.context(container, executorId, announcesShuffle);
    return this.#options.nodes.start(container, context);
  }

  #noteNoService(host: string): void {
    if (this.#hostsWithoutService.has(host)) return;
    this.#hostsWithoutService.add(host);
    this.#events.note(
      'warn',
      `the NodeManager on ${host} has no mapreduce_shuffle service (yarn.nodemanager.aux-services): map outputs there will not outlive their executors`,
    );
  }

  async #stopContainer(container: Container): Promise<void> {
    if (await this.#options.nodes.stop(container)) return;
    this.#handle({ kind: 'stopFailed', container });
    this.#events.hurry();
  }

  #registered({ executorId, slots, pid, port }: RegisteredExecutor): void {
    const executor = this.#executors.get(executorId);
    if (executor === undefined || executor.hasLeft) return;
    executor.hasJoined = true;
    executor.port = port;
    const { host } = executor.container.nodeId;
    const { shufflePort } = executor;
    this.#options.logger.info('an executor has registered', { executorId, host });
    this.#handle({ kind: 'registered', executorId });
    this.#events.joined({
      executorId,
      host,
      slots,
      pid,
      // The node's name comes from YARN; what an executor says of its own address is not believed.
      address: { host, port },
      ...(shufflePort === undefined ? {} : { shuffleService: { host, port: shufflePort } }),
    });
  }

  /** The hub is done with an executor; YARN will say what became of its container. */
  #sessionEnded(executorId: string, end: SessionEnd): void {
    const executor = this.#executors.get(executorId);
    if (executor === undefined || executor.hasLeft) return;
    executor.sessionEnd = end;
    if (end.kind === 'goodbye') {
      this.#leave(executorId, executor, {
        reason: executor.endReason ?? end.reason,
        exitCode: end.exitCode,
        countsAsFailure: false,
        hostLost: false,
      });
      return;
    }
    this.#events.hurry();
    const countsAsFailure = executor.endReason === undefined && !this.#isStopping;
    const left = { reason: end.reason, countsAsFailure, hostLost: false };
    const waitMs = end.kind === 'disconnected' ? explanationWaitMs : 0;
    setTimeout(() => {
      this.#leave(executorId, executor, left);
      // Whatever it does now, it does not belong to the application any more.
      this.#handle({ kind: 'endWanted', executorId });
    }, waitMs).unref();
  }

  #containerEnded(ended: Extract<AllocatorInstruction, { kind: 'ended' }>): void {
    const { executorId, end, exitStatus, host, wasRegistered } = ended;
    const executor = this.#executors.get(executorId);
    if (end.countsAsFailure) {
      this.#events.note('warn', `executor ${executorId} on ${host} ended: ${end.reason}`);
    }
    if (executor === undefined) return;
    this.#executors.delete(executorId);
    this.#hub.remove(executorId, 'its container has ended');
    if (!wasRegistered && !executor.hasJoined) return;
    this.#leave(executorId, executor, {
      reason: executor.endReason ?? end.reason,
      exitCode: exitStatus,
      countsAsFailure: end.countsAsFailure && executor.endReason === undefined && !this.#isStopping,
      hostLost: end.hostLost,
    });
  }

  #leave(executorId: string, executor: Executor, end: Omit<ExecutorEnd, 'mapOutputs'>): void {
    if (executor.hasLeft) return;
    executor.hasLeft = true;
    this.#broadcasts.executorLost(executorId);
    if (!executor.hasJoined) return;
    const isServed = executor.shufflePort !== undefined && !end.hostLost;
    this.#events.left(executorId, { ...end, mapOutputs: isServed ? 'served' : 'lost' });
  }
}
