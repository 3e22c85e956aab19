import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** What one run of a command cost, seen from outside. */
export interface MeasuredRun {
  readonly wallMs: number;
  /** From the start of the command until its result line was printed. */
  readonly resultAfterMs: number;
  /** Highest sum of resident memory over the command's process tree. */
  readonly peakRssBytes: number;
  readonly result: BenchmarkResult;
}

/** The line of JSON that every benchmark program prints. */
export interface BenchmarkResult {
  readonly row: string;
  /** Wall time of the action alone, as the program saw it. */
  readonly actionMs: number;
  /** The same action again, in the same process. */
  readonly warmMs?: readonly number[];
  /** A count or sum that both engines must agree on. */
  readonly check: string;
}

const rssSampleIntervalMs = 25;
const timeoutMs = 300_000;

/** Runs a command to its end; rejects when it fails, prints no result, or takes over five minutes. */
export function runMeasured(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<MeasuredRun> {
  const [file, ...args] = command;
  const startedMs = performance.now();
  const child = spawn(file!, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderrTail = '';
  let resultAfterMs = 0;
  let peakRssBytes = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (resultAfterMs === 0 && stdout.includes('"check"')) {
      resultAfterMs = performance.now() - startedMs;
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-4_000);
  });
  const sampler = setInterval(() => {
    if (child.pid !== undefined) peakRssBytes = Math.max(peakRssBytes, treeRssBytes(child.pid));
  }, rssSampleIntervalMs);
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
        peakRssBytes,
        result: JSON.parse(line) as BenchmarkResult,
      });
    });
  });
}

/** Resident memory of a process and all its descendants, from `/proc`. */
function treeRssBytes(rootPid: number): number {
  const parentOf = new Map<number, number>();
  const rssOf = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      parentOf.set(pid, Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
      rssOf.set(pid, Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  let total = 0;
  for (const [pid, rss] of rssOf) {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf.get(at)) {
      if (at === rootPid) {
        total += rss;
        break;
      }
    }
  }
  return total;
}
