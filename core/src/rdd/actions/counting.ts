import { KeyMap } from '../../keys/index.js';
import type { ActionOptions } from '../arguments.js';
import type { RddNode } from '../rdd-node.js';
import { beginAction, decodeResult, runSink } from './run.js';

/** `countByKey()` and `countByValue()`: counted in the tasks, added up on the driver. */
export async function countBy<K>(
  node: RddNode,
  operator: 'countByKey' | 'countByValue',
  options?: ActionOptions,
): Promise<Map<K, number>> {
  const call = beginAction(node.core, operator, options);
  const parts = await runSink(
    node,
    call,
    () => ({ kind: 'countBy', byKey: operator === 'countByKey' }),
    decodeResult<[K, number][]>,
  );
  const counts = new KeyMap<K, number>();
  for (const part of parts) {
    for (const [key, count] of part) counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

/** `collectAsMap()`: of several values of a key the last one, in partition order. */
export async function collectAsMap<K, V>(
  node: RddNode,
  options?: ActionOptions,
): Promise<Map<K, V>> {
  const call = beginAction(node.core, 'collectAsMap', options);
  const parts = await runSink(
    node,
    call,
    () => ({ kind: 'reduceLocally' }),
    decodeResult<[K, V][]>,
  );
  const map = new KeyMap<K, V>();
  for (const part of parts) for (const [key, value] of part) map.set(key, value);
  return map;
}
