/**
 * Counts words: `npx heddle submit examples/word-count.ts <path> [how many]`
 *
 * The path may be a file, a directory, a glob or a comma list of them; gzip, zstd and brotli files
 * are read as they are.
 */
import { HeddleContext } from 'heddle';

const [input = 'README.md', howMany = '10'] = process.argv.slice(2);

await using sc = await HeddleContext.getOrCreate({ appName: 'word count' });

const counts = sc
  .textFile(input)
  .flatMap((line) => line.toLowerCase().match(/\p{L}+/gu) ?? [])
  .map((word): [string, number] => [word, 1])
  .reduceByKey((a, b) => a + b)
  .cache();

// Most frequent first; equal counts in the order of the alphabet.
const top = await counts.takeOrdered(Number(howMany), ([word, count]) => [-count, word]);
for (const [word, count] of top) console.log(`${String(count).padStart(8)}  ${word}`);
console.log(`${await counts.count()} different words, ${await counts.values().sum()} in all`);
