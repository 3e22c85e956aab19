/**
 * Estimates pi by throwing darts: `npx heddle submit examples/pi.ts [partitions] [darts each]`
 *
 * Each partition has its own generator, seeded by its index, so that every run, on any number of
 * threads, throws the same darts.
 */
import { HeddleContext } from 'heddle';

const [partitions = '8', dartsEach = '250000'] = process.argv.slice(2);
const darts = Number(dartsEach);

/** Mulberry32: small, and good enough for darts. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

await using sc = await HeddleContext.getOrCreate({ appName: 'pi' });

const hits = await sc
  .range(0, Number(partitions), 1, Number(partitions))
  .map((seed) => {
    const random = randomNumbers(seed);
    let inside = 0;
    for (let i = 0; i < darts; i += 1) {
      const x = random();
      const y = random();
      if (x * x + y * y < 1) inside += 1;
    }
    return inside;
  })
  .sum();

const thrown = Number(partitions) * darts;
console.log(`${hits} of ${thrown} darts hit: pi is about ${((4 * hits) / thrown).toFixed(4)}`);
