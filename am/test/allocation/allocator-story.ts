import type { Container, ContainerStatus } from '@heddle/hadoop-rpc';
import {
  Allocator,
  type AllocationSettings,
  type AllocatorInstruction,
  type WeightedHost,
} from '@heddle/am';

const applicationId = { clusterTimestamp: 1_700_000_000_000, id: 7 };
const attemptId = { applicationId, attempt: 1 };

export const settings: AllocationSettings = {
  containerMemoryMiB: 1_024,
  asksForHosts: true,
  localityPatienceMs: 3_000,
  maxExecutorFailures: 3,
  failureWindowMs: undefined,
  startTimeoutMs: 60_000,
  firstExecutorNumber: 1,
  excludedNodes: [],
};

/** An allocator with a clock, told things in a few words. */
export class AllocatorStory {
  readonly allocator: Allocator;
  nowMs = 0;
  readonly done: AllocatorInstruction[] = [];
  #next = 1n;

  constructor(changes: Partial<AllocationSettings> = {}) {
    this.allocator = new Allocator({ ...settings, ...changes });
    this.tell({
      kind: 'nodesChanged',
      nodes: [
        { host: 'a', rack: '/r1', isUsable: true },
        { host: 'b', rack: '/r1', isUsable: true },
        { host: 'c', rack: '/r2', isUsable: true },
      ],
    });
  }

  tell(event: Parameters<Allocator['handle']>[0]): AllocatorInstruction[] {
    const instructions = this.allocator.handle(event);
    this.done.push(...instructions);
    return instructions;
  }

  wish(target: number, hosts: readonly WeightedHost[] = []): void {
    this.tell({ kind: 'wished', target, hosts, nowMs: this.nowMs });
  }

  /** One allocate call. @returns its lines as `priority name count flag` */
  beat(): {
    readonly asks: string[];
    readonly releases: bigint[];
    readonly rest: AllocatorInstruction[];
  } {
    const instructions = this.tell({ kind: 'beat', nowMs: this.nowMs });
    const call = instructions.find((one) => one.kind === 'allocate');
    if (call === undefined) throw new Error('a beat makes a call');
    return {
      asks: call.asks.map(
        ({ priority, resourceName, containers, relaxLocality }) =>
          `${priority} ${resourceName} ${containers} ${relaxLocality ? 'relaxed' : 'hard'}`,
      ),
      releases: call.releases.map(({ id }) => id.id),
      rest: instructions.filter((one) => one !== call),
    };
  }

  container(host: string, priority = 2, memoryMiB = 1_024): Container {
    return {
      id: { attemptId, id: this.#next++ },
      nodeId: { host, port: 45_454 },
      nodeHttpAddress: `${host}:8042`,
      resource: { memoryMiB, virtualCores: 1, others: new Map() },
      priority,
      token: undefined,
      allocationRequestId: -1n,
    };
  }

  grant(...allocated: Container[]): AllocatorInstruction[] {
    return this.tell({ kind: 'answered', allocated, completed: [], nowMs: this.nowMs });
  }

  complete(container: Container, exitStatus: number, diagnostics = ''): AllocatorInstruction[] {
    const status: ContainerStatus = {
      id: container.id,
      state: 'complete',
      diagnostics,
      exitStatus,
    };
    return this.tell({ kind: 'answered', allocated: [], completed: [status], nowMs: this.nowMs });
  }

  /** Grants a container and brings its executor up. @returns the executor's id */
  run(container: Container): string {
    const launch = this.grant(container).find((one) => one.kind === 'launch');
    if (launch === undefined) throw new Error('nothing was launched');
    this.tell({ kind: 'started', container });
    this.tell({ kind: 'registered', executorId: launch.executorId });
    return launch.executorId;
  }
}
