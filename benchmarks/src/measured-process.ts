import { spawn } from 'node:child_process';
import { ProcessTree } from './process-tree.js';

/** What one run of a command cost, seen from outside. */
export interface MeasuredRun {
  readonly wallMs: number;
  /** From the start of the command until its result line was printed. */
  readonly resultAfterMs: number;
  /** Highest sum of resident memory over the command's process tree. */
  readonly peakRssBytes: number;
  /** Highest resident memory of each executor process. */
  readonly executorPeakBytes: readonly number[];
  readonly result: BenchmarkResult;
}

/** The line of JSON that every benchmark program prints. */
export interface BenchmarkResult {
  readonly row: string;
  /** Wall time of the action alone, as the program saw it. */
  readonly actionMs: number;
  /** The same action again, in the same process. */
  readonly warmMs?: readonly number[];
  /** Processor time of all processes of the application, where the program measures it. */
  readonly actionCpuMs?: number;
  readonly warmCpuMs?: readonly number[];
  /** A count or sum that both engines must agree on. */
  readonly check: string;
}

const rssSampleIntervalMs = 25;
const timeoutMs = 300_000;

/**
 * Runs a command to its end; rejects when it fails, prints no result, or takes over five minutes.
 *
 * @param clusterDirectory processes that work in containers below it are its own too
 */
export function runMeasured(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  clusterDirectory?: string,
): Promise<MeasuredRun> {
  const [file, ...args] = command;
  const startedMs = performance.now();
  const child = spawn(file!, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderrTail = '';
  let resultAfterMs = 0;
  const tree = child.pid === undefined ? undefined : new ProcessTree(child.pid, clusterDirectory);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (resultAfterMs === 0 && stdout.includes('"check"')) {
      resultAfterMs = performance.now() - startedMs;
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-4_000);
  });
  const sampler = setInterval(() => tree?.look(), rssSampleIntervalMs);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(sampler);
      clearTimeout(timer);
      const line = stdout.split('\n').find((text) => text.startsWith('{"row"'));
      if (code !== 0 || line === undefined) {
        reject(
          new Error(
            `${command.join(' ')} ended with ${signal ?? code} and ${line === undefined ? 'no' : 'a'} result:\n${stderrTail}`,
          ),
        );
        return;
      }
      resolve({
        wallMs: performance.now() - startedMs,
        resultAfterMs,
        peakRssBytes: tree?.peakRssBytes ?? 0,
        executorPeakBytes: tree?.executorPeakBytes ?? [],
        result: JSON.parse(line) as BenchmarkResult,
      });
    });
  });
}
