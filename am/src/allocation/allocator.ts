import type { Container, ContainerStatus } from '@heddle/hadoop-rpc';
import { formatContainerId } from '@heddle/hadoop-rpc';
import { assertNever } from '@heddle/common';
import { anyPriority, nearPriority, type AllocationSettings } from './allocation-settings.js';
import type { AllocatorEvent, AllocatorInstruction, ClusterNode } from './allocator-messages.js';
import { anyNode, AskTable, type AskLevel } from './ask-table.js';
import { explainContainerEnd, type EndIntent } from './container-end.js';
import { FailureWindow } from './failure-window.js';
import { HostHealth } from './host-health.js';
import { spreadOverHosts, type WeightedHost } from './spread-over-hosts.js';

interface OwnContainer {
  readonly container: Container;
  readonly executorId: string;
  readonly grantedAtMs: number;
  state: 'starting' | 'started' | 'registered' | 'stopping';
  intent: EndIntent;
}

/** What stands of the allocation, for reports. */
export interface AllocationSummary {
  readonly target: number;
  readonly registered: number;
  readonly starting: number;
  /** Asked for and not granted. */
  readonly outstanding: number;
}

/**
 * Decides what to ask YARN for, what to do with what it grants, and what the end of a container means.
 * Takes no part in the doing: events in, instructions out, no clock.
 *
 * Containers are asked for on the hosts that hold the data, at first there only: a small request that
 * may be met elsewhere loses its hosts almost at once. After a time of patience their racks will do,
 * then any node. Source: Spark 4.0 `YarnAllocator`, for everything but the order of these steps.
 */
export class Allocator {
  readonly #settings: AllocationSettings;
  readonly #asks = new AskTable();
  readonly #health: HostHealth;
  readonly #failures: FailureWindow;
  readonly #containers = new Map<string, OwnContainer>();
  readonly #byExecutor = new Map<string, string>();
  readonly #nodes = new Map<string, ClusterNode>();
  #releases: Container[] = [];
  /** Releases of the calls since the last restart of the ResourceManager that it has not confirmed. */
  readonly #unconfirmed = new Map<string, Container>();
  #target = 0;
  #hosts: readonly WeightedHost[] = [];
  /** Since when containers are asked for on hosts; `undefined` while none are. */
  #nearSinceMs: number | undefined;
  #nextNumber: number;
  #gaveUp = false;

  constructor(settings: AllocationSettings) {
    this.#settings = settings;
    this.#health = new HostHealth(settings.excludedNodes);
    this.#failures = new FailureWindow(settings.failureWindowMs);
    this.#nextNumber = settings.firstExecutorNumber;
  }

