/** An application as the ResourceManager's REST interface reports it (`AppInfo`, Hadoop 3.4.3). */
export interface ApplicationReport {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly queue: string;
  readonly type: string;
  readonly state: ApplicationState;
  readonly finalStatus: string;
  /** 0 … 100. */
  readonly progress: number;
  readonly trackingUrl: string | undefined;
  readonly diagnostics: string;
  readonly startedTime: number;
  readonly finishedTime: number;
  readonly amContainerLogs: string | undefined;
  readonly amHostHttpAddress: string | undefined;
  /** `host:port` that the ApplicationMaster registered. */
  readonly amRpcAddress: string | undefined;
  readonly masterNodeId: string | undefined;
  readonly runningContainers: number;
  readonly allocatedMiB: number;
  readonly tags: string;
  /** Such as `RUNNING` or `SUCCEEDED`; undefined where the ResourceManager does not tell it. */
  readonly logAggregationStatus: string | undefined;
}

export const applicationStates = [
  'NEW',
  'NEW_SAVING',
  'SUBMITTED',
  'ACCEPTED',
  'RUNNING',
  'FINISHED',
  'FAILED',
  'KILLED',
] as const;

export type ApplicationState = (typeof applicationStates)[number];

/** Whether nothing will happen to the application any more. */
export function isEnded(state: ApplicationState): boolean {
  return state === 'FINISHED' || state === 'FAILED' || state === 'KILLED';
}

/** The container of the newest attempt's ApplicationMaster; undefined before there is one. */
export function masterContainerOf(report: ApplicationReport): string | undefined {
  return /container_(?:e\d+_)?\d+_\d+_\d+_\d+/.exec(report.amContainerLogs ?? '')?.[0];
}

/** The newest attempt's id, which stands in the name of its container. */
export function attemptOf(report: ApplicationReport): string {
  const container = masterContainerOf(report);
  const attempt = container === undefined ? 1 : Number(container.split('_').at(-2));
  return `${report.id.replace(/^application_/, 'appattempt_')}_${String(attempt).padStart(6, '0')}`;
}

/** Whether it ended as its program wanted. */
export function hasSucceeded(report: ApplicationReport): boolean {
  return report.state === 'FINISHED' && report.finalStatus === 'SUCCEEDED';
}

/** A node of the cluster. */
export interface NodeInfo {
  readonly host: string;
  readonly rack: string;
  readonly state: string;
  readonly httpAddress: string;
}

/** A queue of the scheduler. */
export interface QueueInfo {
  readonly name: string;
  /** From `root` on. */
  readonly path: string;
  readonly isLeaf: boolean;
  readonly state: string;
  /** Of its share; more than 100 when it uses what others do not need. */
  readonly usedPercent: number;
}

/** What `new-application` gives. */
export interface NewApplication {
  readonly applicationId: string;
  readonly maximumMemoryMiB: number;
  readonly maximumVirtualCores: number;
}

/** One attempt of an application. */
export interface AttemptInfo {
  readonly id: number;
  readonly containerId: string;
  readonly nodeHttpAddress: string;
  readonly logsLink: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Fields may be absent, and numbers may be texts in some releases. */
export function applicationFrom(app: Json): ApplicationReport {
  const state = text(app['state']) as ApplicationState | undefined;
  return {
    id: text(app['id']) ?? '',
    name: text(app['name']) ?? '',
    user: text(app['user']) ?? '',
    queue: text(app['queue']) ?? '',
    type: text(app['applicationType']) ?? '',
    state: state !== undefined && applicationStates.includes(state) ? state : 'NEW',
    finalStatus: text(app['finalStatus']) ?? 'UNDEFINED',
    progress: number(app['progress']),
    trackingUrl: realText(app['trackingUrl']),
    diagnostics: (text(app['diagnostics']) ?? '').trim(),
    startedTime: number(app['startedTime']),
    finishedTime: number(app['finishedTime']),
    amContainerLogs: realText(app['amContainerLogs']),
    amHostHttpAddress: realText(app['amHostHttpAddress']),
    amRpcAddress: realText(app['amRPCAddress']),
    masterNodeId: realText(app['masterNodeId']),
    runningContainers: Math.max(0, number(app['runningContainers'])),
    allocatedMiB: Math.max(0, number(app['allocatedMB'])),
    tags: text(app['applicationTags']) ?? '',
    logAggregationStatus: realText(app['logAggregationStatus']),
  };
}

export function nodeFrom(node: Json): NodeInfo {
  return {
    host: text(node['nodeHostName']) ?? '',
    rack: text(node['rack']) ?? '/default-rack',
    state: text(node['state']) ?? '',
    httpAddress: text(node['nodeHTTPAddress']) ?? '',
  };
}

/**
 * A queue and all below it (`CapacitySchedulerQueueInfo`, `FairSchedulerQueueInfo`, Hadoop 3.4.3).
 *
 * @param above path of the queue above
 */
export function queuesFrom(queue: Json, above = ''): QueueInfo[] {
  const name = text(queue['queueName']);
  if (name === undefined) return [];
  // The Fair Scheduler gives whole paths as names.
  const path = text(queue['queuePath']) ?? (above === '' ? name : `${above}.${name}`);
  const inner = isObject(queue['queues']) ? queue['queues'] : queue['childQueues'];
  const below = listOf(isObject(inner) ? inner['queue'] : inner);
  return [
    {
      name: name.slice(name.lastIndexOf('.') + 1),
      path,
      isLeaf: below.length === 0,
      state: text(queue['state']) ?? 'RUNNING',
      usedPercent: number(queue['usedCapacity']),
    },
    ...below.flatMap((one) => queuesFrom(one, path)),
  ];
}

export function attemptFrom(attempt: Json): AttemptInfo {
  return {
    id: number(attempt['id']),
    containerId: text(attempt['containerId']) ?? '',
    nodeHttpAddress: text(attempt['nodeHttpAddress']) ?? '',
    logsLink: text(attempt['logsLink']) ?? '',
  };
}

/** A list that may be absent, a single object, or an array: Hadoop releases differ. */
export function listOf(value: unknown): Json[] {
  if (value === undefined || value === null) return [];
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.filter(isObject);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Texts that are not there yet come as `N/A` or empty. */
function realText(value: unknown): string | undefined {
  const found = text(value);
  return found === undefined || found === '' || found === 'N/A' ? undefined : found;
}

function number(value: unknown): number {
  const found = Number(value);
  return Number.isFinite(found) ? found : 0;
}
