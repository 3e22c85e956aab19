import { RecordTypeError } from '../../errors/index.js';
import { StatCounter } from '../../stats/stat-counter.js';
import type { ActionOptions } from '../arguments.js';
import type { RddNode } from '../rdd-node.js';
import { beginAction, decodeResult, runSink } from './run.js';

/**
 * `sum()`: compensated doubles, or exact bigints. Of no records at all it is the number 0, also for
 * an RDD of bigints: nothing tells what its records would have been.
 */
export async function sum(node: RddNode, options?: ActionOptions): Promise<number | bigint> {
  const call = beginAction(node.core, 'sum', options);
  const parts = await runSink(
    node,
    call,
    () => ({ kind: 'sum' }),
    decodeResult<[] | [number | bigint]>,
  );
  const sums = parts.flat();
  if (sums.every((part) => typeof part === 'bigint')) {
    return sums.length === 0 ? 0 : sums.reduce((a, b) => a + b, 0n);
  }
  const counter = new StatCounter();
  for (const part of sums) {
    if (typeof part === 'bigint') {
      throw new RecordTypeError(
        'sum: some partitions hold bigints and some hold numbers, which cannot be added; convert one kind with map',
      );
    }
    counter.merge(part);
  }
  return counter.sum;
}

/** `stats()` and what is read from it. */
export async function stats(
  node: RddNode,
  operator: string,
  options?: ActionOptions,
): Promise<StatCounter> {
  const call = beginAction(node.core, operator, options);
  const parts = await runSink(node, call, () => ({ kind: 'stats' }), decodeResult<number[]>);
  return parts.reduce(
    (merged, part) => merged.merge(StatCounter.fromParts(part)),
    new StatCounter(),
  );
}
