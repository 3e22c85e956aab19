import { HeddleContext } from 'heddle';

/** Saves for as long as it lives, and says when its tasks run: `slow-save.ts <output> [exit]`. */
const [output = '', end] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();
if (end === 'exit') setTimeout(() => process.exit(5), 500);
console.log('saving');
await sc
  .range(0, 2, 1, 2)
  .map((x) => {
    const endMs = Date.now() + 60_000;
    while (Date.now() < endMs);
    return x;
  })
  .saveAsTextFile(output);
