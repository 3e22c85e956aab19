import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMeasured } from '../measured-process.js';

/**
 * 4 GiB that no compression makes smaller go through a shuffle of two executors of 512 MiB:
 * `node benchmarks/dist/src/large-shuffle/main.js [--runs 1]` prints how long it takes, and the most
 * that each executor had resident.
 */
const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '1' } } });
const root = join(import.meta.dirname, '..', '..', '..', '..');
const master = 'local-cluster[2,1,512]';
const rows = 1_048_576;
const rowBytes = 4_096;
const command = [
  ...[process.execPath, join(root, 'client', 'bin', 'heddle.js'), 'submit', '--master', master],
  ...[join(root, 'benchmarks', 'programs', 'spine.ts'), 'shuffle-4g', '0'],
];
for (let run = 0; run < Number(options.runs); run++) {
  const { result, executorPeakBytes } = await runMeasured(
    command,
    process.env as Readonly<Record<string, string>>,
  );
  const expected = `${rows}/${rows * rowBytes}`;
  if (result.check !== expected) throw new Error(`${result.check} came, not ${expected}`);
  const peaks = executorPeakBytes.map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
  process.stdout.write(`${master}: ${result.actionMs} ms, executors ${peaks.join(' and ')}\n`);
}
