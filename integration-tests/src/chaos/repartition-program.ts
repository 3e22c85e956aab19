import { unlinkSync } from 'node:fs';
import { HeddleContext, type RDD } from 'heddle';

/**
 * A million different rows through three repartitions. The task that finds the file of a kill deletes
 * it and takes its whole executor with it, so each file is exactly one `kill -9`, in exactly that phase:
 * `repartition-program.ts <folder with files kill-<phase>>`.
 */
const [folder = ''] = process.argv.slice(2);
const rows = 1_000_000;
await using sc = await HeddleContext.getOrCreate();

let numbers = mortal(sc.range(0, rows, 1, 8), 0);
for (const [phase, partitions] of [
  [1, 6],
  [2, 5],
  [3, 4],
] as const) {
  numbers = mortal(numbers.repartition(partitions), phase);
}
const occurrences = numbers
  .map((row): [number, number] => [row, 1])
  .reduceByKey((a, b) => a + b, 4);
const [distinct, repeated] = await occurrences.aggregate(
  [0, 0],
  ([all, more], [, count]): [number, number] => [all + 1, more + (count > 1 ? 1 : 0)],
  (a, b): [number, number] => [a[0] + b[0], a[1] + b[1]],
);
console.log(JSON.stringify({ distinct, repeated }));

/** Passes everything on; in the middle of its second partition the executor may be killed. */
function mortal(rdd: RDD<number>, phase: number): RDD<number> {
  return rdd.mapPartitionsWithIndex(function* (partition, records) {
    let seen = 0;
    for (const record of records) {
      if (partition === 1 && ++seen === 20_000 && claims(`${folder}/kill-${phase}`)) {
        process.kill(process.pid, 'SIGKILL');
      }
      yield record;
    }
  });
}

/** Whether this call deleted the file: one call of one process does. */
function claims(file: string): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch {
    return false;
  }
}
