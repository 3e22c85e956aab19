import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Highest memory of the processes of one kind, in MiB. */
export interface ProcessMemory {
  readonly mode: string;
  /** `heddle.executor.memory`. */
  readonly executorMemory: string;
  readonly process: string;
  readonly residentMiB: number;
  readonly virtualMiB: number;
}

const sampleMs = 50;
const timeoutMs = 300_000;
/** Main programs of containers, as their command lines show them. */
const kinds: Readonly<Record<string, string>> = {
  'yarn-am-main.js': 'ApplicationMaster',
  'yarn-driver-main.js': 'driver beside it',
  'yarn-executor-main.js': 'executor',
};

/** Runs a program with executors of several sizes, in both deploy modes, and watches its containers' processes. */
export async function measureMemory(
  clusterDirectory: string,
  executorMemories: readonly string[],
  env: Readonly<Record<string, string>>,
  command: (mode: string, executorMemory: string) => readonly string[],
): Promise<readonly ProcessMemory[]> {
  const measured: ProcessMemory[] = [];
  for (const mode of ['client', 'cluster']) {
    for (const executorMemory of executorMemories) {
      const peaks = await peaksOf(clusterDirectory, command(mode, executorMemory), env);
      for (const [process, { residentMiB, virtualMiB }] of peaks) {
        measured.push({ mode, executorMemory, process, residentMiB, virtualMiB });
      }
    }
  }
  return measured;
}

/** As it stands in `docs/yarn.md`. */
export function renderMemory(rows: readonly ProcessMemory[]): string {
  return [
    '| mode | `--executor-memory` | process | resident MiB, at most | virtual MiB, at most |',
    '| ---- | ------------------- | ------- | --------------------- | -------------------- |',
    ...rows.map(
      ({ mode, executorMemory, process, residentMiB, virtualMiB }) =>
        `| ${mode} | ${executorMemory} | ${process} | ${residentMiB} | ${virtualMiB} |`,
    ),
  ].join('\n');
}

async function peaksOf(
  clusterDirectory: string,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, { residentMiB: number; virtualMiB: number }>> {
  const peaks = new Map<string, { residentMiB: number; virtualMiB: number }>();
  const [file, ...words] = command;
  const child = spawn(file!, words, { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  const sampler = setInterval(() => sample(clusterDirectory, peaks), sampleMs);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const ended = Promise.withResolvers<number | null>();
  child.once('error', ended.reject);
  child.once('close', ended.resolve);
  const code = await ended.promise;
  clearInterval(sampler);
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
  return peaks;
}

function sample(
  clusterDirectory: string,
  peaks: Map<string, { residentMiB: number; virtualMiB: number }>,
): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readlinkSync(`/proc/${name}/cwd`).startsWith(clusterDirectory)) continue;
      const commandLine = readFileSync(`/proc/${name}/cmdline`, 'latin1');
      const kind = Object.keys(kinds).find((main) => commandLine.includes(main));
      if (kind === undefined || !commandLine.includes('bin/node')) continue;
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const mib = (field: string): number =>
        Math.ceil(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1_024);
      const before = peaks.get(kinds[kind]!) ?? { residentMiB: 0, virtualMiB: 0 };
      peaks.set(kinds[kind]!, {
        residentMiB: Math.max(before.residentMiB, mib('VmHWM')),
        virtualMiB: Math.max(before.virtualMiB, mib('VmPeak')),
      });
    } catch {
      // It ended between the listing and the reading.
    }
  }
}
