import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { LineageNode } from 'heddle/internal';
import { stageGraphText } from '../../src/dag/stage-graph-text.js';
import { DagStory } from '../support/dag-story.js';
import { Lineage } from '../support/lineage.js';

/** Golden files stand beside the sources; `UPDATE_GOLDEN=1` writes them anew. */
const GOLDEN = join(import.meta.dirname, '../../../test/golden');

/** Stages of the job over each node; the jobs before it run to their ends. */
function graphOf(...nodes: LineageNode[]): string {
  const story = new DagStory();
  let text = '';
  for (const node of nodes) {
    const before = story.instructions.length;
    story.submit(node);
    const started = story.instructions[before];
    if (started?.kind !== 'jobStarted') throw new Error('no job');
    text = stageGraphText(started.stages, (shuffleId) => story.dag.outputs.isComplete(shuffleId));
    if (node !== nodes.at(-1)) runToEnd(story);
  }
  return text;
}

function runToEnd(story: DagStory): void {
  // The map grows while it is walked.
  for (const what of story.taskSets.keys()) {
    if (what.endsWith('.0') && story.dag.stage(Number.parseInt(what, 10)) !== undefined) {
      story.succeedAll(what);
    }
  }
}

const graphs: Record<string, () => string> = {
  'word-count': () => {
    const lineage = new Lineage();
    const words = lineage.map(lineage.source(3), { operator: 'flatMap' });
    return graphOf(lineage.shuffle(lineage.map(words), 2));
  },
  diamond: () => {
    // One shuffled RDD used twice: its map stage is there once.
    const lineage = new Lineage();
    const shared = lineage.shuffle(lineage.source(2), 2);
    return graphOf(lineage.cogroup([lineage.map(shared), lineage.map(shared)], 2));
  },
  'self-join': () => {
    // The very same shuffle on both sides.
    const lineage = new Lineage();
    const dependency = lineage.shuffleOf(lineage.source(2), 2);
    return graphOf(lineage.over([dependency, dependency], 2, { operator: 'join' }));
  },
  join: () => {
    const lineage = new Lineage();
    return graphOf(lineage.map(lineage.cogroup([lineage.source(5), lineage.source(6)], 4)));
  },
  'co-partitioned-join': () => {
    // One side is partitioned already: only the other side is shuffled.
    const lineage = new Lineage();
    const left = lineage.shuffle(lineage.source(3), 4, { operator: 'partitionBy' });
    const narrow = lineage.map(left).dependencies;
    const right = lineage.shuffleOf(lineage.source(2), 4);
    return graphOf(lineage.over([...narrow, right], 4, { operator: 'join' }));
  },
  iteration: () => {
    const lineage = new Lineage();
    let ranks: LineageNode = lineage.source(2);
    for (let round = 0; round < 3; round++) ranks = lineage.map(lineage.shuffle(ranks, 2));
    return graphOf(ranks);
  },
  'iteration-next-job': () => {
    // The second job adds a round: what the first one ran is complete, and nothing behind it is shown.
    const lineage = new Lineage();
    let ranks: LineageNode = lineage.source(2);
    for (let round = 0; round < 3; round++) ranks = lineage.map(lineage.shuffle(ranks, 2));
    return graphOf(ranks, lineage.shuffle(ranks, 2));
  },
  'union-of-shuffles': () => {
    const lineage = new Lineage();
    const inputs = [1, 2, 3].map((partitions) => lineage.shuffle(lineage.source(partitions), 2));
    return graphOf(lineage.shuffle(lineage.union([...inputs, lineage.source(4)]), 2));
  },
};

describe('Stage cutting (A-125)', () => {
  for (const [name, make] of Object.entries(graphs)) {
    it(`cuts ${name} as its golden graph shows`, () => {
      const path = join(GOLDEN, `${name}.txt`);
      const text = make();
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, text);
      expect(text).to.equal(readFileSync(path, 'utf8'));
    });
  }

  it('walks lineages of 10,000 narrow steps and of 3,000 shuffles', () => {
    const lineage = new Lineage();
    let node: LineageNode = lineage.source(1);
    for (let step = 0; step < 10_000; step++) node = lineage.map(node);
    const narrow = new DagStory();
    expect(narrow.submit(node)).to.deep.equal(['job 0 started with stages 0', 'run 0.0 [0]']);

    for (let step = 0; step < 3_000; step++) node = lineage.shuffle(node, 1);
    const wide = new DagStory();
    expect(wide.submit(node).at(-1)).to.equal('run 0.0 [0]');
    runToEnd(wide);
    wide.dag.assertEmpty();
  });

  it('walks unions of 1,000 shuffled RDDs, and unions of unions', () => {
    const lineage = new Lineage();
    const inputs = Array.from({ length: 1_000 }, () => lineage.shuffle(lineage.source(1), 1));
    let node: LineageNode = lineage.union(inputs);
    for (let depth = 0; depth < 20; depth++) node = lineage.union([node, lineage.source(1)]);
    const story = new DagStory();
    const said = story.submit(node);
    expect(said.filter((text) => text.startsWith('run '))).to.have.length(1_000);
    runToEnd(story);
    story.dag.assertEmpty();
  });

  it('visits a diamond of diamonds once per RDD, not once per path', () => {
    const lineage = new Lineage();
    let visits = 0;
    const hosts = () => {
      visits++;
      return [];
    };
    let node: LineageNode = lineage.source(1, { hosts });
    for (let depth = 0; depth < 50; depth++) {
      const left = lineage.map(node, { hosts });
      const right = lineage.map(node, { hosts });
      node = lineage.over(
        [left, right].map((parent) => ({ kind: 'narrow', parent, parentPartitions: () => [0] })),
        1,
        { operator: 'zip', hosts },
      );
    }
    const story = new DagStory();
    story.submit(node);
    expect(visits).to.be.at.most(151);
    story.cancel({ by: 'all' });
  });
});
