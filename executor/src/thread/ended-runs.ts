import type { TaskMetrics, TaskResult } from 'heddle/internal';
import type { EndedRun, HostMessage } from './messages.js';
import { packMetrics } from './packed-runs.js';

/** How long the end of a short task may wait for the ends of others, in milliseconds. */
const gatherMs = 20;
/** Bytes of results that are enough for a message. */
const gatherBytes = 64 * 1024;

type Post = (message: HostMessage, transfer?: ArrayBuffer[]) => void;

/**
 * Ends of runs on their way to the host. Waking it costs more than a short task does, so the ends of
 * tasks that follow each other are told together.
 */
export class EndedRuns {
  readonly #post: Post;
  #runs: EndedRun[] = [];
  #metrics: TaskMetrics[] = [];
  #sizeBytes = 0;
  #toldMs = 0;

  constructor(post: Post) {
    this.#post = post;
  }

  /** @param isUrgent nothing follows, or others wait for this one */
  add(run: EndedRun, metrics: TaskMetrics, isUrgent: boolean): void {
    this.#runs.push(run);
    this.#metrics.push(metrics);
    if (run.outcome.kind === 'succeeded') this.#sizeBytes += sizeOf(run.outcome.result);
    const isDue = performance.now() - this.#toldMs >= gatherMs || this.#sizeBytes >= gatherBytes;
    if (isUrgent || isDue) this.flush();
  }

  /** Tells the host what waits; before any other message, which is of a later run. */
  flush(): void {
    if (this.#runs.length === 0) return;
    const runs = this.#runs;
    const metrics = packMetrics(this.#metrics);
    this.#runs = [];
    this.#metrics = [];
    this.#sizeBytes = 0;
    this.#toldMs = performance.now();
    this.#post({ kind: 'ended', runs, metrics }, runs.flatMap(transferable));
  }
}

function sizeOf(result: TaskResult): number {
  return result.kind === 'value' ? result.bytes.byteLength : 0;
}

/** Bytes that own their whole buffer move to the host without a copy; small ones are copied sooner. */
function transferable({ outcome }: EndedRun): ArrayBuffer[] {
  if (outcome.kind !== 'succeeded' || outcome.result.kind !== 'value') return [];
  const { buffer, byteLength } = outcome.result.bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isWhole && byteLength >= 4_096 ? [buffer] : [];
}
