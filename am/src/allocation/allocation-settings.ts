/** What the allocator must know of the application; sizes in MiB, times in milliseconds. */
export interface AllocationSettings {
  /** Size of one executor's container as asked; YARN may grant more. */
  readonly containerMemoryMiB: number;
  /** Whether containers are asked for on the hosts that hold the data. False only to compare. */
  readonly asksForHosts: boolean;
  /** How long a container is asked for on its hosts alone, before racks and then any node will do. */
  readonly localityPatienceMs: number;
  /** Executors that may fail within the window before the application is given up. */
  readonly maxExecutorFailures: number;
  /** Failures older than this are forgotten; `undefined` counts all. */
  readonly failureWindowMs: number | undefined;
  /** How long a started container has to report as an executor before it is replaced. */
  readonly startTimeoutMs: number;
  /** Executors started by this attempt are numbered from here, so that no id is used twice. */
  readonly firstExecutorNumber: number;
  /** Nodes never to be used. */
  readonly excludedNodes: readonly string[];
}

/** Priority of containers that are wanted on hosts with data. Priority 0 is the AM's own. */
export const nearPriority = 1;
/** Priority of containers that may be anywhere. */
export const anyPriority = 2;
