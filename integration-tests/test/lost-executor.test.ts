import { expect } from 'chai';
import { runWithLostExecutor } from '../src/chaos/lost-executor-run.js';

describe('an executor that dies after its map tasks (F02)', function () {
  this.timeout(150_000);

  it('costs no map task while the shuffle service of its host lives', async () => {
    const outcome = await runWithLostExecutor({
      serviceKills: 0,
      settings: { 'heddle.shuffle.readHostLocalDisk': 'false' },
    });
    expect(outcome.killed, outcome.stderr).to.deep.equal(['executor-main']);
    expect(outcome.sums, outcome.stderr).to.deep.equal([80_000, 80_000]);
    expect([outcome.mapRunsBefore, outcome.mapRunsAfter]).to.deep.equal([8, 8]);
    expect(outcome.leftovers).to.deep.equal([]);
  });

  it('costs only its own map tasks when the shuffle service has died for good', async () => {
    const outcome = await runWithLostExecutor({
      serviceKills: 4,
      settings: { 'heddle.shuffle.readHostLocalDisk': 'false' },
    });
    expect(outcome.killed, outcome.stderr).to.deep.equal([
      ...Array<string>(4).fill('shuffle-service'),
      'executor-main',
    ]);
    expect(outcome.sums, outcome.stderr).to.deep.equal([80_000, 80_000]);
    expect(outcome.mapRunsBefore).to.equal(8);
    expect(outcome.mapRunsAfter).to.be.within(9, 15);
    expect(outcome.leftovers).to.deep.equal([]);
  });

  it('costs no map task either when the service was killed before: another one serves at the same place', async () => {
    const outcome = await runWithLostExecutor({
      serviceKills: 1,
      settings: { 'heddle.shuffle.readHostLocalDisk': 'false' },
    });
    expect(outcome.killed, outcome.stderr).to.deep.equal(['shuffle-service', 'executor-main']);
    expect(outcome.sums, outcome.stderr).to.deep.equal([80_000, 80_000]);
    expect([outcome.mapRunsBefore, outcome.mapRunsAfter]).to.deep.equal([8, 8]);
    expect(outcome.leftovers).to.deep.equal([]);
  });

  it('costs only its own map tasks when there is no shuffle service', async () => {
    const outcome = await runWithLostExecutor({
      serviceKills: 0,
      settings: { 'heddle.shuffle.service.enabled': 'false' },
    });
    expect(outcome.killed, outcome.stderr).to.deep.equal(['executor-main']);
    expect(outcome.sums, outcome.stderr).to.deep.equal([80_000, 80_000]);
    expect(outcome.mapRunsBefore).to.equal(8);
    expect(outcome.mapRunsAfter).to.be.within(9, 15);
    expect(outcome.leftovers).to.deep.equal([]);
  });
});
