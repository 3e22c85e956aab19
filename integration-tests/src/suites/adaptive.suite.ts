import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type HeddleContext, type RDD, TaskContext } from 'heddle';
import { useContext } from './support/context.js';
import { rejection } from './support/expect-error.js';
import { here } from './support/paths.js';

/** Reduce partitions: most of them are empty. */
const parts = 40;

/** A shuffled RDD of a few records over many partitions. */
function scattered(sc: HeddleContext): RDD<[number, number]> {
  return sc
    .range(0, 60, 1, 3)
    .map((x): [number, number] => [x % 12, x])
    .reduceByKey((a, b) => a + b, parts);
}

/** What a program can see of partitions, by the name of what it does. */
const observations: Readonly<Record<string, (sc: HeddleContext) => Promise<unknown>>> = {
  collect: (sc) => scattered(sc).collect(),
  count: (sc) => scattered(sc).count(),
  glom: (sc) => scattered(sc).glom().collect(),
  mapPartitionsWithIndex: (sc) =>
    scattered(sc)
      .mapPartitionsWithIndex((index, records) => [[index, records.toArray().length]])
      .collect(),
  'a call for each empty partition': async (sc) => {
    const calls = sc.accumulator(0);
    await scattered(sc).foreachPartition((records) => {
      calls.add(records.toArray().length === 0 ? 1 : 0);
    });
    return calls.value;
  },
  TaskContext: (sc) =>
    scattered(sc)
      .mapPartitions(() => {
        const context = TaskContext.get()!;
        return [[context.partitionId, context.attemptNumber]];
      })
      .collect(),
  'an attempt of its own for each': async (sc) => {
    const ids = await scattered(sc)
      .mapPartitions(() => [TaskContext.get()!.taskAttemptId])
      .collect();
    return new Set(ids).size;
  },
  zipWithIndex: (sc) => scattered(sc).zipWithIndex().collect(),
  zipWithUniqueId: (sc) => scattered(sc).zipWithUniqueId().collect(),
  take: (sc) => scattered(sc).take(5),
  first: (sc) => scattered(sc).sortByKey(false, parts).first(),
  sortByKey: (sc) => scattered(sc).sortByKey(true, parts).glom().collect(),
  groupByKey: (sc) =>
    sc
      .range(0, 60, 1, 3)
      .map((x): [number, number] => [x % 12, x])
      .groupByKey(parts)
      .mapValues((values) => [...values].sort((a, b) => a - b))
      .collect(),
  join: async (sc) => (await scattered(sc).join(scattered(sc), parts).collect()).sort(byKey),
  cogroup: async (sc) => (await scattered(sc).cogroup(scattered(sc), parts).collect()).sort(byKey),
  union: (sc) =>
    scattered(sc)
      .union(scattered(sc).mapValues((n) => -n))
      .glom()
      .collect(),
  coalesce: (sc) => scattered(sc).coalesce(7).glom().collect(),
  repartition: async (sc) =>
    (await scattered(sc).repartition(parts).collect()).sort((a, b) => a[0] - b[0]),
  lookup: (sc) => scattered(sc).lookup(7),
  'a shuffle of a shuffle': (sc) =>
    scattered(sc)
      .map(([key, value]): [number, number] => [key % 5, value])
      .reduceByKey((a, b) => a + b, parts)
      .glom()
      .collect(),
  'cached partitions, read twice': async (sc) => {
    const computed = sc.accumulator(0);
    const cached = scattered(sc)
      .mapPartitions((records) => {
        computed.add(1);
        return records;
      })
      .cache();
    const results = [await cached.count(), await cached.glom().collect()];
    const runs = computed.value;
    await cached.unpersist();
    // Each partition was computed; again only where its block could not be had.
    return [results, runs >= parts];
  },
  'many short tasks': (sc) =>
    sc
      .range(0, 300, 1, 300)
      .mapPartitions((records) => {
        const { partitionId, attemptNumber } = TaskContext.get()!;
        return [[partitionId, attemptNumber, ...records]];
      })
      .collect(),
  'a long task among short ones': (sc) =>
    sc
      .range(0, 200, 1, 200)
      .mapPartitionsWithIndex((index, records) => {
        // Longer than those that wait behind it are let wait.
        const endsMs = performance.now() + (index === 60 ? 1_000 : 0);
        while (performance.now() < endsMs);
        return [[index, TaskContext.get()!.attemptNumber, ...records]];
      })
      .collect(),
  'an attempt of its own for each short task': async (sc) => {
    const ids = await sc
      .range(0, 300, 1, 300)
      .mapPartitions(() => [TaskContext.get()!.taskAttemptId])
      .collect();
    return new Set(ids).size;
  },
  saveAsTextFile: async (sc) => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-adaptive-'));
    try {
      const path = join(folder, 'out');
      await scattered(sc).saveAsTextFile(here(path));
      return readdirSync(path)
        .filter((name) => name.startsWith('part-'))
        .sort()
        .map((name) => [name, readFileSync(join(path, name), 'utf8')]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  'an error names its partition': async (sc) => {
    const error = await rejection(
      scattered(sc)
        .mapPartitionsWithIndex((index, records) => {
          if (index === 23) throw new Error(`partition ${index} is bad`);
          return records;
        })
        .count(),
    );
    return [error.message.includes('partition 23'), error.message.includes('is bad')];
  },
};

function byKey([left]: readonly [number, unknown], [right]: readonly [number, unknown]): number {
  return left - right;
}

describe('the adaptive reduce side changes nothing that a program can see', () => {
  const seen = new Map<string, string>();

  describe('off', () => {
    const suite = useContext({ 'heddle.adaptive.enabled': false });
    for (const [name, observe] of Object.entries(observations)) {
      it(name, async () => {
        seen.set(name, JSON.stringify(await observe(suite.sc)));
      });
    }
  });

  describe('on', () => {
    const suite = useContext({ 'heddle.adaptive.enabled': true });
    for (const [name, observe] of Object.entries(observations)) {
      it(`${name}, the same`, async () => {
        expect(JSON.stringify(await observe(suite.sc))).to.equal(seen.get(name));
      });
    }
  });
});
