import { readFileSync } from 'node:fs';
import { HeddleContext, TaskContext } from 'heddle';

/**
 * Reads nearly empty reduce partitions again and again, until that took few requests between the
 * executors: `shared-requests-program.ts <folder> <few> <actions at most>`. Prints whether the results
 * were right, and the requests of each action, which `fault-preload.cjs` counts.
 */
const [folder = '', few = '0', mostActions = '1'] = process.argv.slice(2);
const keys = 500;
const maps = 8;
await using sc = await HeddleContext.getOrCreate();

const wait = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

// Both executors shall have map outputs.
for (let tries = 0, executors = 0; executors < 2 && tries < 200; tries++) {
  const ids = await sc
    .range(0, 2, 1, 2)
    .map(() => {
      wait(100);
      return TaskContext.get()!.executorId;
    })
    .collect();
  executors = new Set(ids).size;
}

const sums = sc
  .range(0, keys * maps, 1, maps)
  .map((n): [number, number] => {
    if (n % keys === 0) wait(200);
    return [n % keys, n];
  })
  .reduceByKey((left, right) => left + right, keys);
const expected = Array.from({ length: keys }, (_, key) => [
  key,
  key * maps + (keys * maps * (maps - 1)) / 2,
]);
const requests: number[] = [];
let isRight = true;
while (requests.length < Number(mostActions)) {
  const before = requestsSoFar();
  const found = await sums.collect();
  requests.push(requestsSoFar() - before);
  isRight &&=
    JSON.stringify(found.toSorted(([left], [right]) => left - right)) === JSON.stringify(expected);
  if (requests.at(-1)! <= Number(few)) break;
}
console.log(JSON.stringify({ isRight, requests }));

function requestsSoFar(): number {
  try {
    return readFileSync(`${folder}/part-requests`).length;
  } catch {
    return 0;
  }
}