  handle(event: AllocatorEvent): AllocatorInstruction[] {
    switch (event.kind) {
      case 'wished':
        return this.#wished(event.target, event.hosts, event.nowMs);
      case 'nodesChanged':
        for (const node of event.nodes) this.#nodes.set(node.host, node);
        return [];
      case 'beat':
        return this.#beat(event.nowMs);
      case 'answered':
        return [
          ...event.allocated.flatMap((container) => this.#granted(container, event.nowMs)),
          ...event.completed.flatMap((status) => this.#completed(status, event.nowMs)),
        ];
      case 'resynced':
        return this.#resynced();
      case 'started': {
        const own = this.#containers.get(formatContainerId(event.container.id));
        // Forgotten while it was started, by a restart of the ResourceManager.
        if (own === undefined) return [{ kind: 'stop', container: event.container }];
        if (own.state === 'starting') own.state = 'started';
        return [];
      }
      case 'stopFailed':
        this.#releases.push(event.container);
        return [];
      case 'startFailed':
        return this.#startFailed(event.container, event.reason, event.counts, event.nowMs);
      case 'registered': {
        const own = this.#ofExecutor(event.executorId);
        if (own !== undefined && own.state !== 'stopping') own.state = 'registered';
        return [];
      }
      case 'endWanted': {
        const own = this.#ofExecutor(event.executorId);
        return own === undefined ? [] : this.#stop(own);
      }
      default:
        return assertNever(event);
    }
  }

  /** Whether something is awaited that the next answers may bring. */
  get isWaiting(): boolean {
    if (this.#asks.outstanding > 0 || this.#missing() > 0) return true;
    return [...this.#containers.values()].some(({ state }) => state !== 'registered');
  }

  get summary(): AllocationSummary {
    const states = [...this.#containers.values()].map(({ state }) => state);
    return {
      target: this.#target,
      registered: states.filter((state) => state === 'registered').length,
      starting: states.filter((state) => state === 'starting' || state === 'started').length,
      outstanding: this.#asks.outstanding,
    };
  }

  /** Containers that run or may run, to be stopped at the end. */
  get running(): readonly Container[] {
    return [...this.#containers.values()].map(({ container }) => container);
  }

  #wished(target: number, hosts: readonly WeightedHost[], nowMs: number): AllocatorInstruction[] {
    const isNewPlace =
      this.#hosts.length !== hosts.length ||
      hosts.some(({ host }, i) => this.#hosts[i]?.host !== host);
    this.#target = Math.max(0, Math.floor(target));
    this.#hosts = hosts;
    if (isNewPlace && this.#nearSinceMs !== undefined) this.#nearSinceMs = nowMs;
    return [];
  }

  #beat(nowMs: number): AllocatorInstruction[] {
    const instructions = this.#overdue(nowMs);
    const near = this.#nearWishes(nowMs);
    const nearTotal = [...near.values()].reduce((sum, count) => sum + count, 0);
    if (nearTotal === 0) this.#nearSinceMs = undefined;
    else this.#nearSinceMs ??= nowMs;
    const anywhere = this.#missing() - nearTotal;
    const asks = [
      ...this.#asks.changesTo(nearPriority, this.#nearLevels(near, nearTotal, nowMs)),
      ...this.#asks.changesTo(
        anyPriority,
        new Map([[anyNode, { containers: anywhere, relaxLocality: true }]]),
      ),
    ];
    const { additions, removals } = this.#health.changes(nowMs);
    const releases = this.#releases;
    this.#releases = [];
    for (const container of releases) {
      this.#unconfirmed.set(formatContainerId(container.id), container);
    }
    instructions.push({
      kind: 'allocate',
      asks,
      releases,
      exclusions: additions,
      readmissions: removals,
    });
    return instructions;
  }

  #missing(): number {
    const present = [...this.#containers.values()].filter(({ state }) => state !== 'stopping');
    return Math.max(0, this.#target - present.length);
  }

  #nearWishes(nowMs: number): ReadonlyMap<string, number> {
    if (!this.#settings.asksForHosts || this.#hosts.length === 0) return new Map();
    const usable = this.#hosts.filter(
      ({ host }) =>
        this.#nodes.get(host)?.isUsable === true && !this.#health.isExcluded(host, nowMs),
    );
    const present = new Map<string, number>();
    for (const { container, state } of this.#containers.values()) {
      if (state === 'stopping') continue;
      const { host } = container.nodeId;
      present.set(host, (present.get(host) ?? 0) + 1);
    }
    return spreadOverHosts(usable, this.#target, this.#missing(), present);
  }

  /** Hosts with their racks and `*`, which stay closed until patience is at its end. */
  #nearLevels(
    near: ReadonlyMap<string, number>,
    total: number,
    nowMs: number,
  ): Map<string, AskLevel> {
    const levels = new Map<string, AskLevel>();
    if (total === 0) return levels;
    const waitedMs = nowMs - (this.#nearSinceMs ?? nowMs);
    const patienceMs = this.#settings.localityPatienceMs;
    const racks = new Map<string, number>();
    for (const [host, containers] of near) {
      levels.set(host, { containers, relaxLocality: true });
      const rack = this.#nodes.get(host)!.rack;
      racks.set(rack, (racks.get(rack) ?? 0) + containers);
    }
    for (const [rack, containers] of racks) {
      levels.set(rack, { containers, relaxLocality: waitedMs >= patienceMs });
    }
    levels.set(anyNode, { containers: total, relaxLocality: waitedMs >= 1.5 * patienceMs });
    return levels;
  }

  #granted(container: Container, nowMs: number): AllocatorInstruction[] {
    const key = formatContainerId(container.id);
    if (this.#containers.has(key) || this.#unconfirmed.has(key)) return [];
    const { host } = container.nodeId;
    this.#asks.granted(container.priority, host, this.#nodes.get(host)?.rack);
    const isTooSmall = container.resource.memoryMiB < this.#settings.containerMemoryMiB;
    if (isTooSmall || this.#missing() === 0 || this.#gaveUp) {
      this.#releases.push(container);
      if (!isTooSmall) return [];
      const text = `${key} has ${container.resource.memoryMiB} MiB, less than the ${this.#settings.containerMemoryMiB} MiB that were asked for: given back`;
      return [{ kind: 'log', level: 'warn', text }];
    }
    if (container.priority === nearPriority) this.#nearSinceMs = nowMs;
    const executorId = String(this.#nextNumber++);
    this.#containers.set(key, {
      container,
      executorId,
      grantedAtMs: nowMs,
      state: 'starting',
      intent: 'none',
    });
    this.#byExecutor.set(executorId, key);
    return [{ kind: 'launch', container, executorId }];
  }

  #completed(status: ContainerStatus, nowMs: number): AllocatorInstruction[] {
    const key = formatContainerId(status.id);
    this.#unconfirmed.delete(key);
    const own = this.#containers.get(key);
    // Statuses come again after a restart of the ResourceManager.
    if (own === undefined) return [];
    this.#forget(key, own);
    const end = explainContainerEnd(status.exitStatus, status.diagnostics, own.intent);
    return [
      {
        kind: 'ended',
        executorId: own.executorId,
        host: own.container.nodeId.host,
        end,
        exitStatus: status.exitStatus,
        wasRegistered: own.state === 'registered' || own.state === 'stopping',
      },
      ...this.#judge(own, end.countsAsFailure, end.reason, nowMs),
    ];
  }

  #startFailed(
    key: string,
    reason: string,
    counts: boolean,
    nowMs: number,
  ): AllocatorInstruction[] {
    const own = this.#containers.get(key);
    if (own === undefined) return [];
    this.#forget(key, own);
    // Without this the resources stay taken until YARN's own patience ends.
    this.#releases.push(own.container);
    const { host } = own.container.nodeId;
    const text = `${key} on ${host} could not be started: ${reason}`;
    return [{ kind: 'log', level: 'warn', text }, ...this.#judge(own, counts, text, nowMs)];
  }

  #judge(
    own: OwnContainer,
    counts: boolean,
    reason: string,
    nowMs: number,
  ): AllocatorInstruction[] {
    if (!counts) return [];
    this.#failures.add(nowMs);
    this.#health.failed(own.container.nodeId.host, nowMs, this.#nodes.size);
    const failures = this.#failures.count(nowMs);
    if (failures < this.#settings.maxExecutorFailures || this.#gaveUp) return [];
    this.#gaveUp = true;
    return [{ kind: 'giveUp', failures, lastReason: reason }];
  }

  #overdue(nowMs: number): AllocatorInstruction[] {
    const late = [...this.#containers.values()].filter(
      ({ state, grantedAtMs }) =>
        (state === 'starting' || state === 'started') &&
        nowMs - grantedAtMs > this.#settings.startTimeoutMs,
    );
    return late.flatMap((own): AllocatorInstruction[] => {
      const text = `executor ${own.executorId} on ${own.container.nodeId.host} did not report within ${this.#settings.startTimeoutMs} ms of its container's grant`;
      return [
        { kind: 'log', level: 'warn', text },
        ...this.#stop(own),
        ...this.#judge(own, true, text, nowMs),
      ];
    });
  }

  #stop(own: OwnContainer): AllocatorInstruction[] {
    if (own.state === 'stopping') return [];
    own.state = 'stopping';
    own.intent = 'stopped';
    return [{ kind: 'stop', container: own.container }];
  }

  /** Containers that were not started are refused by their node now, and never reported as ended. */
  #resynced(): AllocatorInstruction[] {
    this.#asks.forget();
    this.#health.forget();
    for (const container of this.#unconfirmed.values()) this.#releases.push(container);
    this.#unconfirmed.clear();
    for (const [key, own] of this.#containers) {
      if (own.state === 'starting') this.#forget(key, own);
    }
    return [];
  }

  #ofExecutor(executorId: string): OwnContainer | undefined {
    const key = this.#byExecutor.get(executorId);
    return key === undefined ? undefined : this.#containers.get(key);
  }

  #forget(key: string, own: OwnContainer): void {
    this.#containers.delete(key);
    this.#byExecutor.delete(own.executorId);
  }
}
