import { writeFileSync } from 'node:fs';
import { HeddleContext, TaskContext } from 'heddle';

/**
 * Two shuffles over executors of which some cannot talk to each other: `peers-program.ts <folder>`.
 * Each run of a map task leaves `map-<partition>-<attempt>`.
 */
const [folder = ''] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();
const sums = sc
  .range(0, 60_000, 1, 9)
  .mapPartitionsWithIndex((partition, numbers) => {
    writeFileSync(`${folder}/map-${partition}-${TaskContext.get()!.taskAttemptId}`, '');
    // Every executor shall have some of them.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    return numbers;
  })
  .map((n): [number, number] => [n % 100, 1])
  .groupByKey(6)
  .mapValues((values) => values.length);
const counts = await sums.collect();
console.log(
  JSON.stringify({ keys: counts.length, total: counts.reduce((sum, [, count]) => sum + count, 0) }),
);
