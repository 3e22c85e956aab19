import { existsSync, writeFileSync } from 'node:fs';
import { HeddleContext, TaskContext } from 'heddle';

/**
 * Saves again and again, each time with partitions of which two attempts come to their commit at the
 * same moment: `commit-races-program.ts <folder> <saves> <races of each>`. There must be two slots for
 * each race, half of them on either executor. Output `out-<save>`; a note `met-<save>-<partition>-<id>`
 * by each attempt that stood at its commit together with the other one.
 */
const [folder = '', saves = '1', races = '1'] = process.argv.slice(2);
const quick = 8;
await using sc = await HeddleContext.getOrCreate();

for (let save = 0; save < Number(saves); save++) {
  await sc
    .range(0, 1_000, 1, quick + Number(races))
    .mapPartitionsWithIndex(function* (partition, numbers) {
      yield* numbers;
      if (partition < quick) return;
      // Its records are written: what follows is the commit.
      const context = TaskContext.get()!;
      const place = `${folder}/at-${save}-${partition}`;
      const isFirst = claim(`${place}-first`);
      if (!isFirst) writeFileSync(`${place}-second`, '');
      while (!existsSync(`${place}-second`) && !context.isInterrupted()) pause();
      if (context.isInterrupted()) return;
      writeFileSync(`${folder}/met-${save}-${partition}-${context.taskAttemptId}`, '');
    })
    .saveAsTextFile(`${folder}/out-${save}`);
}
console.log(JSON.stringify({ saved: Number(saves) }));

/** Whether this call made the file. */
function claim(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
