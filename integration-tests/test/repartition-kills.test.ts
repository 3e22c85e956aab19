import { expect } from 'chai';
import { repartitionPhases, runRepartition } from '../src/chaos/repartition-run.js';

describe('a repartition whose executors are killed (A-120, A-134, F35)', function () {
  this.timeout(150_000);

  for (const service of [true, false]) {
    for (const phase of repartitionPhases) {
      const outputs = service ? 'outlive their executor' : 'are lost with their executor';
      it(`neither loses nor repeats one of 1,000,000 rows when outputs ${outputs}, killed in phase ${phase}`, async () => {
        const { stderr, ...outcome } = await runRepartition(phase, service);
        expect(outcome, stderr.slice(-2_000)).to.deep.equal({
          exitCode: 0,
          killed: true,
          distinct: 1_000_000,
          repeated: 0,
          leftovers: [],
        });
      });
    }
  }
});
