import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TaskMemoryError } from './errors.js';

/** Time between two looks at the heap. */
const intervalMs = 20;
/** Share of the limit that may be allocated after a full collection before the next one is asked for. */
const regrowthShare = 0.25;

/**
 * Ends a task that holds more memory than a thread may, with an error of its own, between two
 * batches. V8's hard limit stands higher and is the last resort only: a single large allocation that
 * meets it (an array that grows) ends the whole process, not the thread.
 */
export class HeapGuard {
  readonly #heapLimitBytes: number;
  readonly #totalLimitBytes: number;
  #nextLookMs = 0;
  /** Garbage counts as used: beyond this a full collection must tell. */
  #suspiciousBytes: number;

  /**
   * @param heapLimitBytes what the JavaScript objects of a task may take
   * @param totalLimitBytes the same together with buffers; 0 does not look at them
   */
  constructor(heapLimitBytes: number, totalLimitBytes: number) {
    this.#heapLimitBytes = heapLimitBytes;
    this.#totalLimitBytes = totalLimitBytes === 0 ? Infinity : totalLimitBytes;
    this.#suspiciousBytes = heapLimitBytes;
  }

  /** Cheap enough for every batch. @throws TaskMemoryError */
  check(): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + intervalMs;
    const used = usage();
    if (used.heapBytes <= this.#suspiciousBytes && used.totalBytes <= this.#totalLimitBytes) return;
    collectGarbage();
    const live = usage();
    if (live.heapBytes > this.#heapLimitBytes || live.totalBytes > this.#totalLimitBytes) {
      throw new TaskMemoryError(live.heapBytes, live.totalBytes - live.heapBytes);
    }
    this.#suspiciousBytes = Math.max(
      this.#heapLimitBytes,
      live.heapBytes + regrowthShare * this.#heapLimitBytes,
    );
  }
}

function usage(): { heapBytes: number; totalBytes: number } {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return { heapBytes: used_heap_size, totalBytes: used_heap_size + external_memory };
}

let collect: (() => void) | undefined;

/** A full collection. V8 offers it to contexts that are made while the flag is set. */
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
}
