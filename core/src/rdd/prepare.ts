import { JobCancelledError } from '../errors/index.js';
import { mapConcurrently } from '@heddle/webhdfs';
import type { PrepareRun, RddNode } from './rdd-node.js';

/** Inputs that are listed at the same time. */
const listingConcurrency = 16;

/**
 * The ancestors of `node` (and itself) that are not prepared, parents before children.
 * Iterative: lineages of 10,000 steps and unions of 1,000 RDDs are ordinary.
 */
export function unpreparedAncestors(node: RddNode): RddNode[] {
  const order: RddNode[] = [];
  const entered = new Set<RddNode>();
  const stack: { node: RddNode; nextParent: number }[] = [];
  const enter = (next: RddNode): void => {
    if (next.isPrepared || entered.has(next)) return;
    entered.add(next);
    stack.push({ node: next, nextParent: 0 });
  };
  enter(node);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const parent = top.node.definition.parents[top.nextParent];
    if (parent === undefined) {
      order.push(top.node);
      stack.pop();
    } else {
      top.nextParent += 1;
      enter(parent);
    }
  }
  return order;
}

/**
 * Finds the facts of a node and of all its ancestors: lists inputs, samples range bounds, counts for
 * `zipWithIndex`. What is known stays known; a failure is not remembered, so that a later action may
 * succeed.
 *
 * @throws whatever listing and sampling throw (`InputNotFoundError`, `JobFailedError`, …), and
 *   `JobCancelledError` when the signal fires
 */
export async function prepareLineage(node: RddNode, run: PrepareRun): Promise<void> {
  throwIfAborted(run.signal, 'before its next job');
  if (prepareWithoutWork(node)) return;
  const missing = unpreparedAncestors(node);
  // Inputs do not depend on each other: list them side by side.
  const inputs = missing.filter((next) => next.definition.parents.length === 0);
  await mapConcurrently(inputs, listingConcurrency, (input) => prepareNode(input, run));
  for (const next of missing) {
    if (!next.isPrepared) await prepareNode(next, run);
  }
}

/** Prepares as far as that needs neither I/O nor a job; tells whether `node` is prepared then. */
export function prepareWithoutWork(node: RddNode): boolean {
  if (node.isPrepared) return true;
  for (const next of unpreparedAncestors(node)) {
    if (!next.definition.parents.every((parent) => parent.isPrepared)) continue;
    if (next.definition.needsWork?.() === true) continue;
    const facts = next.definition.prepare({ signal: undefined });
    if (!(facts instanceof Promise)) next.settle(facts);
  }
  return node.isPrepared;
}

async function prepareNode(node: RddNode, run: PrepareRun): Promise<void> {
  while (!node.isPrepared) {
    throwIfAborted(run.signal, 'before its next job');
    if (node.preparing === undefined) {
      node.preparing = settle(node, run).finally(() => {
        node.preparing = undefined;
      });
      await node.preparing;
    } else {
      // Another action prepares it. If that one fails (it may have been cancelled) this one tries itself.
      await node.preparing.catch(() => undefined);
    }
  }
}

async function settle(node: RddNode, run: PrepareRun): Promise<void> {
  node.settle(await node.definition.prepare(run));
}

/** Rejects an action whose signal fired; `when` says what it had done by then. */
export function throwIfAborted(
  signal: AbortSignal | undefined,
  when: 'before it began' | 'before its next job',
): void {
  if (signal?.aborted === true) {
    throw new JobCancelledError(`the action was cancelled by its signal ${when}`, undefined, {
      cause: signal.reason,
    });
  }
}
