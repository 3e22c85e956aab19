import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HeddleContext, StorageLevel } from 'heddle';

/** Writes about 40 MiB that cannot be compressed to local disks: `full-disk-program.ts shuffle|cache|spill|fetch`. */
const [what] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();
const records = sc
  .range(0, 640, 1, 8)
  .map((n): [number, string] => [n % 40, randomBytes(65_536).toString('latin1')]);
try {
  if (what === 'cache') {
    const cached = records.persist(StorageLevel.DISK_ONLY);
    console.log(JSON.stringify({ first: await cached.count(), second: await cached.count() }));
  } else if (what === 'fetch') {
    while (sc.statusTracker.getExecutorInfos().length < 2) await delay(20);
    // Two parts of 20 MiB, one of which goes to the other executor, which cannot hold it in memory.
    const parts = records.coalesce(1).partitionBy(2, (n) => n % 2);
    console.log(JSON.stringify({ total: await parts.count() }));
  } else {
    // With a tiny memory groups are sorted on disk before they are written.
    const sizes = records.groupByKey(8).mapValues((values) => values.length);
    console.log(JSON.stringify({ total: await sizes.values().sum() }));
  }
} catch (error) {
  const chain: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    chain.push(`${(at as Error & { code?: string }).code ?? at.name}: ${at.message}`);
  }
  console.log(JSON.stringify({ failed: chain.join(' <- ') }));
}
