import { HeddleContext } from 'heddle';

/**
 * What many nearly empty reduce partitions cost: 2,000 of them behind a shuffle of 100 records, in
 * the settings that the program is submitted with (`--conf heddle.adaptive.enabled=false`).
 * Arguments: how many times again in the same process, and the number of partitions.
 */
const [warmRuns = '3', partitions = '2000'] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();
const reduced = sc
  .range(0, 100, 1, 2)
  .map((i): [number, number] => [i % 50, i])
  .reduceByKey((a, b) => a + b, Number(partitions));
const checks = new Set<string>();
const timesMs: number[] = [];
for (let run = 0; run <= Number(warmRuns); run++) {
  // The first run writes the map outputs; the later ones are the reduce side alone.
  const startedMs = performance.now();
  const [keys, total] = await reduced.aggregate(
    [0, 0],
    (sums, [, sum]) => [sums[0] + 1, sums[1] + sum],
    (a, b) => [a[0] + b[0], a[1] + b[1]],
  );
  timesMs.push(Math.round(performance.now() - startedMs));
  checks.add(`${keys}/${total}`);
}
const [actionMs, ...warmMs] = timesMs;
console.log(JSON.stringify({ row: 'adaptive', actionMs, warmMs, check: [...checks].join(' or ') }));
