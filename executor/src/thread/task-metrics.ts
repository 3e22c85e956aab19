import { getHeapStatistics } from 'node:v8';
import type { TaskMetrics } from 'heddle/internal';
import type { TaskMetricsRecorder } from '../task-environment.js';

/** A recorder on which nothing has happened. */
export function newRecorder(): TaskMetricsRecorder {
  return {
    inputBytes: 0,
    inputRecords: 0,
    outputBytes: 0,
    outputRecords: 0,
    shuffleReadLocalBytes: 0,
    shuffleReadRemoteBytes: 0,
    shuffleReadRecords: 0,
    shuffleWriteBytes: 0,
    shuffleWriteRecords: 0,
    spilledBytes: 0,
    spills: 0,
  };
}

/** Metrics of an attempt that told none: its thread died, or it never began. */
export const noMetrics: TaskMetrics = {
  ...newRecorder(),
  deserializeMs: 0,
  runMs: 0,
  cpuMs: 0,
  resultSizeBytes: 0,
  peakHeapBytes: 0,
};

/** Measures one attempt. */
export class TaskStopwatch {
  readonly #startMs = performance.now();
  readonly #startCpu = process.threadCpuUsage();
  #decodedMs = this.#startMs;

  /** The stage's functions and values are there; the loop starts. */
  decoded(): void {
    this.#decodedMs = performance.now();
  }

  finish(recorder: TaskMetricsRecorder, resultSizeBytes: number): TaskMetrics {
    const cpu = process.threadCpuUsage(this.#startCpu);
    return {
      ...recorder,
      deserializeMs: this.#decodedMs - this.#startMs,
      runMs: performance.now() - this.#decodedMs,
      cpuMs: (cpu.user + cpu.system) / 1000,
      resultSizeBytes,
      // V8 tells no high-water mark of a single task: what is in use at its end.
      peakHeapBytes: getHeapStatistics().used_heap_size,
    };
  }
}
