import { readFileSync, writeFileSync } from 'node:fs';
import { HeddleContext, TaskContext } from 'heddle';

/**
 * Saves numbers, while one process is slow or not:
 * `speculation-program.ts <folder> slow|plain`. Each attempt leaves `attempt-<partition>-<id>`.
 */
const [folder = '', how = ''] = process.argv.slice(2);
const partitions = 20;
await using sc = await HeddleContext.getOrCreate();

await sc
  .range(0, 20_000, 1, partitions)
  .mapPartitionsWithIndex((partition, numbers) => {
    const context = TaskContext.get()!;
    writeFileSync(`${folder}/attempt-${partition}-${context.taskAttemptId}`, '');
    if (how === 'slow') {
      // A slow task never ends by itself: without a copy of it the job would not either.
      if (isSlow()) while (!context.isInterrupted()) pause();
    }
    return numbers;
  })
  .saveAsTextFile(`${folder}/out`);
console.log(JSON.stringify({ saved: true }));

/** Whether this process is the one that is slow: the first that asks is. */
function isSlow(): boolean {
  const file = `${folder}/slow`;
  claim(file);
  return readFileSync(file, 'utf8') === String(process.pid);
}

/** Whether this call made the file; it holds the number of the process. */
function claim(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
}
