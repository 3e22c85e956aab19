// `npm run fuzz -w @heddle/hadoop-rpc -- [count] [first seed]`: 100,000 mutated responses by default.
import { runOne } from './mutated-sessions.js';

const count = Number(process.argv[2] ?? 100_000);
const first = Number(process.argv[3] ?? 1_000_000);
const outcomes = { accepted: 0, refused: 0 };
let slowestMs = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const startMs = performance.now();
  outcomes[runOne(seed)] += 1;
  slowestMs = Math.max(slowestMs, performance.now() - startMs);
}
// `maxRSS` is in KiB.
const peakMiB = Math.round(process.resourceUsage().maxRSS / 2 ** 10);
console.log(
  `${count} mutated responses: ${outcomes.accepted} accepted, ${outcomes.refused} refused with typed errors; ` +
    `slowest ${slowestMs.toFixed(1)} ms, ${Math.round(performance.now() / 1000)} s in all, at most ${peakMiB} MiB of memory`,
);
