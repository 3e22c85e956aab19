import { ArgumentError } from '@heddle/common';
import { KeyMap } from '../../keys/index.js';
import type { Sink } from '../../plan/index.js';
import { normalQuantile } from '../../stats/normal.js';
import { StatCounter } from '../../stats/stat-counter.js';
import { checkFinite, type ActionOptions } from '../arguments.js';
import { rootOf } from '../operators/narrow.js';
import type { RddNode } from '../rdd-node.js';
import {
  estimateDistinct,
  mergeSketches,
  precisionFor,
  sketchOf,
} from '../task-functions/hyper-log-log.js';
import { beginAction, captureFor, decodeResult, runSink } from './run.js';

/** A number that lies between two others with some confidence. */
export interface BoundedValue {
  readonly low: number;
  readonly mean: number;
  readonly high: number;
  /** Between 0 and 1; 1 when all partitions were seen. */
  readonly confidence: number;
}

/** What was known when the time was over, and what will be known in the end. */
export interface PartialResult<R> {
  readonly value: R;
  /** Whether all partitions were seen. */
  readonly isFinal: boolean;
  /** The exact result; rejects when the job fails. */
  readonly final: Promise<R>;
}

interface ApproximateJob<P, R> {
  readonly operator: string;
  readonly timeoutMs: number;
  readonly confidence: number;
  readonly sink: Sink;
  /** What is known of `seen` out of `total` partitions. */
  readonly evaluate: (parts: readonly P[], total: number) => R;
}

/** Runs a sink and answers when it has ended or the time is over, whichever comes first. */
async function runApproximately<P, R>(
  node: RddNode,
  { operator, timeoutMs, confidence, sink, evaluate }: ApproximateJob<P, R>,
  options?: ActionOptions,
): Promise<PartialResult<R>> {
  if (checkFinite(timeoutMs, operator, 'timeoutMs') < 0) {
    throw new ArgumentError(`${operator}: timeoutMs must not be negative, and is ${timeoutMs}`);
  }
  const isProbability = checkFinite(confidence, operator, 'confidence') > 0 && confidence < 1;
  if (!isProbability) {
    throw new ArgumentError(`${operator}: confidence lies between 0 and 1, and is ${confidence}`);
  }
  const call = beginAction(node.core, operator, options);
  const parts: P[] = [];
  const progress = { ended: false };
  const decode = (bytes: Uint8Array): P => {
    const part = decodeResult<P>(bytes);
    parts.push(part);
    return part;
  };
  // In the order of partitions, so that the exact result does not depend on which ended first.
  const final = runSink(node, call, () => sink, decode).then((all) => {
    progress.ended = true;
    return evaluate(all, all.length);
  });
  // A failure is the caller's who awaits `final`; before the time is over it is this call's.
  final.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, 2 ** 31 - 1));
  });
  try {
    await Promise.race([final, timeout]);
  } finally {
    clearTimeout(timer);
  }
  if (progress.ended) return { value: await final, isFinal: true, final };
  const total = node.isPrepared ? node.partitionCount : Infinity;
  return { value: evaluate([...parts], total), isFinal: false, final };
}

/** A count of some partitions as the count of all; every record falls into a seen partition with the same probability. */
function boundedCount(
  count: number,
  seen: number,
  total: number,
  confidence: number,
): BoundedValue {
  if (seen === total) return exactly(count);
  if (seen === 0 || total === Infinity) return { low: 0, mean: 0, high: Infinity, confidence: 0 };
  const share = seen / total;
  const mean = count / share;
  const spread = z(confidence) * (Math.sqrt((count + 1) * (1 - share)) / share);
  return { low: Math.max(count, mean - spread), mean, high: mean + spread, confidence };
}

function exactly(value: number): BoundedValue {
  return { low: value, mean: value, high: value, confidence: 1 };
}

function z(confidence: number): number {
  return normalQuantile((1 + confidence) / 2);
}

/** `countApprox`. Source: Spark 4.0 `CountEvaluator`, with a normal distribution for its Pascal one. */
export function countApprox(
  node: RddNode,
  timeoutMs: number,
  confidence: number,
  options?: ActionOptions,
): Promise<PartialResult<BoundedValue>> {
  const job: ApproximateJob<number, BoundedValue> = {
    operator: 'countApprox',
    timeoutMs,
    confidence,
    sink: { kind: 'count' },
    evaluate: (parts, total) =>
      boundedCount(
        parts.reduce((sum, part) => sum + part, 0),
        parts.length,
        total,
        confidence,
      ),
  };
  return runApproximately(node, job, options);
}

