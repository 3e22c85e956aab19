import { parseArgs } from 'node:util';
import { runChaos } from './chaos-run.js';

/** `make chaos N=100 SEED=1`: N random programs under random faults, from one seed on. */
const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});
const first = Number(options.seed);
const runs = Number(options.runs);
let exact = 0;
const counts = new Map<string, number>();
for (let seed = first; seed < first + runs; seed++) {
  const outcome = await runChaos(seed);
  for (const { kind } of outcome.faults) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const faults = outcome.faults.map(({ kind, atMs }) => `${kind}@${atMs}`).join(' ');
  const good = outcome.complaints.length === 0;
  if (good) exact += 1;
  process.stdout.write(
    `seed ${seed}: ${good ? 'exact' : 'WRONG'} in ${outcome.wallMs} ms; ${faults}\n`,
  );
  if (!good) {
    process.stdout.write(
      `  ${outcome.complaints.join('\n  ')}\n  ${JSON.stringify(outcome.spec)}\n`,
    );
    process.stdout.write(`${outcome.stderr.slice(-4_000)}\n`);
  }
}
const total = [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
process.stdout.write(`${exact} of ${runs} exact; faults: ${total}\n`);
process.exitCode = exact === runs ? 0 : 1;
