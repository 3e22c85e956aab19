import { registerSuites } from '../src/command/register-suites.js';

/** The same programs in every mode; `HEDDLE_SUITES_MASTER` chooses one. */
const chosen = process.env['HEDDLE_SUITES_MASTER'];
for (const master of chosen === undefined ? ['local[2]', 'local-cluster[2,1,1024]'] : [chosen]) {
  await registerSuites(master);
}
