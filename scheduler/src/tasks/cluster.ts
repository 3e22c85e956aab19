import type { ExecutorInfo } from '../backend/scheduler-backend.js';
import type { ClusterView } from './pending-tasks.js';

/** An executor as the task scheduler keeps it. */
export interface ExecutorState {
  readonly executorId: string;
  readonly host: string;
  readonly slots: number;
  freeSlots: number;
  /** Task attempts that run there. */
  readonly running: Set<number>;
  /** It is about to leave and gets no more tasks; its free slots do not count. */
  isDraining: boolean;
  /** Whether its map outputs can be read when it is gone, as far as is known. */
  readonly outputsAreServed: boolean | undefined;
}

/**
 * The executors and their free slots. Pure state.
 *
 * `free` lists executors with free slots, the one that was used last at the end, so that small jobs
 * spread over all of them.
 */
export class Cluster implements ClusterView {
  readonly #executors = new Map<string, ExecutorState>();
  readonly #perHost = new Map<string, number>();
  readonly #perRack = new Map<string, number>();
  /** Hosts on which executors are about to come. */
  #awaited: ReadonlySet<string> = new Set();
  readonly #free = new Set<ExecutorState>();
  readonly #rackOf: (host: string) => string | undefined;
  #freeSlots = 0;
  #slots = 0;

  constructor(rackOf: (host: string) => string | undefined) {
    this.#rackOf = rackOf;
  }

  get freeSlots(): number {
    return this.#freeSlots;
  }

  get free(): ReadonlySet<ExecutorState> {
    return this.#free;
  }

  get size(): number {
    return this.#executors.size;
  }

  get executors(): Iterable<ExecutorState> {
    return this.#executors.values();
  }

  executor(executorId: string): ExecutorState | undefined {
    return this.#executors.get(executorId);
  }

  add(info: ExecutorInfo): ExecutorState {
    const executor: ExecutorState = {
      executorId: info.executorId,
      host: info.host,
      slots: info.slots,
      freeSlots: info.slots,
      running: new Set(),
      isDraining: false,
      outputsAreServed: info.outputsAreServed,
    };
    this.#executors.set(info.executorId, executor);
    adjust(this.#perHost, info.host, 1);
    adjust(this.#perRack, this.#rackOf(info.host), 1);
    this.#freeSlots += info.slots;
    this.#slots += info.slots;
    if (info.slots > 0) this.#free.add(executor);
    return executor;
  }

  remove(executor: ExecutorState): void {
    this.#executors.delete(executor.executorId);
    adjust(this.#perHost, executor.host, -1);
    adjust(this.#perRack, this.#rackOf(executor.host), -1);
    this.#free.delete(executor);
    this.#freeSlots -= executor.freeSlots;
    if (!executor.isDraining) this.#slots -= executor.slots;
    executor.freeSlots = 0;
  }

  /** Slots of executors that are to stay. */
  get slots(): number {
    return this.#slots;
  }

  /** The executor gets no more tasks. */
  drain(executor: ExecutorState): void {
    if (executor.isDraining) return;
    executor.isDraining = true;
    this.#free.delete(executor);
    this.#freeSlots -= executor.freeSlots;
    this.#slots -= executor.slots;
    executor.freeSlots = 0;
  }

  /** Tasks run there from now on, one after another in one slot. */
  slotTaken(executor: ExecutorState, taskAttemptIds: readonly number[]): void {
    for (const taskAttemptId of taskAttemptIds) executor.running.add(taskAttemptId);
    executor.freeSlots--;
    this.#freeSlots--;
    this.#free.delete(executor);
    if (executor.freeSlots > 0) this.#free.add(executor);
  }

  /** The last task of a slot has ended. */
  slotFreed(executor: ExecutorState): void {
    // An executor that is gone, or about to go, has no slots to give back.
    if (this.#executors.get(executor.executorId) !== executor || executor.isDraining) return;
    executor.freeSlots++;
    this.#freeSlots++;
    this.#free.add(executor);
  }

  hasExecutor(executorId: string): boolean {
    return this.#executors.has(executorId);
  }

  get hasSeveralHosts(): boolean {
    return this.#perHost.size > 1;
  }

  /** Whether an executor is there, or about to come. */
  hasHost(host: string): boolean {
    return this.#perHost.has(host) || this.#awaited.has(host);
  }

  /** Executors are about to come on these hosts, and on no others. */
  awaitHosts(hosts: ReadonlySet<string>): void {
    this.#awaited = hosts;
  }

  hasRack(rack: string): boolean {
    return this.#perRack.has(rack);
  }

  rackOf(host: string): string | undefined {
    return this.#rackOf(host);
  }
}

function adjust(counts: Map<string, number>, key: string | undefined, by: number): void {
  if (key === undefined) return;
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
