import type { TaskMetrics, TaskResult } from 'heddle/internal';
import type { EndedRun, HostMessage } from './messages.js';
import { packMetrics } from './packed-runs.js';
import {
  PACKED_VALUE_LIMIT_BYTES,
  PackedValueReader,
  packValues,
  smallValueOf,
  type PackedValues,
} from './packed-values.js';

/** How long the end of a short task may wait for the ends of others, in milliseconds. */
const gatherMs = 20;
/** Bytes of results that are enough for a message. */
const gatherBytes = 64 * 1024;

type Post = (message: HostMessage, transfer?: ArrayBuffer[]) => void;

/** Ends of runs as a message has them. */
export interface PackedEnds {
  /** A run alone: it succeeded, and its result is the next one of `values`. */
  readonly runs: readonly (EndedRun | number)[];
  readonly values: PackedValues;
  /** `packMetrics` of the runs. */
  readonly metrics: Float64Array;
}

/**
 * Ends of runs on their way to the host. Waking it costs more than a short task does, so the ends of
 * tasks that follow each other are told together.
 */
export class EndedRuns {
  readonly #post: Post;
  #runs: (EndedRun | number)[] = [];
  #values: Uint8Array[] = [];
  #metrics: TaskMetrics[] = [];
  #sizeBytes = 0;
  #toldMs = 0;

  constructor(post: Post) {
    this.#post = post;
  }

  /** @param isUrgent nothing follows, or others wait for this one */
  add(run: EndedRun, metrics: TaskMetrics, isUrgent: boolean): void {
    const value = smallValue(run);
    if (value === undefined) {
      this.#runs.push(run);
    } else {
      this.#runs.push(run.run);
      this.#values.push(value);
    }
    this.#metrics.push(metrics);
    if (run.outcome.kind === 'succeeded') this.#sizeBytes += sizeOf(run.outcome.result);
    const isDue = performance.now() - this.#toldMs >= gatherMs || this.#sizeBytes >= gatherBytes;
    if (isUrgent || isDue) this.flush();
  }

  /** Tells the host what waits; before any other message, which is of a later run. */
  flush(): void {
    if (this.#runs.length === 0) return;
    const runs = this.#runs;
    const values = packValues(this.#values);
    const metrics = packMetrics(this.#metrics);
    this.#runs = [];
    this.#values = [];
    this.#metrics = [];
    this.#sizeBytes = 0;
    this.#toldMs = performance.now();
    this.#post({ kind: 'ended', runs, values, metrics }, runs.flatMap(transferable));
  }
}

/** The ends that a message has, in their order. */
export function unpackEnds({ runs, values }: Omit<PackedEnds, 'metrics'>): EndedRun[] {
  const reader = new PackedValueReader(values);
  return runs.map((run) => {
    if (typeof run !== 'number') return run;
    const result = { kind: 'value', bytes: reader.next() } as const;
    return { run, outcome: { kind: 'succeeded', result, accumulators: [] } };
  });
}

function smallValue({ outcome }: EndedRun): Uint8Array | undefined {
  if (outcome.kind !== 'succeeded') return undefined;
  return smallValueOf(outcome.result, outcome.accumulators.length);
}

function sizeOf(result: TaskResult): number {
  return result.kind === 'value' ? result.bytes.byteLength : 0;
}

/** Bytes that own their whole buffer move to the host without a copy. */
function transferable(ended: EndedRun | number): ArrayBuffer[] {
  if (typeof ended === 'number') return [];
  const { outcome } = ended;
  if (outcome.kind !== 'succeeded' || outcome.result.kind !== 'value') return [];
  const { buffer, byteLength } = outcome.result.bytes;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isWhole && byteLength >= PACKED_VALUE_LIMIT_BYTES ? [buffer] : [];
}
