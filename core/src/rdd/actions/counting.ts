import { KeyMap } from '../../keys/index.js';
import { checkFunction, type ActionOptions } from '../arguments.js';
import { rootOf } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import { beginAction, captureFor, decodeResult, runSink } from './run.js';

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

/** `reduceByKeyLocally(f)`: merged in the tasks, then in partition order on the driver. */
export async function reduceByKeyLocally<K, V>(
  node: RddNode,
  f: (a: V, b: V) => V,
  options?: ActionOptions,
): Promise<Map<K, V>> {
  checkFunction(f, 'reduceByKeyLocally');
  const call = beginAction(node.core, 'reduceByKeyLocally', options);
  const closure = captureFor(node.core, call, [f]);
  const parts = await runSink(
    node,
    call,
    (place) => ({ kind: 'reduceLocally', merge: rootOf(place, closure) }),
    decodeResult<[K, V][]>,
  );
  const map = new KeyMap<K, V>();
  for (const part of parts) {
    for (const [key, value] of part) {
      map.set(key, map.has(key) ? f(map.get(key) as V, value) : value);
    }
  }
  return map;
}
