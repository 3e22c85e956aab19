import { readFileSync, writeFileSync } from 'node:fs';
import { HeddleContext, TaskContext } from 'heddle';

/**
 * Two jobs while every task of one process fails, or of all: `bad-executor-program.ts <folder> one|all`.
 * Each attempt leaves `attempt-<job>-<partition>-<id>-<good or bad>`.
 */
const [folder = '', how = ''] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();

for (const job of [1, 2]) {
  const counted = await sc
    .range(0, 2_000, 1, 20)
    .mapPartitionsWithIndex((partition, numbers) => {
      const bad = how === 'all' || isBad();
      const { taskAttemptId } = TaskContext.get()!;
      const end = bad ? 'bad' : 'good';
      writeFileSync(`${folder}/attempt-${job}-${partition}-${taskAttemptId}-${end}`, '');
      if (bad) throw new Error('the disk of this executor is broken');
      // Longer than a start of a task, so that every executor has some.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
      return numbers;
    })
    .count();
  console.log(JSON.stringify({ counted }));
}

/** Whether this process is the broken one: the first that asks is. */
function isBad(): boolean {
  const file = `${folder}/bad`;
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch {
    // It is known.
  }
  return readFileSync(file, 'utf8') === String(process.pid);
}
