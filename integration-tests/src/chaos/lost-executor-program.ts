import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeddleContext, TaskContext } from 'heddle';

/**
 * Writes map outputs, waits until something has been done to the executors, and reads them again:
 * `lost-executor-program.ts <folder> [executors to wait for]`. Each run of a map task leaves a file `map-<partition>-<attempt>`
 * with the name of its host, where YARN tells it; the first job's end leaves a file `ready`.
 */
const [folder = '', executors = '1'] = process.argv.slice(2);
const mapTasks = 8;
await using sc = await HeddleContext.getOrCreate();

const hasCome = (): boolean => sc.statusTracker.getExecutorInfos().length >= Number(executors);
for (let waits = 0; !hasCome(); waits++) {
  if (waits > 600) throw new Error(`${executors} executors did not come`);
  await sleep(100);
}

const counted = sc
  .range(0, 80_000, 1, mapTasks)
  .mapPartitionsWithIndex((partition, numbers) => {
    const host = process.env['NM_HOST'] ?? '';
    writeFileSync(`${folder}/map-${partition}-${TaskContext.get()!.taskAttemptId}`, host);
    return numbers;
  })
  .map((n): [number, number] => [n % 1_000, 1])
  .reduceByKey((a, b) => a + b, 6);

console.log(JSON.stringify({ first: await total() }));
writeFileSync(`${folder}/ready`, '');
for (let waits = 0; !existsSync(`${folder}/go`); waits++) {
  if (waits > 600) throw new Error('nobody said go');
  await sleep(100);
}
console.log(JSON.stringify({ second: await total() }));

async function total(): Promise<number> {
  return counted.values().sum();
}
