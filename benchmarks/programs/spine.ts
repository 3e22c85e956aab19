import { HeddleContext } from 'heddle';

/** The same jobs as `benchmarks/peers/spark/Jobs.scala`, in all modes. */
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
  empty: () => Promise.resolve('nothing'),
  lines: async () => String(await sc.textFile(input).count()),
  'empty-tasks': async () => String(await sc.range(0, 10_000, 1, 10_000).count()),
  jobs: async () => {
    let sum = 0;
    for (let job = 0; job < 200; job++) sum += await sc.range(0, 2, 1, 2).count();
    return String(sum);
  },
  'group-by-key': async () => {
    const groups = sc
      .range(0, 5_000_000)
      .map((i): [number, number] => [(i * 7919) % 100_003, i])
      .groupByKey()
      .mapValues((values) => values.length);
    const [keys, total] = await groups.aggregate(
      [0, 0],
      (acc, [, size]) => [acc[0] + 1, acc[1] + size],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    );
    return `${keys}/${total}`;
  },
  'sort-by-key': async () => {
    const parts = await sc
      .range(0, 2_000_000)
      .map((i): [string, number] => [`key-${(i * 1_103_515_245 + 12_345) % 2_147_483_648}`, i])
      .sortByKey()
      .mapPartitions((pairs) => {
        let n = 0;
        let ordered = true;
        let first = '';
        let last = '';
        for (const [key] of pairs) {
          if (n === 0) first = key;
          if (key < last) ordered = false;
          last = key;
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
  distinct: async () =>
    String(
      await sc
        .range(0, 5_000_000)
        .map((i) => (i * 7919) % 1_000_003)
        .distinct()
        .count(),
    ),
  // 4 GiB that no compression makes smaller, in rows of 4 KiB.
  'shuffle-4g': async () => {
    const rows = sc
      .range(0, 1_048_576, 1, 64)
      .map((i): [number, Uint8Array] => {
        const words = new Uint32Array(1_024);
        let state = i + 1;
        for (let n = 0; n < words.length; n++) {
          state ^= state << 13;
          state ^= state >>> 17;
          state ^= state << 5;
          words[n] = state;
        }
        return [i, new Uint8Array(words.buffer)];
      })
      .partitionBy(64);
    const [count, bytes] = await rows.aggregate(
      [0, 0],
      (acc, [, row]) => [acc[0] + 1, acc[1] + row.length],
      (a, b) => [a[0] + b[0], a[1] + b[1]],
    );
    return `${count}/${bytes}`;
  },
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
