import { expect } from 'chai';
import fc from 'fast-check';
import { findSkew, planLaunches } from '../../src/dag/launch-plan.js';
import { DagStory } from '../support/dag-story.js';
import { Lineage } from '../support/lineage.js';

const MIB = 1024 * 1024;
const inputs = (sizes: readonly number[]) =>
  sizes.map((sizeBytes, partition) => ({ partition, sizeBytes, place: undefined }));

describe('Adaptive reduce side: the plan', () => {
  it('covers every partition once, in order, and keeps several launches for each slot', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 64 * MIB }), { minLength: 2, maxLength: 300 }),
        fc.integer({ min: 1, max: 64 }),
        (sizes, slots) => {
          const starts = planLaunches(inputs(sizes), slots, 4 * MIB);
          if (starts === undefined) return;
          expect(starts[0]).to.equal(0);
          expect([...new Set(starts)].sort((a, b) => a - b)).to.deep.equal(starts);
          expect(starts.at(-1)).to.be.lessThan(sizes.length);
          expect(starts.length).to.be.at.least(Math.min(sizes.length, 4 * slots));
        },
      ),
    );
  });

  it('2,000 empty partitions in two slots are some 25 launches, the last ones small', () => {
    const starts = planLaunches(inputs(new Array<number>(2_000).fill(0)), 2, 4 * MIB) ?? [];
    expect(starts.length).to.be.within(20, 30);
    // At most a thirty-second part of what a slot has to do in all.
    expect(2_000 - (starts.at(-1) ?? 0)).to.be.within(1, 2_000 / 2 / 32);
  });

  it('a few partitions are launched one by one at the end', () => {
    const starts = planLaunches(inputs(new Array<number>(40).fill(0)), 2, 4 * MIB) ?? [];
    expect(40 - (starts.at(-1) ?? 0)).to.equal(1);
  });

  it('partitions of the target size and more stay alone', () => {
    expect(planLaunches(inputs(new Array<number>(100).fill(8 * MIB)), 2, 4 * MIB)).to.equal(
      undefined,
    );
  });

  it('a stage with as many slots as partitions stays as it is', () => {
    expect(planLaunches(inputs(new Array<number>(8).fill(10)), 8, 4 * MIB)).to.equal(undefined);
  });

  it('partitions that are cached on different executors are not put together', () => {
    const placed = inputs(new Array<number>(40).fill(10)).map((each) => ({
      ...each,
      place: each.partition % 2 === 0 ? 'a' : 'b',
    }));
    expect(planLaunches(placed, 1, 4 * MIB)).to.equal(undefined);
  });

  it('finds a partition that is much larger than the others', () => {
    expect(findSkew(inputs([1, 2, 3, 500 * MIB]))).to.deep.equal({
      partition: 3,
      sizeBytes: 500 * MIB,
      medianBytes: 3,
    });
    expect(findSkew(inputs([1, 2, 3, 10 * MIB]))).to.equal(undefined);
    expect(findSkew(inputs([200 * MIB, 210 * MIB, 220 * MIB]))).to.equal(undefined);
  });
});

describe('Adaptive reduce side: stages', () => {
  const adaptive = { targetBytes: 4 * MIB, slots: () => 1 };

  function story(): { story: DagStory; lineage: Lineage } {
    return { story: new DagStory({ adaptive }), lineage: new Lineage() };
  }

  it('small reduce partitions are launched together; map stages are not', () => {
    const { story: dag, lineage } = story();
    dag.submit(lineage.shuffle(lineage.source(1), 20));
    expect(dag.taskSets.get('0.0')?.launchStarts).to.equal(undefined);
    dag.succeed('0.0', 0);
    const starts = dag.taskSets.get('1.0')?.launchStarts;
    expect(starts?.[0]).to.equal(0);
    expect(starts?.length).to.be.within(4, 15);
  });

  it('a later attempt of the same generation keeps the plan, for what is left to run', () => {
    const { story: dag, lineage } = story();
    dag.submit(lineage.shuffle(lineage.source(1), 20));
    dag.succeed('0.0', 0);
    const plan = dag.taskSets.get('1.0')?.launchStarts ?? [];
    dag.succeed('1.0', 0);
    dag.fetchFail('1.0', 5, 0, 0);
    dag.resubmit();
    dag.succeed('0.1', 0);
    const again = dag.taskSets.get('1.1');
    expect(again?.partitions).to.have.length(19);
    // The same borders, moved by the one partition that is done.
    expect(again?.launchStarts).to.deep.equal(
      [0, ...plan.filter((start) => start > 0).map((start) => start - 1)].filter(
        (start, index, all) => all.indexOf(start) === index,
      ),
    );
  });

  it('a stage that also reads a source is left alone', () => {
    const { story: dag, lineage } = story();
    const reduced = lineage.shuffle(lineage.source(1), 20);
    dag.submit(lineage.union([reduced, lineage.source(3)]));
    dag.succeed('0.0', 0);
    expect(dag.taskSets.get('1.0')?.partitions).to.have.length(23);
    expect(dag.taskSets.get('1.0')?.launchStarts).to.equal(undefined);
  });
});

describe('An executor that dies under a partition', () => {
  const died = {
    kind: 'executorDiedUnder',
    stageId: 0,
    stageAttempt: 0,
    partition: 1,
    failure: { kind: 'executorLost', reason: 'exit 134', countsAsFailure: true },
  } as const;

  it('four times ends the job, in however many attempts of the stage (poison task)', () => {
    const dag = new DagStory();
    dag.submit(new Lineage().source(2));
    for (let count = 0; count < 3; count++) expect(dag.handle(died)).to.deep.equal([]);
    expect(dag.handle(died)).to.include('job 0 failed: task');
  });

  it('different partitions do not add up', () => {
    const dag = new DagStory();
    dag.submit(new Lineage().source(8));
    for (let partition = 0; partition < 8; partition++) {
      expect(dag.handle({ ...died, partition })).to.deep.equal([]);
    }
  });
});

describe('Loss of executors and map outputs', () => {
  function complete(): DagStory {
    const lineage = new Lineage();
    const dag = new DagStory();
    dag.submit(lineage.shuffle(lineage.source(2), 1));
    dag.succeed('0.0', 0, { executor: 'a' });
    dag.succeed('0.0', 1, { executor: 'b' });
    return dag;
  }

  it('outputs that the node serves stay registered', () => {
    const dag = complete();
    dag.loseExecutor('a', { mapOutputs: 'served' });
    expect(dag.dag.outputs.isComplete(0)).to.equal(true);
  });

  it('outputs that went with the executor are missing', () => {
    const dag = complete();
    dag.loseExecutor('a');
    expect(dag.dag.outputs.missing(0)).to.deep.equal([0]);
  });

  it('a host takes the outputs of all its executors, also of those that left before (A-184)', () => {
    const dag = complete();
    dag.loseExecutor('a', { mapOutputs: 'served' });
    dag.handle({
      kind: 'executorLost',
      host: 'host-a',
      loss: {
        executorId: 'c',
        reason: 'node lost',
        countsAsFailure: false,
        hostLost: true,
        mapOutputs: 'lost',
      },
    });
    expect(dag.dag.outputs.missing(0)).to.deep.equal([0]);
  });
});
