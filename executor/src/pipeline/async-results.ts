import type { OperatorNode, Split } from 'heddle/internal';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { KeptRecords } from './kept-records.js';

/** What the asynchronous maps of one task attempt gave, until its synchronous part reads it. */
export class AsyncResults {
  readonly #env: TaskEnvironment;
  readonly #isCached: (rddId: number, partition: number) => boolean;
  readonly #kept = new Map<number, Map<Split, KeptRecords>>();

  /** @param isCached whether the records of a persisted partition are at hand for this attempt */
  constructor(env: TaskEnvironment, isCached: (rddId: number, partition: number) => boolean) {
    this.#env = env;
    this.#isCached = isCached;
  }

  /** Whether a persisted node will be read and not computed. */
  hasBlock(node: OperatorNode, split: Split): boolean {
    return this.#isCached(node.rddId, split.index);
  }

  has(node: number, split: Split): boolean {
    return this.#kept.get(node)?.has(split) === true;
  }

  keep(node: number, split: Split): KeptRecords {
    const records = new KeptRecords(this.#env, this.#env.memoryBudgetBytes / 2);
    let ofNode = this.#kept.get(node);
    if (ofNode === undefined) this.#kept.set(node, (ofNode = new Map<Split, KeptRecords>()));
    ofNode.set(split, records);
    return records;
  }

  open(node: number, split: Split): BatchSource | undefined {
    return this.#kept.get(node)?.get(split)?.open();
  }
}
