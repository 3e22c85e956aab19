import { HeddleContext } from 'heddle';

/** Collects `<partitions>` texts of `<MiB>` MiB each: `large-results-program.ts <partitions> <MiB>`. */
const [partitions = 0, mib = 0] = process.argv.slice(2).map(Number);
await using sc = await HeddleContext.getOrCreate();
// Everything that is needed once is there before the measurement begins.
await sc.range(0, 100, 1, 4).collect();
const before = process.memoryUsage.rss();
const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
let peak = before;
const startedMs = performance.now();
try {
  const texts = await sc
    .range(0, partitions, 1, partitions)
    .map((i) => String.fromCharCode(97 + (i % 26)).repeat(mib * 2 ** 20))
    .collect();
  const right = texts.every(
    (text, i) => text.length === mib * 2 ** 20 && text.charCodeAt(0) === 97 + (i % 26),
  );
  console.log(JSON.stringify({ right, count: texts.length }));
} catch (error) {
  const { code, message } = error as Error & { readonly code?: string };
  console.log(JSON.stringify({ code, message }));
}
clearInterval(timer);
console.log(
  JSON.stringify({
    grownBytes: Math.max(peak, process.memoryUsage.rss()) - before,
    tookMs: Math.round(performance.now() - startedMs),
  }),
);
// The application goes on.
console.log(JSON.stringify({ sum: await sc.range(0, 10, 1, 3).sum() }));
