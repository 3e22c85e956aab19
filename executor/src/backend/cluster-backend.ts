import { assertNever, InternalError, type HeddleError, type Logger } from '@heddle/common';
import type { BackendEvents, ExecutorWish, SchedulerBackend } from '@heddle/scheduler';
import type { StageBinary, StoredResult, TaskDescription } from 'heddle/internal';
import type { DriverMessage, ExecutorMessage, PeerInfo } from '../control/index.js';
import { unpackUpdates } from '../control/task-updates.js';
import { fetchResult } from '../results/fetch-result.js';
import { packTasks } from '../thread/packed-runs.js';
import type { ExecutorEnd, ExecutorLinks, JoinedExecutor } from './executor-links.js';

/** How long executors have to confirm a removal. */
const REMOVAL_TIMEOUT_MS = 30_000;
/** Anything that a timer can be set to. */
const LONG_MS = 2 ** 30;
/** Executors that are gone whose addresses the others are told: their outputs may still be served. */
const MAX_GONE_PEERS = 1_000;

/** An executor as the backend keeps it. */
interface Member {
  /** Stage attempts whose code was sent there. */
  readonly stages: Set<string>;
  /** Removals that it has not confirmed. */
  readonly pending: Map<number, () => void>;
}

/**
 * The backend of every mode whose executors are processes of their own: sends each executor the code
 * of a stage once, with its first task there, and small messages for its tasks. What it knows of an
 * executor ends with `left`; nothing that comes later is heard.
 *
 * Source: Spark 4.0 `CoarseGrainedSchedulerBackend`.
 */
