import { checkFunction, type ActionOptions } from '../arguments.js';
import { rootOf } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import { beginAction, captureFor, decodeResult, runSink } from './run.js';

/** `foreach(f)` and `foreachPartition(f)`: for effects on the executors; what `f` returns is ignored. */
export async function foreach(
  node: RddNode,
  operator: 'foreach' | 'foreachPartition',
  f: unknown,
  options?: ActionOptions,
): Promise<void> {
  checkFunction(f, operator);
  const call = beginAction(node.core, operator, options);
  const closure = captureFor(node.core, call, [f]);
  await runSink(
    node,
    call,
    (place) => ({ kind: operator, function: rootOf(place, closure) }),
    () => undefined,
  );
}

/**
 * `runJob(rdd, f, partitions?)`: what `f` returns for each of the partitions, in their order; an
 * index may repeat.
 */
export async function runFunction<U>(
  node: RddNode,
  f: unknown,
  choose: (node: RddNode) => readonly number[],
  options?: ActionOptions,
): Promise<U[]> {
  checkFunction(f, 'runJob');
  const call = beginAction(node.core, 'runJob', options);
  const closure = captureFor(node.core, call, [f]);
  return await runSink(
    node,
    call,
    (place) => ({ kind: 'run', function: rootOf(place, closure) }),
    decodeResult<U>,
    choose,
  );
}
