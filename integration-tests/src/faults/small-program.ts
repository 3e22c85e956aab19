import { HeddleContext } from 'heddle';

/** Sums what a shuffle brought: `small-program.ts [wait]`; with `wait` it says so and never ends. */
const [how] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();
const numbers = sc.range(0, 1_000, 1, 4).cache();
const byLastDigit = numbers
  .map((n): [number, number] => [n % 10, n])
  .reduceByKey((a, b) => a + b, 3);
const sum = await byLastDigit.values().sum();
if (how === 'wait') {
  console.log(JSON.stringify({ ready: process.pid }));
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}
console.log(JSON.stringify({ sum }));
