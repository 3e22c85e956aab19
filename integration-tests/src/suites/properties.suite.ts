import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import { allProperties } from '../model/all-properties.js';
import { runsOf } from '../model/property.js';
import { useContext } from './support/context.js';
import { suitesMaster } from './support/master.js';

/**
 * Runs of a property without shuffles where the engine is in this process, a twentieth elsewhere;
 * `HEDDLE_PROPERTIES_RUNS` sets it.
 */
const runs = Number(
  process.env['HEDDLE_PROPERTIES_RUNS'] ?? (suitesMaster().startsWith('local[') ? 100 : 5),
);

/**
 * The same in each run, so that a failure comes with the change that causes it.
 * `HEDDLE_PROPERTIES_SEED` sets another one, `random` a new one each time; the title names it.
 */
const wantedSeed = process.env['HEDDLE_PROPERTIES_SEED'] ?? '268616462';
const seed = wantedSeed === 'random' ? randomInt(2 ** 31) : Number(wantedSeed);

describe(`every operator is its model, from seed ${seed}`, function () {
  // Under load; without it the slowest takes some seconds.
  this.timeout(600_000);

  it('at least 300 are tried 100 times each where the engine is in this process', () => {
    const often = allProperties.filter((property) => runsOf(property, 100) === 100);
    expect(often.length).to.be.at.least(300);
    // Of an operator that shuffles each property has a fifth of the runs, with the adaptive reduce side.
    expect(allProperties.every((property) => runsOf(property, 100) >= 20)).to.equal(true);
  });

  describe('with the adaptive reduce side', () => {
    const suite = useContext({ 'heddle.adaptive.enabled': true });
    for (const property of allProperties) {
      const count = runsOf(property, runs);
      it(`${property.row}: ${property.title}, ${count} times`, () =>
        property.check(suite.sc, { seed, count }));
    }
  });

  describe('without it, where there are shuffles', () => {
    const suite = useContext({ 'heddle.adaptive.enabled': false });
    for (const property of allProperties.filter(({ isWide }) => isWide)) {
      const count = Math.ceil(runsOf(property, runs) / 5);
      it(`${property.row}: ${property.title}, ${count} times`, () =>
        property.check(suite.sc, { seed, count }));
    }
  });
});
