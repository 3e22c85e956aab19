import { availableParallelism } from 'node:os';
import { ConfigError, nearestName, settings } from '@heddle/common';

/** A master of this process: N task threads. */
export interface LocalMaster {
  readonly kind: 'local';
  readonly threads: number;
  /** Failures after which a task fails its job; `undefined` when the master does not say. */
  readonly maxFailures: number | undefined;
}

/** Executor processes on this host. */
export interface LocalClusterMaster {
  readonly kind: 'localCluster';
  readonly executors: number;
  /** Task threads of each. */
  readonly slots: number;
  /** Memory of each, in MiB. */
  readonly memoryMb: number;
}

/** Executors in containers of YARN; which cluster, its site files say. */
export interface YarnMaster {
  readonly kind: 'yarn';
}

export type Master = LocalMaster | LocalClusterMaster | YarnMaster;

/** Where a program runs when nothing says so. */
export const defaultMaster = 'local[*]';

const mostThreads = 1_024;
const leastMemoryMb = 128;
const mostMemoryMb = 1_048_576;

/**
 * The meaning of `heddle.master`: `local`, `local[N]`, `local[*]`, `local[N,F]`, `local[*,F]`,
 * `local-cluster[E,C,M]`, `yarn`.
 *
 * Source: Spark 4.0 `SparkMasterRegex` and `SparkContext.createTaskScheduler`.
 *
 * @throws ConfigError for anything else, saying whether it is unknown or not supported
 */
export function parseMaster(text: string): Master {
  const trimmed = text.trim();
  if (trimmed === 'local') return { kind: 'local', threads: 1, maxFailures: undefined };
  if (trimmed === 'yarn') return { kind: 'yarn' };
  const cluster = /^local-cluster\[\s*([0-9]+)\s*,\s*([0-9]+)\s*,\s*([0-9]+)\s*\]$/.exec(trimmed);
  if (cluster !== null) return localCluster(trimmed, cluster);
  const match = /^local\[\s*([0-9]+|\*)\s*(?:,\s*([0-9]+)\s*)?\]$/.exec(trimmed);
  if (match === null) throw fault(refusal(trimmed));
  const threads = match[1] === '*' ? availableParallelism() : Number(match[1]);
  const maxFailures = match[2] === undefined ? undefined : Number(match[2]);
  if (threads < 1) {
    throw fault(`the master ${trimmed} asks for no task thread; the least is local[1]`);
  }
  if (threads > mostThreads) {
    throw fault(
      `the master ${trimmed} asks for ${threads} task threads in one process; the most is ${mostThreads}`,
    );
  }
  if (maxFailures !== undefined && maxFailures < 1) {
    throw fault(
      `the master ${trimmed} allows ${maxFailures} failures of a task; the least is 1, which means that no task is tried again`,
    );
  }
  return { kind: 'local', threads, maxFailures };
}

/** `local[2]` for `local[*]` on two cores: the master as it is used. */
export function describeMaster(master: Master): string {
  switch (master.kind) {
    case 'local': {
      const failures = master.maxFailures === undefined ? '' : `,${master.maxFailures}`;
      return `local[${master.threads}${failures}]`;
    }
    case 'localCluster':
      return `local-cluster[${master.executors},${master.slots},${master.memoryMb}]`;
    case 'yarn':
      return 'yarn';
  }
}

function localCluster(text: string, [, ...numbers]: RegExpExecArray): LocalClusterMaster {
  const [executors, slots, memoryMb] = numbers.map(Number) as [number, number, number];
  const wrong =
    executors < 1 || executors > mostThreads
      ? `${executors} executors; there can be 1 to ${mostThreads}`
      : slots < 1 || slots > mostThreads
        ? `${slots} task threads in each executor; there can be 1 to ${mostThreads}`
        : memoryMb < leastMemoryMb || memoryMb > mostMemoryMb
          ? `${memoryMb} MiB for each executor; the least is ${leastMemoryMb}, the most ${mostMemoryMb}`
          : undefined;
  if (wrong !== undefined) throw fault(`the master ${text} asks for ${wrong}`);
  return { kind: 'localCluster', executors, slots, memoryMb };
}

const known = 'local, local[N], local[*], local[N,F], local-cluster[E,C,M], yarn';

function refusal(text: string): string {
  if (/^yarn-(client|cluster)$/.test(text)) {
    const mode = text.slice('yarn-'.length);
    return `the master ${text} is not supported in this version of Heddle: write --master yarn --deploy-mode ${mode}`;
  }
  const scheme = /^(mesos|spark|k8s)(:|$)/.exec(text)?.[1];
  if (scheme !== undefined) {
    const name = { mesos: 'Mesos', spark: 'Standalone clusters', k8s: 'Kubernetes' }[scheme]!;
    return `the master ${text} is not supported: ${name} cannot run Heddle programs; these masters can: ${known}`;
  }
  const word = /^[a-z-]*/i.exec(text)![0];
  const near = text.startsWith('local-c')
    ? 'local-cluster[E,C,M]'
    : text.startsWith('local')
      ? 'local[N]'
      : nearestName(word, ['local', 'yarn'])?.replace(/^local$/, 'local[*]');
  const advice = near === undefined ? '' : ` (did you mean ${near}?)`;
  return `'${text}' is not a master${advice}; these are: ${known}`;
}

function fault(message: string): ConfigError {
  return new ConfigError(settings.master.key, message);
}
