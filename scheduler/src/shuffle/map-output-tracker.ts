import { InternalError } from '@heddle/common';
import { mostPartBytes } from 'heddle/internal';
import type { MapOutputLocation, ShuffleInput, ShuffleLineage } from 'heddle/internal';

interface ShuffleState {
  readonly shuffleId: number;
  readonly numMapPartitions: number;
  readonly numReducePartitions: number;
  /** Shuffles that the map stage reads; rolling one of them back rolls this one back. */
  readonly parentShuffleIds: readonly number[];
  readonly outputs: (MapOutputLocation | undefined)[];
  available: number;
  generation: number;
  /** All outputs were there once in this generation, so a reader may have seen any of them. */
  wasComplete: boolean;
  /** Made when first asked for after a change: every stage that reads the shuffle shares it. */
  input: ShuffleInput | undefined;
  /** Bytes of each reduce partition over all outputs; made when first asked for after a change. */
  partBytes: Float64Array | undefined;
}

/** A map output that is gone. */
export interface RemovedOutput {
  readonly shuffleId: number;
  readonly mapPartition: number;
}

/**
 * Where the outputs of every shuffle are, by map partition. Outlives jobs: outputs are reused until
 * their shuffle is removed. Pure state, on the driver's event loop.
 *
 * Outputs carry their shuffle's generation; `advanceGeneration` discards all of them at once, and
 * what arrives late with an older generation is refused.
 *
 * Source: Spark 4.0 `MapOutputTrackerMaster`.
 */
export class MapOutputTracker {
  readonly #shuffles = new Map<number, ShuffleState>();

