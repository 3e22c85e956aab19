import { HeddleError } from '@heddle/common';
import type { ListenerEvent } from '@heddle/scheduler';
import { readWholeFile, type FileStatus, type FileSystem } from '@heddle/webhdfs';

/** What an application's event log says after its end. */
export interface EventLogSummary {
  /** URI of the log: of the last attempt, and of its last context. */
  readonly eventLog: string;
  /** Of all contexts of the last attempt; undefined when a log is too large to be counted. */
  readonly jobs?: JobCounts;
  readonly stages?: StageCounts;
}

export interface JobCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Begun, and not ended as far as the log goes: the driver was killed. */
  readonly unfinished: number;
}

/** A stage counts as its last attempt ended. */
export interface StageCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly unfinished: number;
}

type Outcome = 'succeeded' | 'failed' | 'cancelled' | 'unfinished';

const maxLogBytes = 256 * 2 ** 20;
const lineFeed = 0x0a;
/** Most lines are about tasks: those are not parsed. */
const counted = /"kind":"(?:jobStart|jobEnd|stageSubmitted|stageCompleted)"/;

/**
 * Reads what the event log of an ended application tells.
 *
 * @param directory where event logs are
 * @returns undefined when there is none that this user may read
 */
export async function summarizeEventLog(
  fileSystem: FileSystem,
  directory: string,
  applicationId: string,
): Promise<EventLogSummary | undefined> {
  try {
    const logs = lastAttempt(await fileSystem.list(directory), applicationId);
    const last = logs.at(-1);
    if (last === undefined) return undefined;
    const eventLog = fileSystem.uri(last.path);
    if (logs.some(({ sizeBytes }) => sizeBytes > maxLogBytes)) return { eventLog };
    const jobs: Outcome[] = [];
    const stages: Outcome[] = [];
    for (const { path, sizeBytes } of logs) {
      const outcomes = outcomesIn(await readWholeFile(fileSystem, path, sizeBytes));
      jobs.push(...outcomes.jobs.values());
      stages.push(...outcomes.stages.values());
    }
    const { succeeded, failed, unfinished } = count(stages);
    return { eventLog, jobs: count(jobs), stages: { succeeded, failed, unfinished } };
  } catch (error) {
    // The application's state is known without it.
    if (error instanceof HeddleError) return undefined;
    throw error;
  }
}

/** `<application>[_<attempt>[_<context>]].ndjson[.inprogress]`: those of the highest attempt, in order. */
function lastAttempt(files: readonly FileStatus[], applicationId: string): FileStatus[] {
  const found = files.flatMap((file) => {
    const name = file.path.slice(file.path.lastIndexOf('/') + 1);
    if (file.kind !== 'file' || !name.startsWith(applicationId)) return [];
    const match = /^(?:_(\d+)(?:_(\d+))?)?\.ndjson(?:\.inprogress)?$/.exec(
      name.slice(applicationId.length),
    );
    if (match === null) return [];
    return [{ file, attempt: Number(match[1] ?? 0), context: Number(match[2] ?? 1) }];
  });
  const last = Math.max(...found.map(({ attempt }) => attempt));
  return found
    .filter(({ attempt }) => attempt === last)
    .sort((a, b) => a.context - b.context)
    .map(({ file }) => file);
}

/** @internal How each job and stage of one context ended, by its id. */
export function outcomesIn(log: Buffer): {
  readonly jobs: ReadonlyMap<number, Outcome>;
  readonly stages: ReadonlyMap<number, Outcome>;
} {
  const jobs = new Map<number, Outcome>();
  const stages = new Map<number, Outcome>();
  for (let at = 0; at < log.length;) {
    const end = log.indexOf(lineFeed, at);
    // A line without an end was being written when the driver died.
    if (end < 0) break;
    const line = log.toString('utf8', at, end);
    at = end + 1;
    const event = counted.test(line) ? parse(line) : undefined;
    if (event?.kind === 'jobStart') jobs.set(event.jobId, 'unfinished');
    else if (event?.kind === 'jobEnd') jobs.set(event.jobId, event.outcome);
    else if (event?.kind === 'stageSubmitted') stages.set(event.stage.stageId, 'unfinished');
    else if (event?.kind === 'stageCompleted') {
      stages.set(event.stageId, event.failure === undefined ? 'succeeded' : 'failed');
    }
  }
  return { jobs, stages };
}

function parse(line: string): ListenerEvent | undefined {
  try {
    return JSON.parse(line) as ListenerEvent;
  } catch {
    return undefined;
  }
}

function count(outcomes: readonly Outcome[]): Record<Outcome, number> {
  const counts = { succeeded: 0, failed: 0, cancelled: 0, unfinished: 0 };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}
