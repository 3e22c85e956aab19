import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import { nodeOf } from '../../src/rdd/rdd-metadata.js';
import { stageCompiler } from '../../src/rdd/stage-compiler.js';
import { FakeApplication } from '../support/fake-application.js';
import { splitText } from '../support/plan-text.js';

const collect = { build: () => ({ kind: 'collect' }) as const };

describe('plans and splits when a checkpoint cuts the lineage', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    fake.respond = ({ sink }) => ({ value: sink.kind === 'count' ? 5 : undefined });
    sc = await fake.start();
  });
  afterEach(() => sc.stop());

  it('A-175 a stage that was planned before goes on with what its plan reads', async () => {
    const cut = sc.range(0, 10, 1, 3).map(String);
    const child = cut.filter(Boolean).coalesce(2).map(String);
    await child.getNumPartitions();
    const node = nodeOf(child);
    const before = stageCompiler.resultPlan(node, collect);
    const splitBefore = splitText(stageCompiler.split(node, 1, before));
    cut.localCheckpoint();
    await child.count();
    expect(cut.isCheckpointed).to.equal(true);
    expect(splitText(stageCompiler.split(node, 1, before))).to.equal(splitBefore);
    expect(before.nodes.map(({ operator }) => operator.kind)).to.deep.equal([
      'range',
      'map',
      'filter',
      'coalesce',
      'map',
    ]);
    const after = stageCompiler.resultPlan(node, collect);
    expect(after.nodes.map(({ operator }) => operator.kind)).to.deep.equal([
      'localCheckpoint',
      'filter',
      'coalesce',
      'map',
    ]);
    expect(splitText(stageCompiler.split(node, 1, after))).to.equal(
      splitBefore.replaceAll('<range>', ''),
    );
    // Without a plan the lineage is taken as it is now.
    expect(splitText(stageCompiler.split(node, 1))).to.equal(splitBefore.replaceAll('<range>', ''));
  });

  it('A-175 steps over it begin at it: nothing of the old lineage is reached', async () => {
    const source = sc.range(0, 10, 1, 3);
    const cut = source.map(String);
    const child = cut.filter(Boolean);
    await child.count();
    expect(nodeOf(child).readsNode).to.equal(nodeOf(source));
    cut.localCheckpoint();
    await child.count();
    expect(nodeOf(child).readsNode).to.equal(nodeOf(cut));
    expect(nodeOf(cut).definition.parents).to.deep.equal([]);
    expect(nodeOf(cut).facts.determinacy).to.equal('determinate');
    expect(nodeOf(cut).partitionCount).to.equal(3);
  });

  it('a deep lineage is walked without recursion, also after a cut', async () => {
    let rdd = sc.range(0, 10, 1, 2);
    const first = rdd.map(Number);
    rdd = first;
    for (let i = 0; i < 20_000; i += 1) rdd = rdd.filter(Boolean);
    await rdd.count();
    expect(nodeOf(rdd).readsNode).to.not.equal(nodeOf(first));
    first.localCheckpoint();
    await rdd.count();
    expect(nodeOf(rdd).readsNode).to.equal(nodeOf(first));
    expect(splitText(stageCompiler.split(nodeOf(rdd), 1))).to.equal('1');
  });
});
