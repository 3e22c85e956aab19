import { availableParallelism } from 'node:os';
import { ConfigError, nearestName, settings } from '@heddle/common';

/** A master of this process: N task threads. */
export interface LocalMaster {
  readonly kind: 'local';
  readonly threads: number;
  /** Failures after which a task fails its job; `undefined` when the master does not say. */
  readonly maxFailures: number | undefined;
}

/** Where a program runs when nothing says so. */
export const defaultMaster = 'local[*]';

/**
 * The meaning of `heddle.master`: `local`, `local[N]`, `local[*]`, `local[N,F]`, `local[*,F]`.
 *
 * Source: Spark 4.0 `SparkMasterRegex` and `SparkContext.createTaskScheduler`.
 *
 * @throws ConfigError for anything else, saying whether it is unknown or not supported
 */
export function parseMaster(text: string): LocalMaster {
  const trimmed = text.trim();
  if (trimmed === 'local') return { kind: 'local', threads: 1, maxFailures: undefined };
  const match = /^local\[\s*([0-9]+|\*)\s*(?:,\s*([0-9]+)\s*)?\]$/.exec(trimmed);
  if (match === null) throw new ConfigError(settings.master.key, refusal(trimmed));
  const threads = match[1] === '*' ? availableParallelism() : Number(match[1]);
  const maxFailures = match[2] === undefined ? undefined : Number(match[2]);
  if (threads < 1) {
    throw new ConfigError(
      settings.master.key,
      `the master ${trimmed} asks for no task thread; the least is local[1]`,
    );
  }
  if (threads > 1_024) {
    throw new ConfigError(
      settings.master.key,
      `the master ${trimmed} asks for ${threads} task threads in one process; the most is 1024`,
    );
  }
  if (maxFailures !== undefined && maxFailures < 1) {
    throw new ConfigError(
      settings.master.key,
      `the master ${trimmed} allows ${maxFailures} failures of a task; the least is 1, which means that no task is tried again`,
    );
  }
  return { kind: 'local', threads, maxFailures };
}

/** `local[2]` for `local[*]` on two cores: the master as it is used. */
export function describeMaster(master: LocalMaster): string {
  const failures = master.maxFailures === undefined ? '' : `,${master.maxFailures}`;
  return `local[${master.threads}${failures}]`;
}

const known = 'local, local[N], local[*], local[N,F]';

function refusal(text: string): string {
  if (/^(yarn(-client|-cluster)?|local-cluster\b.*)$/.test(text)) {
    return `the master ${text} is not supported in this version of Heddle; these are: ${known}`;
  }
  const scheme = /^(mesos|spark|k8s)(:|$)/.exec(text)?.[1];
  if (scheme !== undefined) {
    const name = { mesos: 'Mesos', spark: 'Standalone clusters', k8s: 'Kubernetes' }[scheme]!;
    return `the master ${text} is not supported: ${name} cannot run Heddle programs; these masters can: ${known}`;
  }
  const word = /^[a-z-]*/i.exec(text)![0];
  const near = text.startsWith('local')
    ? 'local[N]'
    : nearestName(word, ['local', 'yarn'])?.replace(/^local$/, 'local[*]');
  const advice = near === undefined ? '' : ` (did you mean ${near}?)`;
  return `'${text}' is not a master${advice}; these are: ${known}`;
}
