import { readFileSync } from 'node:fs';

/** Fields of `/proc/<pid>/stat` behind the name, which may hold spaces and brackets. */
const stateField = 0;
const startField = 19;

/**
 * Whether a process of this machine runs. One that has ended counts as ended, although its number stays
 * taken until its parent has asked for it: the first process of a container may never ask.
 */
export function isProcessAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const state = statOf(pid)?.[stateField];
  return state !== 'Z' && state !== 'X';
}

/** When a process began, in the system's own units; empty when it is gone, or the system does not tell. */
export function processStart(pid: number): string {
  return statOf(pid)?.[startField] ?? '';
}

/**
 * Whether the very process lives that had this number and this start (`processStart`), not another one
 * that got the number later.
 */
export function isSameProcessAlive(pid: number, started: string): boolean {
  return isProcessAlive(pid) && processStart(pid) === started;
}

function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
