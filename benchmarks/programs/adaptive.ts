import { HeddleContext } from 'heddle';
import { ProcessTree } from '../src/process-tree.js';

/**
 * What many nearly empty reduce partitions cost: 2,000 of them behind a shuffle of 100 records, in
 * the settings that the program is submitted with (`--conf heddle.adaptive.enabled=false`).
 * Arguments: how many times again in the same process, and the number of partitions.
 */
const [warmRuns = '3', partitions = '2000'] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();
const tree = new ProcessTree(process.pid);
const reduced = sc
  .range(0, 100, 1, 2)
  .map((i): [number, number] => [i % 50, i])
  .reduceByKey((a, b) => a + b, Number(partitions));
const checks = new Set<string>();
const timesMs: number[] = [];
const cpusMs: number[] = [];
for (let run = 0; run <= Number(warmRuns); run++) {
  // The first run writes the map outputs; the later ones are the reduce side alone.
  tree.look();
  const cpuBeforeMs = tree.cpuMs();
  const startedMs = performance.now();
  const [keys, total] = await reduced.aggregate(
    [0, 0],
    (sums, [, sum]) => [sums[0] + 1, sums[1] + sum],
    (a, b) => [a[0] + b[0], a[1] + b[1]],
  );
  timesMs.push(Math.round(performance.now() - startedMs));
  cpusMs.push(tree.cpuMs() - cpuBeforeMs);
  checks.add(`${keys}/${total}`);
}
const [actionMs, ...warmMs] = timesMs;
const [actionCpuMs, ...warmCpuMs] = cpusMs;
const check = [...checks].join(' or ');
console.log(JSON.stringify({ row: 'adaptive', actionMs, warmMs, actionCpuMs, warmCpuMs, check }));
