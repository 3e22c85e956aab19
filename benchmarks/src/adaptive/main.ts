import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMeasured, type BenchmarkResult } from '../measured-process.js';

/**
 * What 2,000 nearly empty reduce partitions cost with launches shared and without, runs interleaved,
 * each a process of its own: `node benchmarks/dist/src/adaptive/main.js [--runs 3] [--warm 8] [--partitions 2000]`.
 */
const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    warm: { type: 'string', default: '8' },
    partitions: { type: 'string', default: '2000' },
  },
});
const root = join(import.meta.dirname, '..', '..', '..', '..');
const master = 'local-cluster[2,1,1024]';

/** Medians of a process's actions. `cpu`: processor time of driver, executors and shuffle service. */
interface Costs {
  readonly firstMs: number;
  readonly firstCpuMs: number;
  readonly laterMs: number;
  readonly laterCpuMs: number;
}

const on: Costs[] = [];
const off: Costs[] = [];
for (let run = 0; run < Number(options.runs); run++) {
  on.push(await measure(true));
  off.push(await measure(false));
}
const figures = ['firstMs', 'firstCpuMs', 'laterMs', 'laterCpuMs'] as const;
for (const figure of figures) {
  const [shared, alone] = [on, off].map((costs) => median(costs.map((each) => each[figure])));
  const ratio = (shared! / alone!).toFixed(2);
  process.stdout.write(`${figure.padEnd(10)} on ${shared}, off ${alone}, ratio ${ratio}\n`);
}

async function measure(enabled: boolean): Promise<Costs> {
  const command = [
    ...[process.execPath, join(root, 'client', 'bin', 'heddle.js'), 'submit', '--master', master],
    ...['--conf', `heddle.adaptive.enabled=${enabled}`],
    ...[join(root, 'benchmarks', 'programs', 'adaptive.ts'), options.warm, options.partitions],
  ];
  const { result } = await runMeasured(command, process.env as Record<string, string>);
  const { actionMs, warmMs, actionCpuMs, warmCpuMs } = result as Required<BenchmarkResult>;
  const costs = {
    firstMs: actionMs,
    firstCpuMs: actionCpuMs,
    laterMs: median(warmMs),
    laterCpuMs: median(warmCpuMs),
  };
  process.stderr.write(`${enabled ? 'on ' : 'off'} ${JSON.stringify(costs)}\n`);
  return costs;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? 0;
}
