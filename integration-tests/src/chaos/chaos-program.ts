import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeddleContext, type RDD } from 'heddle';
import type { ActionKind, ProgramSpec, SourceSpec, StepSpec } from './program-spec.js';
import type { Pair } from './steps.js';
import { copiesOf, fingerprint, joined, reduced, scaled, sourcePair, swapped } from './steps.js';

/**
 * Runs a program that is given as data and prints one line of JSON for each action:
 * `chaos-program.ts <spec as JSON> <folder for outputs>`.
 */
const [specText = '', outputs = ''] = process.argv.slice(2);
const spec = JSON.parse(specText) as ProgramSpec;
await using sc = await HeddleContext.getOrCreate();
const { burnMs } = spec;

let pairs = load(spec.source);
for (const step of spec.steps) pairs = apply(pairs, step);
for (const [index, action] of spec.actions.entries()) {
  console.log(JSON.stringify({ answer: await run(pairs, action, index) }));
}

function load(source: SourceSpec): RDD<Pair> {
  return slowed(sc.range(0, source.count, 1, source.partitions).map((i) => sourcePair(source, i)));
}

/** Keeps a thread busy for a while in each partition: without it faults would come too late. */
function slowed(rdd: RDD<Pair>): RDD<Pair> {
  return rdd.mapPartitions((records) => {
    const endMs = performance.now() + burnMs;
    while (performance.now() < endMs);
    return records;
  });
}

function apply(rdd: RDD<Pair>, step: StepSpec): RDD<Pair> {
  switch (step.kind) {
    case 'mapValues':
      return rdd.mapValues((value) => scaled(value, step.factor, step.offset));
    case 'filter':
      return rdd.filter(([, value]) => value % step.modulus !== step.remainder);
    case 'flatMap':
      return rdd.flatMap((pair) => copiesOf(pair, step.copies));
    case 'swap':
      return rdd.map((pair) => swapped(pair, step.modulus));
    case 'union':
      return rdd.union(load(step.other));
    case 'cache':
      return rdd.cache();
    case 'reduceByKey':
      return slowed(rdd.reduceByKey((a, b) => reduced(step.reduce, a, b), step.partitions));
    case 'groupSizes':
      return slowed(rdd.groupByKey(step.partitions).mapValues((values) => values.length));
    case 'join':
      return slowed(
        rdd
          .join(load(step.other), step.partitions)
          .mapValues(([left, right]) => joined(left, right)),
      );
    case 'cogroupSizes':
      return slowed(
        rdd
          .cogroup(load(step.other), step.partitions)
          .mapValues(([left, right]) => left.length * 1_000 + right.length),
      );
    case 'distinct':
      return slowed(rdd.distinct(step.partitions));
    case 'repartition':
      return slowed(rdd.repartition(step.partitions));
    case 'sortByKey':
      return slowed(rdd.sortByKey(true, step.partitions));
  }
}

async function run(rdd: RDD<Pair>, action: ActionKind, index: number): Promise<string> {
  switch (action) {
    case 'count':
      return String(await rdd.count());
    case 'collect':
      return sortedText((await rdd.collect()).map(([key, value]) => `${key},${value}`));
    case 'accumulate': {
      const sum = sc.accumulator(0);
      await rdd.foreach((pair) => sum.add(fingerprint(pair)));
      return String(sum.value);
    }
    case 'save': {
      const path = join(outputs, `save-${index}`);
      await rdd.map(([key, value]) => `${key},${value}`).saveAsTextFile(path);
      const names = readdirSync(path).sort();
      if (!names.includes('_SUCCESS')) throw new Error(`${path} has no _SUCCESS`);
      const lines = names
        .filter((name) => name.startsWith('part-'))
        .flatMap((name) => readFileSync(join(path, name), 'utf8').split('\n'));
      return sortedText(lines.filter((line) => line !== ''));
    }
  }
}

function sortedText(lines: readonly string[]): string {
  return [...lines].sort().join(' ');
}
