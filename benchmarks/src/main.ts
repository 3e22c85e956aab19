import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMeasured, type MeasuredRun } from './measured-process.js';
import { renderTable, spreadOf, type RowReport, type Spread } from './report.js';
import { clusterRows, spineRows, yarnRows, type Row } from './rows.js';
import { prepareSpark } from './spark-peer.js';
import { ensureTextInput } from './text-input.js';
import { BenchmarkCluster, executors, sparkOnYarn } from './yarn/benchmark-cluster.js';

/**
 * Compares Heddle with Spark, runs interleaved, each run a process of its own:
 * `node benchmarks/dist/src/main.js [--suite local|local-cluster|yarn] [--runs 3] [--warm 2] [--only row,row] [--no-spark]`.
 */
const { values: options } = parseArgs({
  options: {
    suite: { type: 'string', default: 'local' },
    runs: { type: 'string', default: '3' },
    warm: { type: 'string', default: '2' },
    only: { type: 'string' },
    // A running cluster of the profile `benchmark`, for the suite `yarn`.
    cluster: { type: 'string' },
    spark: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const root = join(import.meta.dirname, '..', '..');
const workDirectory = join(root, 'work');
const env = process.env as Readonly<Record<string, string>>;
const textFile = join(workDirectory, 'text-256m.txt');
mkdirSync(workDirectory, { recursive: true });
ensureTextInput(textFile, 256 * 1_048_576);
/** `heddle.executor.memory` of each executor process. */
const executorMiB = 1_024;
const masters: Readonly<Record<string, string>> = {
  local: 'local[2]',
  'local-cluster': `local-cluster[2,1,${executorMiB}]`,
  yarn: 'yarn',
};
const master = masters[options.suite];
if (master === undefined) throw new Error(`no such suite: ${options.suite}`);
const cluster = master === 'yarn' ? await BenchmarkCluster.open(options.cluster) : undefined;
const clusterEnv = { ...env, ...cluster?.environment };

const heddle = (master: string, program: string): readonly string[] => {
  const command = join(root, '..', 'client', 'bin', 'heddle.js');
  const words = master === 'yarn' ? executors : [];
  return [
    ...[process.execPath, command, 'submit', '--master', master],
    ...words,
    join(root, 'programs', program),
  ];
};
const spark = options.spark
  ? prepareSpark(workDirectory, join(root, 'peers/spark/Jobs.scala'), env.PATH ?? '', master)
  : undefined;

const sparkOptions =
  spark === undefined || cluster === undefined
    ? []
    : await sparkOnYarn(cluster, spark.home, workDirectory);

const wanted = options.only?.split(',');
const reports: RowReport[] = [];
try {
  for (const row of await rowsOf(Number(options.warm))) {
    if (wanted !== undefined && !wanted.includes(row.name)) continue;
    reports.push(await measureRow(row, Number(options.runs)));
  }
} finally {
  await cluster?.close();
}
const closureCost =
  options.suite === 'local' && (wanted === undefined || wanted.includes('closure-cost'))
    ? (await runMeasured(heddle('local[1]', 'closure-cost.ts'), env)).result
    : undefined;
const table = renderTable(reports);
const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
process.stdout.write(`${machine}\n\n${table}\n`);
if (closureCost !== undefined) process.stdout.write(`\n${JSON.stringify(closureCost)}\n`);
writeFileSync(
  join(workDirectory, `${options.suite}.json`),
  `${JSON.stringify({ machine, date: new Date().toISOString(), rows: reports, closureCost }, undefined, 2)}\n`,
);

async function rowsOf(warmRuns: number): Promise<readonly Row[]> {
  if (cluster !== undefined) return yarnRows(await cluster.put(textFile), warmRuns);
  return options.suite === 'local-cluster' ? clusterRows(warmRuns) : spineRows(textFile, warmRuns);
}

async function measureRow(row: Row, runs: number): Promise<RowReport> {
  if (master === undefined) throw new Error('there is no master');
  const ours: MeasuredRun[] = [];
  const theirs: MeasuredRun[] = [];
  for (let run = 0; run < runs; run++) {
    if (row.isCold === true) await cluster?.forgetEngine();
    const command = [...heddle(master, 'spine.ts'), ...row.args];
    ours.push(await runMeasured(command, clusterEnv, cluster?.directory));
    if (spark !== undefined) {
      const words = [...spark.command(sparkOptions), ...row.args];
      theirs.push(await runMeasured(words, { ...clusterEnv, ...spark.env }, cluster?.directory));
    }
    process.stderr.write(
      `${row.name} run ${run + 1}: Heddle ${Math.round(row.figureMs(ours[run]!))} ms` +
        (spark === undefined ? '\n' : `, Spark ${Math.round(row.figureMs(theirs[run]!))} ms\n`),
    );
  }
  const checks = new Set([...ours, ...theirs].map((run) => run.result.check));
  if (checks.size !== 1) {
    throw new Error(`${row.name}: the engines disagree: ${[...checks].join(' and ')}`);
  }
  return {
    name: row.name,
    what: row.what,
    targetRatio: row.targetRatio,
    heddleMs: spreadOf(ours.map((run) => row.figureMs(run))),
    sparkMs: spark && spreadOf(theirs.map((run) => row.figureMs(run))),
    heddleWarmMs: warmSpread(ours),
    sparkWarmMs: warmSpread(theirs),
    heddleRssBytes: spreadOf(ours.map((run) => run.peakRssBytes)),
    sparkRssBytes: spark && spreadOf(theirs.map((run) => run.peakRssBytes)),
    heddleExecutors: executorMemory(ours),
  };
}

/** The largest executor of each run. */
function executorMemory(runs: readonly MeasuredRun[]): RowReport['heddleExecutors'] {
  const peaks = runs.flatMap(({ executorPeakBytes }) =>
    executorPeakBytes.length === 0 ? [] : [Math.max(...executorPeakBytes)],
  );
  if (peaks.length === 0) return undefined;
  return { peakBytes: spreadOf(peaks), limitBytes: executorMiB * 1_048_576 };
}

/** The best warm run of each process. */
function warmSpread(runs: readonly MeasuredRun[]): Spread | undefined {
  const best = runs.flatMap(({ result: { warmMs = [] } }) =>
    warmMs.length === 0 ? [] : [Math.min(...warmMs)],
  );
  return best.length === 0 ? undefined : spreadOf(best);
}
