/**
 * The entries of a task set that are waiting: a partition by itself, or the partitions of a launch
 * that runs several. Both are one number, so that queues need not know the difference: an index, or
 * the complement of the launch's number. Pure state.
 */
export class LaunchGroups {
  /** Begin of each launch in the task set's partitions, and one past the last. */
  readonly #starts: readonly number[];
  readonly #isOut: Uint8Array;

  /** @param starts see `TaskSet.launchStarts` */
  constructor(starts: readonly number[] | undefined, size: number) {
    this.#starts = starts === undefined ? [] : [...starts, size];
    this.#isOut = new Uint8Array(starts?.length ?? 0);
  }

  /** Entries for all partitions of the task set, in order. */
  entries(size: number): number[] {
    if (this.#isOut.length === 0) return Array.from({ length: size }, (_, index) => index);
    return Array.from(this.#isOut, (_, launch) =>
      this.#end(launch) - this.#start(launch) === 1 ? this.#start(launch) : ~launch,
    );
  }

  /** Whether some partition of the entry waits and the entry was not launched as a whole. */
  isPending(entry: number, isWaiting: (index: number) => boolean): boolean {
    if (entry >= 0) return isWaiting(entry);
    if (this.#isOut[~entry] === 1) return false;
    for (let index = this.#start(~entry); index < this.#end(~entry); index++) {
      if (isWaiting(index)) return true;
    }
    return false;
  }

  /** The partitions of an entry that is launched now. */
  launch(entry: number, isWaiting: (index: number) => boolean): number[] {
    if (entry >= 0) return [entry];
    this.#isOut[~entry] = 1;
    const members: number[] = [];
    for (let index = this.#start(~entry); index < this.#end(~entry); index++) {
      if (isWaiting(index)) members.push(index);
    }
    return members;
  }

  /** First and one past the last index of an entry. */
  range(entry: number): readonly [number, number] {
    return entry >= 0 ? [entry, entry + 1] : [this.#start(~entry), this.#end(~entry)];
  }

  #start(launch: number): number {
    return this.#starts[launch] ?? 0;
  }

  #end(launch: number): number {
    return this.#starts[launch + 1] ?? 0;
  }
}
