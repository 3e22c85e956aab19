import { HeddleContext } from 'heddle';

/**
 * What ten captured closures cost per record beside one hand-written loop, in a thread that is clean
 * and in one where other pipelines ran before. Run with `--master local[1]`.
 */
await using sc = await HeddleContext.getOrCreate();
const records = Number(process.argv[2] ?? 30_000_000);

const [a, b, c, d, e, f, g, h, i, j] = Array.from({ length: 10 }, (_, index) => index + 3) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

const chain = (): Promise<number> =>
  sc
    .range(0, records, 1, 1)
    .map((x) => x + a)
    .filter((x) => x % b !== 0)
    .map((x) => x * c)
    .map((x) => x - d)
    .filter((x) => x % e !== 0)
    .map((x) => x + f)
    .map((x) => x % (1_000_000 * g))
    .filter((x) => x % h !== 0)
    .map((x) => x - i)
    .map((x) => x % j)
    .reduce((left, right) => left + right);

const handWritten = async (): Promise<number> => {
  const [sum] = await sc
    .parallelize([records], 1)
    .map((count) => {
      let total = 0;
      for (let n = 0; n < count; n++) {
        let x = n + a;
        if (x % b === 0) continue;
        x = x * c - d;
        if (x % e === 0) continue;
        x = (x + f) % (1_000_000 * g);
        if (x % h === 0) continue;
        total += (x - i) % j;
      }
      return total;
    })
    .collect();
  return sum!;
};

/** Other element types through the same operators, so that shared call sites would be megamorphic. */
async function runOtherPipelines(): Promise<void> {
  const words = sc.parallelize(['a b', 'c d', 'e'], 1).flatMap((line) => line.split(' '));
  for (let round = 0; round < 5; round++) {
    await words
      .map((word) => ({ word }))
      .filter((row) => row.word !== 'c')
      .count();
    await words
      .map((word): [string, number] => [word, 1])
      .mapValues((n) => n + 1)
      .collect();
    await sc
      .range(0, 1000, 1, 1)
      .map((n) => [n])
      .map((row) => row[0] + 0.5)
      .reduce((x, y) => x + y);
    await sc
      .range(0, 1000, 1, 1)
      .map((n) => BigInt(n))
      .filter((n) => n > 3n)
      .count();
  }
}

async function nsPerRecord(job: () => Promise<number>): Promise<[number, number]> {
  const startedMs = performance.now();
  const check = await job();
  return [((performance.now() - startedMs) * 1e6) / records, check];
}

const report: Record<string, number> = {};
const checks = new Set<number>();
for (const state of ['clean', 'polluted']) {
  if (state === 'polluted') await runOtherPipelines();
  for (const [name, job] of [
    ['loop', handWritten],
    ['chain', chain],
  ] as const) {
    const best: number[] = [];
    for (let run = 0; run < 5; run++) {
      const [ns, check] = await nsPerRecord(job);
      best.push(ns);
      checks.add(check);
    }
    report[`${state}-${name}-ns`] = Math.round(best.sort((x, y) => x - y)[2]! * 100) / 100;
  }
  report[`${state}-ratio`] =
    Math.round((report[`${state}-chain-ns`]! / report[`${state}-loop-ns`]!) * 100) / 100;
}
if (checks.size !== 1) throw new Error('the chain and the hand-written loop disagree');
console.log(
  JSON.stringify({ row: 'closure-cost', actionMs: 0, check: String([...checks][0]), ...report }),
);
