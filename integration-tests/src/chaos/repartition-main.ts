import { parseArgs } from 'node:util';
import { repartitionPhases, runRepartition } from './repartition-run.js';

/** `make repartition-kills N=50`: a kill in each phase in turn, with and without the shuffle service. */
const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '50' } } });
const runs = Number(options.runs);
let exact = 0;
for (let run = 0; run < runs; run++) {
  const phase = repartitionPhases[run % repartitionPhases.length]!;
  const service = run % (2 * repartitionPhases.length) < repartitionPhases.length;
  const outcome = await runRepartition(phase, service);
  const good = outcome.killed && outcome.distinct === 1_000_000 && outcome.repeated === 0;
  if (good) exact += 1;
  process.stdout.write(
    `run ${run + 1}: killed in phase ${phase}, service ${service ? 'on' : 'off'}: ${good ? 'exact' : 'WRONG'}\n`,
  );
  if (!good) process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
process.stdout.write(`${exact} of ${runs} exact\n`);
process.exitCode = exact === runs ? 0 : 1;
