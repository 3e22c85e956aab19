import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMeasured } from '../measured-process.js';
import { spreadOf, spreadText } from '../report.js';

/**
 * How long the two executors of `local-cluster[2,1,1024]` take to start, from the program's first line
 * and from the command, and the most that one of them has had resident when it has done nothing since:
 * `node benchmarks/dist/src/executor-start/main.js [--runs 10]`.
 */
const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '10' } } });
const root = join(import.meta.dirname, '..', '..', '..', '..');
const command = [
  ...[process.execPath, join(root, 'client', 'bin', 'heddle.js'), 'submit'],
  ...['--master', 'local-cluster[2,1,1024]'],
  join(root, 'benchmarks', 'programs', 'executor-start.ts'),
];
const fromProgram: number[] = [];
const fromCommand: number[] = [];
const residentMiB: number[] = [];
for (let run = 0; run < Number(options.runs); run++) {
  const { result, resultAfterMs, executorPeakBytes } = await runMeasured(
    command,
    process.env as Readonly<Record<string, string>>,
  );
  if (result.check !== '2') throw new Error(`${result.check} executors came`);
  fromProgram.push(result.actionMs);
  fromCommand.push(resultAfterMs);
  residentMiB.push(Math.max(...executorPeakBytes) / 2 ** 20);
}
for (const [name, times] of Object.entries({ fromProgram, fromCommand })) {
  process.stdout.write(`${name.padEnd(12)} ${spreadText(spreadOf(times))} ms\n`);
}
process.stdout.write(`${'idle'.padEnd(12)} ${spreadText(spreadOf(residentMiB))} MiB\n`);