  /** Makes a shuffle known; without effect when it is. */
  register(
    shuffleId: number,
    numMapPartitions: number,
    numReducePartitions: number,
    parentShuffleIds: readonly number[],
  ): void {
    if (this.#shuffles.has(shuffleId)) return;
    this.#shuffles.set(shuffleId, {
      shuffleId,
      numMapPartitions,
      numReducePartitions,
      parentShuffleIds,
      outputs: new Array<MapOutputLocation | undefined>(numMapPartitions).fill(undefined),
      available: 0,
      generation: 0,
      wasComplete: numMapPartitions === 0,
      input: undefined,
      partBytes: undefined,
    });
  }

  has(shuffleId: number): boolean {
    return this.#shuffles.has(shuffleId);
  }

  /** Forgets a shuffle and where its outputs are. */
  remove(shuffleId: number): void {
    this.#shuffles.delete(shuffleId);
  }

  /** @returns whether the output was taken: a stale generation or a second output is not. */
  add(output: MapOutputLocation): boolean {
    const state = this.#shuffles.get(output.shuffleId);
    if (state === undefined || output.generation !== state.generation) return false;
    if (!(output.mapPartition >= 0 && output.mapPartition < state.numMapPartitions)) {
      throw new InternalError(
        `map output ${output.mapPartition} of shuffle ${output.shuffleId} is outside its ${state.numMapPartitions} map partitions`,
      );
    }
    if (state.outputs[output.mapPartition] !== undefined) return false;
    state.outputs[output.mapPartition] = output;
    state.available++;
    forget(state);
    if (state.available === state.numMapPartitions) state.wasComplete = true;
    return true;
  }

  /** Whether every map output is there; false for a shuffle nobody registered. */
  isComplete(shuffleId: number): boolean {
    const state = this.#shuffles.get(shuffleId);
    return state !== undefined && state.available === state.numMapPartitions;
  }

  /** Whether readers may have seen outputs of the present generation. */
  wasComplete(shuffleId: number): boolean {
    return this.#state(shuffleId).wasComplete;
  }

  /** Map partitions without output, ascending. */
  missing(shuffleId: number): number[] {
    const { outputs } = this.#state(shuffleId);
    const missing: number[] = [];
    for (let partition = 0; partition < outputs.length; partition++) {
      if (outputs[partition] === undefined) missing.push(partition);
    }
    return missing;
  }

  generation(shuffleId: number): number {
    return this.#state(shuffleId).generation;
  }

  output(shuffleId: number, mapPartition: number): MapOutputLocation | undefined {
    return this.#shuffles.get(shuffleId)?.outputs[mapPartition];
  }

  /** @returns whether this very output was registered; another one of the same partition stays. */
  removeOutput(shuffleId: number, mapPartition: number, mapId: string): boolean {
    const state = this.#shuffles.get(shuffleId);
    if (state?.outputs[mapPartition]?.mapId !== mapId) return false;
    this.#drop(state, mapPartition);
    return true;
  }

  /** Drops everything that an executor wrote. */
  removeExecutor(executorId: string): RemovedOutput[] {
    return this.#removeWhere((output) => output.executorId === executorId);
  }

  /** Drops everything that stands on a host, or what those executors wrote there. */
  removeHost(host: string, isOf: (executorId: string) => boolean = () => true): RemovedOutput[] {
    return this.#removeWhere((output) => output.host === host && isOf(output.executorId));
  }

  /** Discards all outputs of a shuffle and refuses those of older generations from now on. */
  advanceGeneration(shuffleId: number): void {
    const state = this.#state(shuffleId);
    state.generation++;
    state.outputs.fill(undefined);
    state.available = 0;
    state.wasComplete = state.numMapPartitions === 0;
    forget(state);
  }

  /** The known shuffles that read this one, directly or through others; without itself. */
  descendants(shuffleId: number): number[] {
    const found = new Set([shuffleId]);
    let sizeBefore: number;
    do {
      sizeBefore = found.size;
      for (const state of this.#shuffles.values()) {
        if (found.has(state.shuffleId)) continue;
        if (state.parentShuffleIds.some((parent) => found.has(parent))) found.add(state.shuffleId);
      }
    } while (found.size > sizeBefore);
    found.delete(shuffleId);
    return [...found];
  }

  /** What a stage that reads the shuffle is given; frozen: later changes make another object. */
  input(shuffle: ShuffleLineage): ShuffleInput {
    const { shuffleId, numReducePartitions } = shuffle;
    const state = this.#shuffles.get(shuffleId);
    if (state === undefined) {
      // Never run: cached partitions stand in for it.
      return {
        shuffleId,
        generation: 0,
        numReducePartitions,
        outputs: [],
        firstMissingMapPartition: 0,
      };
    }
    if (state.input === undefined) {
      const outputs: MapOutputLocation[] = [];
      let firstMissing = -1;
      for (let partition = 0; partition < state.numMapPartitions; partition++) {
        const output = state.outputs[partition];
        if (output !== undefined) outputs.push(output);
        else if (firstMissing < 0) firstMissing = partition;
      }
      state.input = {
        shuffleId,
        generation: state.generation,
        numReducePartitions,
        outputs,
        ...(firstMissing >= 0 && { firstMissingMapPartition: firstMissing }),
      };
    }
    return state.input;
  }

  /** Whether some map output stands on the executor. */
  hasOutputsOf(executorId: string): boolean {
    for (const { outputs } of this.#shuffles.values()) {
      if (outputs.some((output) => output?.executorId === executorId)) return true;
    }
    return false;
  }

  /**
   * Bytes that a reduce partition reads of the outputs that are there, up to a tenth more where only
   * size classes are known; 0 for an unknown shuffle.
   */
  partBytes(shuffleId: number, reducePartition: number): number {
    const state = this.#shuffles.get(shuffleId);
    if (state === undefined) return 0;
    state.partBytes ??= sumOfParts(state);
    return state.partBytes[reducePartition] ?? 0;
  }

  /**
   * Executors that hold at least a fraction of a reducer's input, the one with most first.
   *
   * @param maxOutputs with more map outputs than this, nobody: counting would cost too much
   */
  holdersOf(
    shuffleId: number,
    reducePartition: number,
    fraction: number,
    maxOutputs: number,
  ): readonly { readonly executorId: string; readonly host: string }[] {
    const state = this.#shuffles.get(shuffleId);
    if (state === undefined || state.numMapPartitions > maxOutputs) return [];
    const holders = new Map<string, { executorId: string; host: string; sizeBytes: number }>();
    let totalBytes = 0;
    for (const output of state.outputs) {
      if (output === undefined) continue;
      const sizeBytes = mostPartBytes(output, reducePartition);
      if (sizeBytes === 0) continue;
      totalBytes += sizeBytes;
      const holder = holders.get(output.executorId);
      if (holder !== undefined) holder.sizeBytes += sizeBytes;
      else
        holders.set(output.executorId, {
          executorId: output.executorId,
          host: output.host,
          sizeBytes,
        });
    }
    return [...holders.values()]
      .filter(({ sizeBytes }) => sizeBytes >= totalBytes * fraction)
      .sort((left, right) => right.sizeBytes - left.sizeBytes)
      .map(({ executorId, host }) => ({ executorId, host }));
  }

  /** Drops all outputs of a shuffle and keeps its generation: their files are gone. */
  removeOutputs(shuffleId: number): RemovedOutput[] {
    return this.#removeWhere((output) => output.shuffleId === shuffleId);
  }

  #state(shuffleId: number): ShuffleState {
    const state = this.#shuffles.get(shuffleId);
    if (state === undefined) throw new InternalError(`shuffle ${shuffleId} is not registered`);
    return state;
  }

  #drop(state: ShuffleState, mapPartition: number): void {
    state.outputs[mapPartition] = undefined;
    state.available--;
    forget(state);
  }

  #removeWhere(gone: (output: MapOutputLocation) => boolean): RemovedOutput[] {
    const removed: RemovedOutput[] = [];
    for (const state of this.#shuffles.values()) {
      for (let partition = 0; partition < state.numMapPartitions; partition++) {
        const output = state.outputs[partition];
        if (output === undefined || !gone(output)) continue;
        this.#drop(state, partition);
        removed.push({ shuffleId: state.shuffleId, mapPartition: partition });
      }
    }
    return removed;
  }
}

/** Drops what was derived from the outputs. */
function forget(state: ShuffleState): void {
  state.input = undefined;
  state.partBytes = undefined;
}

function sumOfParts({ outputs, numReducePartitions }: ShuffleState): Float64Array {
  const sums = new Float64Array(numReducePartitions);
  for (const output of outputs) {
    if (output === undefined) continue;
    for (let part = 0; part < numReducePartitions; part++) {
      sums[part] = (sums[part] ?? 0) + mostPartBytes(output, part);
    }
  }
  return sums;
}
