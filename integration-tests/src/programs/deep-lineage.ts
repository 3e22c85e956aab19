import { HeddleContext, type RDD } from 'heddle';

/** One stage of 10,000 steps, each with a closure of its own. */
await using sc = await HeddleContext.getOrCreate();
let rdd: RDD<number> = sc.range(0, 4, 1, 2);
for (let i = 0; i < 10_000; i += 1) rdd = rdd.map((x) => x + 1);
console.log((await rdd.collect()).join());
