import { HeddleContext } from 'heddle';

/** The same jobs as `benchmarks/peers/spark/Jobs.scala`. */
const [row = '', warmRuns = '0', input = ''] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();

const rows: Record<string, () => Promise<string>> = {
  narrow: async () =>
    String(
      await sc
        .range(0, 50_000_000)
        .map((x) => x + 1)
        .filter((x) => x % 3 !== 0)
        .map((x) => x * 2)
        .map((x) => x - 1)
        .filter((x) => x % 5 !== 0)
        .map((x) => x + 3)
        .map((x) => x * 3)
        .filter((x) => x % 7 !== 0)
        .map((x) => x - 2)
        .map((x) => x + x)
        .map((x) => x % 1000)
        .reduce((a, b) => a + b),
    ),
  'word-count': async () => {
    const counts = sc
      .textFile(input)
      .flatMap((line) => line.split(' '))
      .map((word): [string, number] => [word, 1])
      .reduceByKey((a, b) => a + b);
    const [words, total] = await counts.aggregate(
      [0, 0],
      (sums, [, count]) => [sums[0] + 1, sums[1] + count],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    );
    return `${words}/${total}`;
  },
  'reduce-by-key': async () => {
    const sums = sc
      .range(0, 20_000_000)
      .map((i): [number, number] => [(i * 7919) % 1_000_003, 1])
      .reduceByKey((a, b) => a + b);
    const [keys, total] = await sums.aggregate(
      [0, 0],
      (acc, [, count]) => [acc[0] + 1, acc[1] + count],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    );
    return `${keys}/${total}`;
  },
  'sort-by': async () => {
    const parts = await sc
      .range(0, 5_000_000)
      .map((i) => (i * 1_103_515_245 + 12_345) % 2_147_483_648)
      .sortBy((x) => x)
      .mapPartitions((numbers) => {
        let n = 0;
        let ordered = true;
        let first = -1;
        let last = -1;
        for (const x of numbers) {
          if (n === 0) first = x;
          if (x < last) ordered = false;
          last = x;
          n += 1;
        }
        return [{ n, first, last, ordered }];
      })
      .collect();
    const ordered = parts.every(
      (part, i) => part.ordered && (i === 0 || parts[i - 1]!.last <= part.first),
    );
    return `${parts.reduce((n, part) => n + part.n, 0)}/${parts[0]!.first}/${parts.at(-1)!.last}/${ordered}`;
  },
  join: async () => {
    const left = sc.range(0, 2_000_000).map((i): [number, number] => [(i * 7919) % 2_000_003, i]);
    const right = sc.range(0, 2_000_000).map((i): [number, number] => [i, i * 2]);
    const [n, sum] = await left.join(right).aggregate(
      [0, 0],
      (acc, [, [a, b]]) => [acc[0] + 1, acc[1] + (a % 10) + (b % 10)],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    );
    return `${n}/${sum}`;
  },
  start: async () => String(await sc.range(0, 10).count()),
};

const job = rows[row];
if (job === undefined) throw new Error(`no such row: ${row}`);
const timesMs: number[] = [];
const checks = new Set<string>();
for (let run = 0; run <= Number(warmRuns); run++) {
  const startedMs = performance.now();
  checks.add(await job());
  timesMs.push(Math.round(performance.now() - startedMs));
}
const [actionMs, ...warmMs] = timesMs;
console.log(JSON.stringify({ row, actionMs, warmMs, check: [...checks].join(' or ') }));
