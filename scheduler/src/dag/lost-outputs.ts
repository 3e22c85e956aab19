import { assertNever } from '@heddle/common';
import type { MapOutputTracker, RemovedOutput } from '../shuffle/map-output-tracker.js';
import type { DagEvent, FetchFailed } from './dag-event.js';

/** Which map outputs go with an executor, or with what a reader could not fetch. */
export class LostOutputs {
  readonly #outputs: MapOutputTracker;
  /** Executors that are gone, and whose outputs their host still serves. */
  readonly #servedExecutors = new Set<string>();

  constructor(outputs: MapOutputTracker) {
    this.#outputs = outputs;
  }

  /** Drops what went with an executor. @returns what is gone */
  executorLost({
    loss,
    host,
  }: Extract<DagEvent, { kind: 'executorLost' }>): readonly RemovedOutput[] {
    const { executorId, hostLost, mapOutputs } = loss;
    if (hostLost) return this.#outputs.removeHost(host);
    if (mapOutputs === 'lost') return this.#outputs.removeExecutor(executorId);
    this.#servedExecutors.add(executorId);
    return [];
  }

  /**
   * Drops what a fetch failure says is gone, unless it has been made again meanwhile.
   *
   * @returns what is gone
   */
  fetchFailed(lost: FetchFailed['lost']): readonly RemovedOutput[] {
    const { shuffleId, mapPartition, mapId } = lost;
    const output = this.#outputs.output(shuffleId, mapPartition);
    if (output?.mapId !== mapId) return [];
    switch (lost.scope) {
      case 'output':
        this.#outputs.removeOutput(shuffleId, mapPartition, mapId);
        return [{ shuffleId, mapPartition }];
      case 'executor':
        return this.#outputs.removeExecutor(output.executorId);
      case 'host':
        // Its service is gone. Executors that live there serve their own outputs.
        return this.#outputs.removeHost(
          output.host,
          (executorId) => executorId === output.executorId || this.#servedExecutors.has(executorId),
        );
      default:
        return assertNever(lost.scope, 'scope of a loss');
    }
  }
}
