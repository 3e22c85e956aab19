import { randomBytes } from 'node:crypto';
import { HeddleContext, StorageLevel } from 'heddle';

/** Writes about 40 MiB that cannot be compressed to local disks: `full-disk-program.ts shuffle|cache|spill`. */
const [what] = process.argv.slice(2);
await using sc = await HeddleContext.getOrCreate();
const records = sc
  .range(0, 640, 1, 8)
  .map((n): [number, string] => [n % 40, randomBytes(65_536).toString('latin1')]);
try {
  if (what === 'cache') {
    const cached = records.persist(StorageLevel.DISK_ONLY);
    console.log(JSON.stringify({ first: await cached.count(), second: await cached.count() }));
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
