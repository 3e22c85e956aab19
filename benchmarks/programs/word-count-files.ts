import { HeddleContext } from 'heddle';

/** Hadoop's `wordcount` example: words between white space and their counts, into files. */
const [input = '', output = ''] = process.argv.slice(2);
const startedMs = performance.now();
await using sc = await HeddleContext.getOrCreate();
const counts = sc
  .textFile(input)
  .flatMap((line) => line.split(/[ \t\n\r\f]+/).filter((word) => word !== ''))
  .map((word): [string, number] => [word, 1])
  .reduceByKey((a, b) => a + b, 2);
await counts.map(([word, count]) => `${word}\t${count}`).saveAsTextFile(output);
const actionMs = performance.now() - startedMs;
const words = await sc.textFile(output).count();
console.log(JSON.stringify({ row: 'word-count-files', actionMs, check: String(words) }));
