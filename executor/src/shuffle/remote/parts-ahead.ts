import { mostPartBytes, type MapOutputLocation } from 'heddle/internal';
import type { FetchedParts, FetchRings, ReducerParts } from './fetched-parts.js';

/**
 * Bytes that a thread has of parts for its next tasks, all together, at most. The task that asks waits
 * for them too, two milliseconds at a gigabit a second; parts of which the request is what costs are
 * far smaller than their share of this.
 */
export const MOST_BYTES_AHEAD = 256 * 1024;

/** How far behind its own a task looks for reducers that later tasks want: bounds the looking. */
const MOST_REDUCERS_AHEAD = 256;

/** The parts of one reducer that a task wants to have fetched. */
export interface WantedAlong {
  /** Map outputs to ask for, in map order; each has a part for the reducer. */
  readonly locations: readonly MapOutputLocation[];
  readonly reducer: number;
  readonly memoryLimitBytes: number;
  /** Partition of the task. */
  readonly partition: number;
  /** What later tasks may want of the same shuffle over the network. */
  readonly outputs: () => readonly MapOutputLocation[];
  readonly checkInterrupted: () => void;
}

/**
 * Fetches for the tasks that follow one another in a thread. A task whose followers will want other
 * reducers of the same map outputs has them come along, as long as they are small; each follower then
 * takes its own from the thread's memory. Nearly empty reducers would cost one request each otherwise.
 *
 * What comes ahead is only ever an offer: what is not wanted is dropped, and what did not come is
 * asked for again by the task that wants it.
 */
export class PartsAhead {
  readonly #rings: FetchRings;
  readonly #nextPartitions: () => readonly number[];
  /** Fetches that hold parts for later tasks. */
  readonly #open = new Set<FetchedParts>();
  /** Those of them that no task reads at the moment. */
  readonly #kept = new Set<FetchedParts>();
  /** Something did not come: the tasks that follow ask one by one. */
  #isSuspended = false;

  /** @param nextPartitions of the tasks that wait in the thread, of the stage that runs, in their order */
  constructor(rings: FetchRings, nextPartitions: () => readonly number[]) {
    this.#rings = rings;
    this.#nextPartitions = nextPartitions;
  }

  /** What came ahead for a task; undefined when that is not all that it wants. Pass it to `done`. */
  take({ locations, reducer, checkInterrupted }: WantedAlong): FetchedParts | undefined {
    for (const fetched of this.#kept) {
      if (!fetched.hasNext(reducer, locations)) continue;
      this.#kept.delete(fetched);
      fetched.goOn(checkInterrupted);
      return fetched;
    }
    // The task that it was for has not run, or wanted something else: so will those behind it.
    for (const fetched of this.#kept) {
      if (fetched.shuffleId === locations[0]?.shuffleId) this.#close(fetched);
    }
    return undefined;
  }

  /** Asks for what a task wants, and for what the next ones may want of it. Pass it to `done`. */
  fetch(wanted: WantedAlong): FetchedParts {
    const { locations, reducer, memoryLimitBytes, checkInterrupted } = wanted;
    const fetched = this.#rings.open(
      [{ reducer, locations }, ...this.#forLater(wanted)],
      memoryLimitBytes,
      'parts',
      checkInterrupted,
    );
    if (fetched.laterBytes > 0) this.#open.add(fetched);
    return fetched;
  }

  /** A task has read what it wanted, or will not. */
  done(fetched: FetchedParts): void {
    if (fetched.laterBytes > 0 && fetched.isTaken) this.#kept.add(fetched);
    else this.#close(fetched);
  }

  /** What came ahead is not all there: it would be asked for in vain again and again. */
  giveUp(fetched: FetchedParts): void {
    this.#isSuspended = true;
    this.#close(fetched);
  }

  /** No task follows. */
  drop(): void {
    this.#isSuspended = false;
    for (const fetched of this.#kept) this.#close(fetched);
  }

  #close(fetched: FetchedParts): void {
    this.#kept.delete(fetched);
    this.#open.delete(fetched);
    fetched.close();
  }

  /** Reducers of the next tasks, as far as tasks and reducers go side by side: else they come in vain. */
  #forLater({ reducer, partition, memoryLimitBytes, outputs }: WantedAlong): ReducerParts[] {
    if (this.#isSuspended) return [];
    const distances = new Set(
      this.#nextPartitions()
        .map((next) => next - partition)
        .filter((distance) => distance > 0 && distance <= MOST_REDUCERS_AHEAD),
    );
    if (distances.size === 0) return [];
    let roomBytes = Math.min(MOST_BYTES_AHEAD, memoryLimitBytes);
    for (const { laterBytes } of this.#open) roomBytes -= laterBytes;
    const all = outputs();
    const emptyBefore = new Uint16Array(all.length);
    const groups: ReducerParts[] = [];
    const last = Math.max(...distances);
    for (let distance = 1; distance <= last && roomBytes > 0; distance++) {
      const group = partsOf(all, reducer + distance, emptyBefore);
      if (!distances.has(distance) || group.locations.length === 0) continue;
      roomBytes -= group.sizeBytes;
      if (roomBytes >= 0) groups.push(group);
    }
    return groups;
  }
}

/** @param emptyBefore of each output, empty parts directly before this reducer's; brought up to date */
function partsOf(
  outputs: readonly MapOutputLocation[],
  reducer: number,
  emptyBefore: Uint16Array,
): Required<ReducerParts> {
  const locations: MapOutputLocation[] = [];
  const empty: number[] = [];
  let sizeBytes = 0;
  for (const [i, output] of outputs.entries()) {
    const mostBytes = mostPartBytes(output, reducer);
    if (mostBytes === 0) {
      emptyBefore[i]! += 1;
      continue;
    }
    locations.push(output);
    empty.push(emptyBefore[i]!);
    emptyBefore[i] = 0;
    sizeBytes += mostBytes;
  }
  return { reducer, locations, emptyBefore: empty, sizeBytes };
}
