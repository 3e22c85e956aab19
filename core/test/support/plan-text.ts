import type {
  Operator,
  OperatorNode,
  ShuffleWriteSpec,
  Split,
  StagePlan,
} from '../../src/plan/index.js';
import { stageCompiler } from '../../src/rdd/stage-compiler.js';
import { nodeOf } from '../../src/rdd/rdd-metadata.js';
import type { NodeDependency, RddNode } from '../../src/rdd/rdd-node.js';
import type { RDD } from '../../src/rdd/rdd.js';

/**
 * All stages of a job that collects `rdd`, map stages first, as text: one line for each node, with
 * ids counted from 0 in the order of appearance, so that a reviewer can read plans as pictures.
 */
export async function planText(rdd: RDD<unknown>): Promise<string> {
  await rdd.getNumPartitions();
  const final = nodeOf(rdd);
  const names = new Names();
  const lines: string[] = [];
  const seen = new Set<number>();
  const visit = (node: RddNode): void => {
    for (const { parent, shuffle } of shufflesBelow(node)) {
      if (seen.has(shuffle.shuffleId)) continue;
      seen.add(shuffle.shuffleId);
      visit(parent);
      const plan = stageCompiler.shuffleMapPlan(parent, shuffle);
      lines.push(...stageText(plan, parent.partitionCount, names));
    }
  };
  visit(final);
  const sink = { build: () => ({ kind: 'collect' }) as const };
  lines.push(...stageText(stageCompiler.resultPlan(final, sink), final.partitionCount, names));
  return lines.join('\n');
}

/** A split as short text: `3[0:1 0:2]`. */
export function splitText(split: Split): string {
  const parents = split.parents?.map(({ input, split: parent }) => `${input}:${splitText(parent)}`);
  const source = split.source === undefined ? '' : `<${split.source.kind}>`;
  return `${split.index}${source}${parents === undefined ? '' : `[${parents.join(' ')}]`}`;
}

function shufflesBelow(node: RddNode): Extract<NodeDependency, { kind: 'shuffle' }>[] {
  const found: Extract<NodeDependency, { kind: 'shuffle' }>[] = [];
  const stack = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    for (const dependency of next.facts.dependencies) {
      if (dependency.kind === 'shuffle') found.push(dependency);
      else stack.push(dependency.parent);
    }
  }
  return found;
}

class Names {
  readonly #shuffles = new Map<number, string>();

  shuffle(id: number): string {
    let name = this.#shuffles.get(id);
    if (name === undefined) this.#shuffles.set(id, (name = `s${this.#shuffles.size}`));
    return name;
  }
}

function stageText(plan: StagePlan, partitions: number, names: Names): string[] {
  const { sink } = plan;
  const end = sink.kind === 'shuffleWrite' ? writeText(sink.write, names) : sink.kind;
  return [
    `stage (${partitions})`,
    ...plan.nodes.map((node, index) => `  ${index} ${nodeText(node, names)}`),
    `  → ${end}`,
  ];
}

function nodeText(node: OperatorNode, names: Names): string {
  const inputs = node.inputs.length === 0 ? '' : ` ← ${node.inputs.join(' ')}`;
  const level = node.storageLevel === undefined ? '' : ' (persisted)';
  return `${operatorText(node.operator, names)}${inputs}${level}`;
}

function operatorText(operator: Operator, names: Names): string {
  const parts: string[] = [operator.kind];
  if ('joinType' in operator) parts.push(operator.joinType);
  if ('shuffleId' in operator) parts.push(names.shuffle(operator.shuffleId));
  if ('aggregator' in operator) parts.push(operator.aggregator.kind);
  if ('mapSideCombined' in operator && operator.mapSideCombined) parts.push('combined');
  if ('ascending' in operator) parts.push(operator.ascending ? 'ascending' : 'descending');
  if ('sides' in operator) {
    for (const side of operator.sides) {
      parts.push(side.kind === 'shuffle' ? names.shuffle(side.shuffleId) : `input${side.input}`);
    }
  }
  return parts.join(' ');
}

function writeText(write: ShuffleWriteSpec, names: Names): string {
  const { partitioner, aggregator, mapSideCombine } = write;
  const parts = [
    names.shuffle(write.shuffleId),
    `${partitioner.kind}(${partitioner.numPartitions})`,
  ];
  if (aggregator !== undefined) parts.push(aggregator.kind);
  if (mapSideCombine) parts.push('combine');
  if (!write.keyed) parts.push('records');
  return parts.join(' ');
}