export class ClusterBackend implements SchedulerBackend {
  readonly #links: ExecutorLinks;
  readonly #logger: Logger;
  readonly #members = new Map<string, Member>();
  readonly #peers = new Map<string, PeerInfo>();
  /** One message object for each stage, so that it is encoded once. */
  readonly #stages = new Map<string, Extract<DriverMessage, { kind: 'registerStage' }>>();
  #events: BackendEvents | undefined;
  #logLevel: string | undefined;
  #nextRequest = 0;
  #aliveTimer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(links: ExecutorLinks, logger: Logger) {
    this.#links = links;
    this.#logger = logger;
  }

  async start(events: BackendEvents): Promise<void> {
    if (this.#events !== undefined) throw new InternalError('a backend was started twice');
    this.#events = events;
    await this.#links.start({
      joined: (executor) => this.#joined(executor),
      received: (executorId, message) => this.#received(executorId, message),
      left: (executorId, end) => this.#left(executorId, end),
      failed: (error) => this.#failed(error),
    });
  }

  registerStage(stage: StageBinary): void {
    const key = stageKey(stage.stageId, stage.stageAttempt);
    this.#stages.set(key, { kind: 'registerStage', stage });
    this.#keepAlive();
    for (const { stages } of this.#members.values()) stages.delete(key);
  }

  unregisterStage(stageId: number, stageAttempt: number): void {
    const key = stageKey(stageId, stageAttempt);
    this.#stages.delete(key);
    this.#keepAlive();
    const message: DriverMessage = { kind: 'unregisterStage', stageId, stageAttempt };
    for (const [executorId, { stages }] of this.#members) {
      if (stages.delete(key)) this.#links.send(executorId, message);
    }
  }

  launch(executorId: string, task: TaskDescription): void {
    const member = this.#members.get(executorId);
    // It has left in this very turn of the loop: the scheduler hears of it next.
    if (member === undefined) return;
    const key = stageKey(task.stageId, task.stageAttempt);
    if (!member.stages.has(key)) {
      const stage = this.#stages.get(key);
      if (stage === undefined) throw new InternalError(`stage ${key} was not registered`);
      this.#links.send(executorId, stage);
      member.stages.add(key);
    }
    const { followers, ...first } = task;
    this.#links.send(executorId, {
      kind: 'launch',
      task: first,
      ...(followers !== undefined && { followers: packTasks(followers) }),
    });
  }

  kill(executorId: string, taskAttemptId: number, reason: string): void {
    this.#links.send(executorId, { kind: 'kill', taskAttemptId, reason });
  }

  recall(executorId: string, taskAttemptId: number): void {
    this.#links.send(executorId, { kind: 'recall', taskAttemptId });
  }

  async fetchResult(executorId: string, result: StoredResult): Promise<Uint8Array> {
    try {
      return await fetchResult(result, (fromByte, toByte) =>
        this.#links.readResult(executorId, result.resultId, fromByte, toByte),
      );
    } finally {
      this.dropResult(executorId, result);
    }
  }

  dropResult(executorId: string, { resultId }: StoredResult): void {
    this.#links.send(executorId, { kind: 'dropResult', resultId });
  }

  async removeRdd(rddId: number): Promise<void> {
    await this.#onAll((requestId) => ({ kind: 'removeRdd', requestId, rddId }));
  }

  async removeShuffle(shuffleId: number): Promise<void> {
    await this.#onAll((requestId) => ({ kind: 'removeShuffle', requestId, shuffleId }));
  }

  addBroadcast(broadcastId: number, bytes: SharedArrayBuffer): void {
    this.#links.addBroadcast(broadcastId, bytes);
  }

  async removeBroadcast(broadcastId: number): Promise<void> {
    this.#links.removeBroadcast(broadcastId);
    await this.#onAll((requestId) => ({ kind: 'removeBroadcast', requestId, id: broadcastId }));
  }

  setLogLevel(level: string): void {
    this.#logLevel = level;
    for (const executorId of this.#members.keys()) {
      this.#links.send(executorId, { kind: 'setLogLevel', level });
    }
  }

  wish(wish: ExecutorWish): void {
    this.#links.wish(wish);
  }

  drain(executorId: string): void {
    const servesOutputs = this.#peers.get(executorId)?.shuffleService === undefined;
    this.#links.send(executorId, { kind: 'drain', servesOutputs });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#aliveTimer);
    await this.#links.stop();
    for (const { pending } of this.#members.values()) {
      for (const settle of pending.values()) settle();
    }
    this.#members.clear();
  }

  /** While stages run the process stays, whatever its executors do meanwhile; else it may end. */
  #keepAlive(): void {
    if (this.#stages.size === 0 || this.#isStopping) {
      clearInterval(this.#aliveTimer);
      this.#aliveTimer = undefined;
    } else {
      this.#aliveTimer ??= setInterval(() => undefined, LONG_MS);
    }
  }

  #joined(executor: JoinedExecutor): void {
    const { executorId, host, slots, address, shuffleService } = executor;
    this.#members.set(executorId, { stages: new Set(), pending: new Map() });
    this.#peers.set(executorId, {
      executorId,
      host: address.host,
      port: address.port,
      alive: true,
      ...(shuffleService === undefined ? {} : { shuffleService }),
    });
    this.#links.setPeers([...this.#peers.values()]);
    if (this.#logLevel !== undefined) {
      this.#links.send(executorId, { kind: 'setLogLevel', level: this.#logLevel });
    }
    const outputsAreServed = shuffleService !== undefined;
    this.#events?.executorAdded({ executorId, host, slots, outputsAreServed });
  }

  #received(executorId: string, message: ExecutorMessage): void {
    const member = this.#members.get(executorId);
    if (member === undefined) return;
    switch (message.kind) {
      case 'taskUpdates':
        // Its connection says who it is.
        for (const update of unpackUpdates(message, executorId)) this.#events?.taskUpdate(update);
        return;
      case 'mayCommit': {
        const { requestId, saveId, generation, partition, taskAttemptId } = message;
        const may =
          this.#events?.mayCommit({ saveId, generation, partition, taskAttemptId }) ?? false;
        this.#links.send(executorId, { kind: 'commitAnswer', requestId, may });
        return;
      }
      case 'blocksChanged':
        this.#events?.blocksChanged(executorId, message.statuses);
        return;
      case 'done':
        member.pending.get(message.requestId)?.();
        return;
      case 'draining':
        this.#logger.info('an executor drains', { executorId, reason: message.reason });
        this.#events?.executorDraining(executorId);
        return;
      case 'heartbeat':
      case 'register':
      case 'goodbye':
        // Of the links' own business.
        return;
      default:
        assertNever(message, 'executor message');
    }
  }

  #left(executorId: string, end: ExecutorEnd): void {
    const member = this.#members.get(executorId);
    if (member === undefined) return;
    this.#members.delete(executorId);
    for (const settle of member.pending.values()) settle();
    const peer = this.#peers.get(executorId);
    if (peer !== undefined) {
      // Behind those that are alive, so that the oldest of the gone are forgotten first.
      this.#peers.delete(executorId);
      if (end.mapOutputs === 'served') this.#peers.set(executorId, { ...peer, alive: false });
      this.#forgetPeers();
      if (!this.#isStopping) this.#links.setPeers([...this.#peers.values()]);
    }
    const { reason, countsAsFailure, hostLost, mapOutputs } = end;
    this.#events?.executorRemoved({ executorId, reason, countsAsFailure, hostLost, mapOutputs });
  }

  #forgetPeers(): void {
    const gone = [...this.#peers.values()].filter(({ alive }) => !alive);
    for (const { executorId } of gone.slice(0, -MAX_GONE_PEERS)) this.#peers.delete(executorId);
  }

  #failed(error: HeddleError): void {
    this.#events?.backendFailed(error);
  }

  /** Sends a removal to every executor; resolves when all have confirmed it, or left, or time is up. */
  async #onAll(make: (requestId: number) => DriverMessage): Promise<void> {
    const requestId = this.#nextRequest++;
    const message = make(requestId);
    const confirmed = [...this.#members].map(([executorId, { pending }]) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      pending.set(requestId, () => {
        pending.delete(requestId);
        resolve(undefined);
      });
      this.#links.send(executorId, message);
      return promise;
    });
    if (confirmed.length === 0) return;
    const timedOut = Promise.withResolvers<string>();
    const timer = setTimeout(() => timedOut.resolve('late'), REMOVAL_TIMEOUT_MS);
    if ((await Promise.race([Promise.all(confirmed), timedOut.promise])) === 'late') {
      this.#logger.warn('executors have not confirmed a removal', {
        kind: message.kind,
        afterMs: REMOVAL_TIMEOUT_MS,
      });
    }
    clearTimeout(timer);
  }
}

function stageKey(stageId: number, stageAttempt: number): string {
  return `${stageId}.${stageAttempt}`;
}
