/**
 * The arithmetic that is often used to explain stages: `npx heddle submit examples/walk-through.ts`
 *
 * Five partitions of 10, 20, 30, … and six of 2, 6, 10, … are joined by value and summed up: one
 * stage of five tasks and one of six feed the stage of the join.
 */
import { HeddleContext } from 'heddle';

await using sc = await HeddleContext.getOrCreate({ appName: 'walk-through' });

const timesFive = sc.range(2, 10_000_000, 2, 5).map((n): [number, null] => [n * 5, null]);
const everyFourth = sc.range(2, 10_000_000, 4, 6).map((n): [number, null] => [n, null]);

const joined = timesFive.join(everyFourth).keys();
console.log(await joined.toDebugString());
console.log(`the sum is ${await joined.sum()}`);
