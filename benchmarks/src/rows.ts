import type { MeasuredRun } from './measured-process.js';

/** One line of the comparison: a job that both engines run, and the ratio that we aim for. */
export interface Row {
  readonly name: string;
  readonly what: string;
  readonly args: readonly string[];
  /** The figure that is compared, in milliseconds. */
  figureMs(run: MeasuredRun): number;
  /** Ours divided by Spark's. */
  readonly targetRatio: number;
  /** Whether ours is measured on a cluster that has never seen the engine. */
  readonly isCold?: true;
}

const actionMs = (run: MeasuredRun): number => run.result.actionMs;
const untilResultMs = (run: MeasuredRun): number => run.resultAfterMs;
const wallMs = (run: MeasuredRun): number => run.wallMs;

/** Makes rows of which the program's own action is measured. */
const actionRow =
  (warmRuns: number) =>
  (name: string, what: string, targetRatio: number, args: readonly string[] = []): Row => ({
    name,
    what,
    args: [name, String(warmRuns), ...args],
    figureMs: actionMs,
    targetRatio,
  });

export function spineRows(textFile: string, warmRuns: number): readonly Row[] {
  const row = actionRow(warmRuns);
  return [
    row('narrow', '11 narrow steps over 50 M numbers', 0.1),
    row('word-count', 'word count of 256 MiB of text', 0.7, [textFile]),
    row('reduce-by-key', 'reduceByKey of 20 M int pairs, 1 M keys', 0.4),
    row('sort-by', 'sortBy of 5 M numbers', 0.5),
    row('join', 'join 2 M × 2 M', 0.6),
    {
      ...row('start', 'command to first job done', 0.2),
      args: ['start', '0'],
      figureMs: untilResultMs,
    },
  ];
}

/** Rows of `local-cluster[2,1,1024]`, both engines. */
export function clusterRows(warmRuns: number): readonly Row[] {
  const row = actionRow(warmRuns);
  return [
    row('empty-tasks', '10,000 empty tasks', 0.4),
    row('jobs', '200 jobs of 2 tasks', 0.3),
    row('group-by-key', 'groupByKey of 5 M pairs', 0.8),
    row('sort-by-key', 'sortByKey of 2 M strings', 0.8),
    row('join', 'join 2 M × 2 M', 0.8),
    row('distinct', 'distinct of 5 M numbers', 0.8),
    {
      ...row('start', 'command to first job done', 0.2),
      args: ['start', '0'],
      figureMs: untilResultMs,
    },
  ];
}

/** Rows on YARN in client mode: two executors of one core in containers of the same size, both engines. */
export function yarnRows(textUri: string, warmRuns: number): readonly Row[] {
  const action = actionRow(warmRuns);
  const start = (
    name: string,
    what: string,
    targetRatio: number,
    figureMs: Row['figureMs'],
  ): Row => ({ name, what, args: ['start', '0'], figureMs, targetRatio });
  return [
    start('first-task', 'submit to first task', 0.15, untilResultMs),
    {
      ...start('exit', 'submit to exit of an empty application', 0.2, wallMs),
      args: ['empty', '0'],
    },
    action('word-count', 'word count of 256 MiB', 0.6, [textUri]),
    action('lines', 'lines of 256 MiB', 0.8, [textUri]),
    action('join', 'join 2 M × 2 M', 0.7),
    action('empty-tasks', '10,000 empty tasks', 0.3),
    action('jobs', '200 jobs of 2 tasks', 0.3),
    {
      ...start(
        'cold',
        "first submit ever to first task (ours), against Spark's warm one",
        0.6,
        untilResultMs,
      ),
      isCold: true,
    },
  ];
}

/** Peak resident memory over all rows, ours divided by Spark's. */
export const targetRssRatio = 0.5;