/** `countByValueApprox`. Source: Spark 4.0 `GroupedCountEvaluator`. */
export function countByValueApprox<T>(
  node: RddNode,
  timeoutMs: number,
  confidence: number,
  options?: ActionOptions,
): Promise<PartialResult<Map<T, BoundedValue>>> {
  const job: ApproximateJob<[T, number][], Map<T, BoundedValue>> = {
    operator: 'countByValueApprox',
    timeoutMs,
    confidence,
    sink: { kind: 'countBy', byKey: false },
    evaluate: (parts, total) => {
      const counts = new KeyMap<T, number>();
      for (const part of parts) {
        for (const [value, count] of part) counts.set(value, (counts.get(value) ?? 0) + count);
      }
      const bounds = new KeyMap<T, BoundedValue>();
      for (const [value, count] of counts) {
        bounds.set(value, boundedCount(count, parts.length, total, confidence));
      }
      return bounds;
    },
  };
  return runApproximately(node, job, options);
}

/** `sumApprox` and `meanApprox`. Source: Spark 4.0 `SumEvaluator` and `MeanEvaluator`, with normal bounds. */
export function momentApprox(
  node: RddNode,
  operator: 'sumApprox' | 'meanApprox',
  timeoutMs: number,
  confidence: number,
  options?: ActionOptions,
): Promise<PartialResult<BoundedValue>> {
  const job: ApproximateJob<number[], BoundedValue> = {
    operator,
    timeoutMs,
    confidence,
    sink: { kind: 'stats' },
    evaluate: (parts, total) => {
      const counter = new StatCounter();
      for (const part of parts) counter.merge(StatCounter.fromParts(part));
      if (parts.length === total) {
        return exactly(operator === 'sumApprox' ? counter.sum : counter.mean);
      }
      return boundedMoment(counter, operator, parts.length / total, confidence);
    },
  };
  return runApproximately(node, job, options);
}

function boundedMoment(
  counter: StatCounter,
  operator: 'sumApprox' | 'meanApprox',
  share: number,
  confidence: number,
): BoundedValue {
  const { count } = counter;
  if (count < 2 || share === 0) return { low: -Infinity, mean: 0, high: Infinity, confidence: 0 };
  const { mean } = counter;
  const meanVariance = counter.sampleVariance / count;
  if (operator === 'meanApprox') return around(mean, Math.sqrt(meanVariance), confidence);
  const estimated = count / share;
  const countVariance = ((count + 1) * (1 - share)) / (share * share);
  const variance =
    meanVariance * estimated * estimated +
    countVariance * mean * mean +
    meanVariance * countVariance;
  return around(mean * estimated, Math.sqrt(variance), confidence);
}

function around(mean: number, deviation: number, confidence: number): BoundedValue {
  const spread = z(confidence) * deviation;
  return { low: mean - spread, mean, high: mean + spread, confidence };
}

/** The registers of a sketch for an error. @throws ArgumentError */
export function checkPrecision(relativeSD: number, operator: string): number {
  if (!(checkFinite(relativeSD, operator, 'relativeSD') >= 0.000017)) {
    throw new ArgumentError(
      `${operator}: relativeSD must be at least 0.000017, and is ${relativeSD}`,
    );
  }
  return precisionFor(relativeSD);
}

/** `countApproxDistinct`. */
export async function countApproxDistinct(
  node: RddNode,
  relativeSD: number,
  options?: ActionOptions,
): Promise<number> {
  const precision = checkPrecision(relativeSD, 'countApproxDistinct');
  const call = beginAction(node.core, 'countApproxDistinct', options);
  const closure = captureFor(node.core, call, [sketchOf(precision)]);
  const parts = await runSink(
    node,
    call,
    (place) => ({ kind: 'run', function: rootOf(place, closure) }),
    decodeResult<Uint8Array>,
  );
  return estimateDistinct(parts.reduce(mergeSketches, new Uint8Array(2 ** precision)));
}
