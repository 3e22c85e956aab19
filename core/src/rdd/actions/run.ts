import { captureCallSite, driverCodeTable } from '../../closures/index.js';
import { decodeBatches, decodeValue } from '../../codec/index.js';
import type { ActionCall, DriverCore } from '../../context/driver-core.js';
import type { ClosureData, Sink } from '../../plan/index.js';
import type { PlaceClosure } from '../../partitioner/partitioning.js';
import { checkActionOptions, type ActionOptions } from '../arguments.js';
import { captureRoots } from '../capture.js';
import { throwIfAborted } from '../prepare.js';
import type { RddNode } from '../rdd-node.js';

/** Fixes what an action has at its call. @throws ArgumentError, ContextStoppedError, JobCancelledError */
export function beginAction(
  core: DriverCore,
  operator: string,
  options: ActionOptions | undefined,
): ActionCall {
  checkActionOptions(options, operator);
  core.checkRunning();
  throwIfAborted(options?.signal, 'before it began');
  return {
    callSite: captureCallSite(operator),
    flow: core.flow.current,
    signal: options?.signal,
  };
}

/** Captures what an action's functions refer to. @throws ClosureError */
export function captureFor(
  core: DriverCore,
  call: ActionCall,
  roots: readonly unknown[],
): ClosureData {
  return captureRoots(core, roots, call.callSite);
}

/** All partition indices of a prepared node. */
export function allPartitions(node: RddNode): number[] {
  return Array.from({ length: node.partitionCount }, (_, i) => i);
}

/**
 * Prepares the node, runs the sink over its partitions (all by default) and returns what each gave,
 * in the order of the partitions, whatever finished first.
 */
export async function runSink<R>(
  node: RddNode,
  call: ActionCall,
  sink: (place: PlaceClosure) => Sink,
  decode: (bytes: Uint8Array) => R,
  partitions?: (node: RddNode) => readonly number[],
): Promise<R[]> {
  await node.core.prepare(node, call);
  const chosen = partitions?.(node) ?? allPartitions(node);
  const results = new Array<R>(chosen.length);
  await node.core.runJob(
    {
      node,
      partitions: chosen,
      sink: { build: sink },
      onResult: (position, bytes) => {
        results[position] = decode(bytes);
      },
    },
    call,
  );
  return results;
}

/** Decodes what a sink reports in the value encoding; the caller knows its shape by the sink's kind. */
export function decodeResult<R>(bytes: Uint8Array): R {
  return decodeValue(bytes, driverCodeTable()) as R;
}

/** Decodes encoded record batches. */
export function decodeRecords<T>(bytes: Uint8Array): T[] {
  const batches = [...decodeBatches(bytes, driverCodeTable())] as T[][];
  const [only] = batches;
  return batches.length === 1 && only !== undefined ? only : batches.flat();
}
