import type { ActionCall } from '../../context/driver-core.js';
import { EmptyRddError } from '../../errors/index.js';
import {
  checkActionOptions,
  checkBoolean,
  checkElementCount,
  type ActionOptions,
} from '../arguments.js';
import { throwIfAborted } from '../prepare.js';
import type { RddNode } from '../rdd-node.js';
import { allPartitions, beginAction, decodeRecords, runSink } from './run.js';

/** `collect()`: all records, in partition order. */
export async function collect<T>(node: RddNode, options?: ActionOptions): Promise<T[]> {
  const call = beginAction(node.core, 'collect', options);
  const parts = await runSink(node, call, () => ({ kind: 'collect' }), decodeRecords<T>);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : parts.flat();
}

/** `take(n)`: see `takeWith`. */
export async function take<T>(node: RddNode, n: number, options?: ActionOptions): Promise<T[]> {
  checkElementCount(typeof n === 'number' ? Math.max(0, n) : n, 'take');
  return await takeWith<T>(node, n, beginAction(node.core, 'take', options));
}

/** `first()`. @throws EmptyRddError */
export async function first<T>(node: RddNode, options?: ActionOptions): Promise<T> {
  const found = await takeWith<T>(node, 1, beginAction(node.core, 'first', options));
  if (found.length === 0) throw new EmptyRddError('first');
  return found[0]!;
}

/** `isEmpty()`: looks at as few partitions as it can. */
export async function isEmpty(node: RddNode, options?: ActionOptions): Promise<boolean> {
  const found = await takeWith(node, 1, beginAction(node.core, 'isEmpty', options));
  return found.length === 0;
}

const scaleUpFactor = 4;

/**
 * The first `n` records in partition order. Looks at one partition first; then, while records are
 * missing, at four times as many as so far, or half more than the found ones let expect.
 * Source: Spark 4.0 `RDD.take`.
 */
async function takeWith<T>(node: RddNode, n: number, call: ActionCall): Promise<T[]> {
  await node.core.prepare(node, call);
  const taken: T[] = [];
  const total = node.partitionCount;
  let scanned = 0;
  while (taken.length < n && scanned < total) {
    const left = n - taken.length;
    const from = scanned;
    const to = Math.min(total, from + partitionsToTry(scanned, taken.length, left));
    const parts = await runSink(
      node,
      call,
      () => ({ kind: 'take', limit: left }),
      decodeRecords<T>,
      () => Array.from({ length: to - from }, (_, i) => from + i),
    );
    for (const part of parts) {
      for (const record of part) {
        if (taken.length === n) return taken;
        taken.push(record);
      }
    }
    scanned = to;
  }
  return taken;
}

function partitionsToTry(scanned: number, found: number, left: number): number {
  if (scanned === 0) return 1;
  if (found === 0) return scanned * scaleUpFactor;
  const expected = Math.ceil((1.5 * left * scanned) / found);
  return Math.min(Math.max(expected, 1), scanned * scaleUpFactor);
}

/** What `toLocalIterator` takes. */
export interface LocalIteratorOptions extends ActionOptions {
  /** Whether the next partition is computed while the current one is read. @default false */
  readonly prefetch?: boolean | undefined;
}

/**
 * `toLocalIterator()`: one job for each partition, when its first record is asked for; memory of one
 * partition (two with `prefetch`). Ending the loop early runs no further job and cancels a prefetch.
 */
export function toLocalIterator<T>(
  node: RddNode,
  options: LocalIteratorOptions = {},
): AsyncIterableIterator<T> {
  checkActionOptions(options, 'toLocalIterator', ['signal', 'prefetch']);
  const { prefetch = false } = options;
  checkBoolean(prefetch, 'toLocalIterator', 'prefetch');
  const ending = new AbortController();
  const signal =
    options.signal === undefined ? ending.signal : AbortSignal.any([options.signal, ending.signal]);
  return iteratePartitions<T>(node, beginAction(node.core, 'toLocalIterator', {}), {
    signal,
    ending,
    prefetch,
  });
}

async function* iteratePartitions<T>(
  node: RddNode,
  begun: ActionCall,
  { signal, ending, prefetch }: { signal: AbortSignal; ending: AbortController; prefetch: boolean },
): AsyncGenerator<T, undefined> {
  const call = { ...begun, signal };
  // A signal that was aborted before is told where every other failure is: at the first step.
  throwIfAborted(signal, 'before it began');
  await node.core.prepare(node, call);
  const partitions = allPartitions(node);
  const load = (index: number): Promise<T[]> | undefined => {
    if (index >= partitions.length) return undefined;
    const loading = runSink(
      node,
      call,
      () => ({ kind: 'collect' }),
      decodeRecords<T>,
      () => [index],
    ).then((parts) => parts[0] ?? []);
    // The failure is thrown where the partition is reached; until then it is not unhandled.
    loading.catch(() => undefined);
    return loading;
  };
  try {
    let next = load(0);
    for (let index = 0; next !== undefined; index += 1) {
      const records = await next;
      next = prefetch ? load(index + 1) : undefined;
      yield* records;
      next ??= load(index + 1);
    }
  } finally {
    ending.abort(new Error('the loop over toLocalIterator() has ended'));
  }
  return undefined;
}
