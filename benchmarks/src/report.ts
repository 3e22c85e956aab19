/** Smallest, middle and largest of several runs. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { min: sorted[0]!, median, max: sorted.at(-1)! };
}

/** `median (min–max)`, whole numbers. */
export function spreadText({ min, median, max }: Spread): string {
  return `${Math.round(median)} (${Math.round(min)}–${Math.round(max)})`;
}

/** Resident memory of executor processes over all runs of a row. */
export interface ExecutorMemory {
  readonly peakBytes: Spread;
  readonly limitBytes: number;
}

export interface RowReport {
  readonly name: string;
  readonly what: string;
  readonly heddleMs: Spread;
  readonly sparkMs: Spread | undefined;
  /** The action again in the same process, best of the repetitions. */
  readonly heddleWarmMs: Spread | undefined;
  readonly sparkWarmMs: Spread | undefined;
  readonly heddleRssBytes: Spread;
  readonly sparkRssBytes: Spread | undefined;
  /** Highest resident memory of any executor process, and what executors may use; in rows with executors. */
  readonly heddleExecutors: ExecutorMemory | undefined;
  readonly targetRatio: number;
}

/** The table as Markdown, as it stands in `docs/performance.md`. */
export function renderTable(rows: readonly RowReport[]): string {
  const ms = (spread: Spread | undefined): string =>
    spread === undefined ? '–' : spreadText(spread);
  const mib = (spread: Spread | undefined): string =>
    spread === undefined ? '–' : String(Math.round(spread.median / 1_048_576));
  const ratio = (ours: Spread | undefined, theirs: Spread | undefined): string =>
    ours === undefined || theirs === undefined ? '–' : (ours.median / theirs.median).toFixed(2);
  const executors = (memory: ExecutorMemory | undefined): string =>
    memory === undefined
      ? '–'
      : `${mib(memory.peakBytes)} (${Math.round(memory.peakBytes.max / 1_048_576)}) of ${Math.round(memory.limitBytes / 1_048_576)}`;
  const hasExecutors = rows.some((row) => row.heddleExecutors !== undefined);
  const lines = rows.map((row) =>
    [
      row.what,
      ms(row.heddleMs),
      ms(row.sparkMs),
      ratio(row.heddleMs, row.sparkMs),
      `≤ ${row.targetRatio}`,
      ms(row.heddleWarmMs),
      ms(row.sparkWarmMs),
      ratio(row.heddleWarmMs, row.sparkWarmMs),
      mib(row.heddleRssBytes),
      mib(row.sparkRssBytes),
      ratio(row.heddleRssBytes, row.sparkRssBytes),
      ...(hasExecutors ? [executors(row.heddleExecutors)] : []),
    ].join(' | '),
  );
  return [
    `| row | Heddle ms, median (min–max) | Spark ms | ratio | target | Heddle warm ms | Spark warm ms | ratio | Heddle peak RSS MiB | Spark | ratio |${hasExecutors ? " an executor's peak RSS MiB, median (max) of its limit |" : ''}`,
    `|---|---|---|---|---|---|---|---|---|---|---|${hasExecutors ? '---|' : ''}`,
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}
