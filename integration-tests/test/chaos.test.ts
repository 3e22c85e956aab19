import { expect } from 'chai';
import { runChaos } from '../src/chaos/chaos-run.js';

describe('random programs under random faults (F41 in small)', function () {
  this.timeout(180_000);

  for (let seed = 1; seed <= 10; seed++) {
    it(`seed ${seed} gives exactly the oracle's answer and leaves nothing behind`, async () => {
      const { complaints, faults, stderr } = await runChaos(seed);
      expect(complaints, stderr.slice(-2_000)).to.deep.equal([]);
      expect(faults.length).to.be.greaterThan(0);
    });
  }
});
