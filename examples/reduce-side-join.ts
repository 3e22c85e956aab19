/**
 * MapReduce's reduce-side join by hand, and the same by `join`:
 * `npx heddle submit examples/reduce-side-join.ts [seed]`
 */
import { HeddleContext } from 'heddle';

const seed = Number(process.argv[2] ?? '7');

await using sc = await HeddleContext.getOrCreate({ appName: 'reduce-side join' });

/** Random pairs with repeated keys; the same for the same seed. */
const side = (name: string, count: number, seedOfSide: number) =>
  sc
    .range(0, count, 1, 3)
    .sample(true, 0.7, seedOfSide)
    .zipWithUniqueId()
    .map(([key, id]): [string, string] => [`k${key % 40}`, `${name}${id}`]);

const orders = side('order', 120, seed);
const customers = side('customer', 60, seed + 1);

// By hand: tag each record with its source, group by key, pair the two sides of each group.
type Tagged = ['order' | 'customer', string];
const byHand = orders
  .mapValues((value): Tagged => ['order', value])
  .union(customers.mapValues((value): Tagged => ['customer', value]))
  .groupByKey(4)
  .flatMapValues(function* (tagged) {
    const right = tagged.filter(([tag]) => tag === 'customer');
    for (const [tag, order] of tagged) {
      if (tag === 'order') for (const [, customer] of right) yield [order, customer];
    }
  });

const joined = orders.join(customers, 4);

const text = ([key, [left, right]]: [string, readonly (string | undefined)[]]): string =>
  `${key} ${left} ${right}`;
const some = await byHand
  .map(text)
  .sortBy((line) => line)
  .collect();
const others = await joined
  .map(text)
  .sortBy((line) => line)
  .collect();
console.log(`${some.length} pairs by hand, ${others.length} by join`);
console.log(some.join() === others.join() ? 'the same' : 'DIFFERENT');
