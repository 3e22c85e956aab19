import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's ticks since boot. */
  readonly startTicks: string;
}

/** Fields of `/proc/<pid>/stat` after the name, which may contain anything. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Identifies a running process; undefined when there is none with that number. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  const startTicks = fields?.[19];
  // A process that has ended and was not yet waited for no longer runs.
  return startTicks === undefined || fields?.[0] === 'Z' ? undefined : { pid, startTicks };
}

/** Tells whether that very process still runs. */
export function isProcessRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startTicks === identity.startTicks;
}

/** Sends a signal to that very process; false when it has ended. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isProcessRunning(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Waits until all have ended; false when some still run at the end of the time. */
export async function waitForEnd(
  processes: readonly ProcessIdentity[],
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (processes.some(isProcessRunning)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

/** Tells whether every thread of a process stands still: SIGSTOP reaches a busy process with a delay. */
export function isProcessPaused(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'));
    });
  } catch {
    return false;
  }
}

/** Resident memory of a process in bytes; 0 when it has ended. */
export function residentBytes(pid: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** All processes that work in a directory or below it: what a dead NodeManager's containers are known by. */
export function processesWorkingIn(directory: string): readonly ProcessIdentity[] {
  const found: ProcessIdentity[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    let workingDirectory: string;
    try {
      workingDirectory = readlinkSync(`/proc/${entry}/cwd`);
    } catch {
      continue;
    }
    const inside = workingDirectory === directory || workingDirectory.startsWith(`${directory}/`);
    const identity = inside ? identifyProcess(Number(entry)) : undefined;
    if (identity && identity.pid !== process.pid) found.push(identity);
  }
  return found;
}
