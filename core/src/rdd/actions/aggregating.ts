import { driverCodeTable } from '../../closures/index.js';
import { decodeValue, encodeValue } from '../../codec/index.js';
import { EmptyRddError } from '../../errors/index.js';
import { argsortKeys } from '../../keys/index.js';
import { checkElementCount, checkFunction, type ActionOptions } from '../arguments.js';
import { rootOf } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import { beginAction, captureFor, decodeResult, runSink } from './run.js';

/** `count()`. */
export async function count(node: RddNode, options?: ActionOptions): Promise<number> {
  const call = beginAction(node.core, 'count', options);
  const counts = await runSink(node, call, () => ({ kind: 'count' }), decodeResult<number>);
  return counts.reduce((sum, part) => sum + part, 0);
}

/** `reduce(f)`: within each partition, then the partials in partition order. @throws EmptyRddError */
export async function reduce<T>(
  node: RddNode,
  f: (a: T, b: T) => T,
  options?: ActionOptions,
): Promise<T> {
  checkFunction(f, 'reduce');
  const call = beginAction(node.core, 'reduce', options);
  const closure = captureFor(node.core, call, [f]);
  const parts = await runSink(
    node,
    call,
    (place) => ({ kind: 'reduce', function: rootOf(place, closure) }),
    decodeResult<T[]>,
  );
  const partials: T[] = parts.flat();
  if (partials.length === 0) throw new EmptyRddError('reduce');
  return partials.reduce((a, b) => f(a, b));
}

/**
 * `aggregate(zero, seqOp, combOp)`: a fresh zero for each partition and one more for the merge of
 * their results, in partition order.
 */
export async function aggregate<T, U>(
  node: RddNode,
  zero: U,
  functions: { seqOp: (acc: U, x: T) => U; combOp: (a: U, b: U) => U },
  operator: 'fold' | 'aggregate',
  options?: ActionOptions,
): Promise<U> {
  const { seqOp, combOp } = functions;
  checkFunction(seqOp, operator, operator === 'fold' ? 'f' : 'seqOp');
  checkFunction(combOp, operator, operator === 'fold' ? 'f' : 'combOp');
  const call = beginAction(node.core, operator, options);
  const closure = captureFor(node.core, call, [zero, seqOp]);
  // The program may change its zero element before the results are there.
  const code = driverCodeTable();
  const ownZero = decodeValue(encodeValue(zero, code), code) as U;
  const parts = await runSink(
    node,
    call,
    (place) => ({
      kind: 'aggregate',
      zero: rootOf(place, closure),
      seqOp: rootOf(place, closure, 1),
    }),
    decodeResult<U>,
  );
  return parts.reduce((merged, part) => combOp(merged, part), ownZero);
}

/** How `takeOrdered`, `top`, `min` and `max` differ. */
export interface OrderedOptions<T> {
  readonly operator: 'takeOrdered' | 'top' | 'min' | 'max';
  readonly descending: boolean;
  readonly key?: ((x: T) => unknown) | undefined;
  readonly options?: ActionOptions | undefined;
}

/** The best `n` records in the total order of their keys; ties in partition order. */
export async function takeOrdered<T>(
  node: RddNode,
  n: number,
  { operator, descending, key, options }: OrderedOptions<T>,
): Promise<T[]> {
  checkElementCount(n, operator);
  if (key !== undefined) checkFunction(key, operator, 'key');
  const call = beginAction(node.core, operator, options);
  const closure = key === undefined ? undefined : captureFor(node.core, call, [key]);
  if (n === 0) return [];
  const parts = await runSink(
    node,
    call,
    (place) => ({
      kind: 'takeOrdered',
      limit: n,
      descending,
      ...(closure === undefined ? {} : { keyFunction: rootOf(place, closure) }),
    }),
    decodeResult<T[]>,
  );
  // `flat(1)` on records that are arrays themselves would be right too, but its type is not.
  const best = ([] as T[]).concat(...parts.map((part) => [...part]));
  const keys = key === undefined ? best : best.map((record) => key(record));
  const order = argsortKeys(keys, !descending);
  return Array.from(order.subarray(0, n), (index) => best[index]!);
}

/** `min` and `max`. @throws EmptyRddError */
export async function extreme<T>(node: RddNode, order: OrderedOptions<T>): Promise<T> {
  const best = await takeOrdered(node, 1, order);
  if (best.length === 0) throw new EmptyRddError(order.operator);
  return best[0]!;
}
