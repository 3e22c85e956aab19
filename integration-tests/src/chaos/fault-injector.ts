import { readdirSync, readFileSync } from 'node:fs';
import type { SeededRandom } from './random.js';

/** Something that was done to a process of the application. */
export interface InjectedFault {
  readonly kind: FaultKind;
  readonly pid: number;
  readonly atMs: number;
}

export type FaultKind = 'kill' | 'terminate' | 'pause' | 'freeze' | 'killService';

interface ChildProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Longer than the expiry that the runs are given, so that a frozen executor is declared dead. */
const freezeMs = 6_000;
const pauseMs = 400;

/**
 * Does harm to the processes below one process, at random times, until it is stopped. No more kills than a
 * program must survive: a task may be lost with its executor three times.
 */
export class FaultInjector {
  readonly #rootPid: number;
  readonly #random: SeededRandom;
  readonly #startedMs = performance.now();
  readonly #faults: InjectedFault[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopped = new Set<number>();
  #lossesLeft: number;
  #serviceKillsLeft = 1;
  #pausesLeft = 4;

  constructor(rootPid: number, random: SeededRandom) {
    this.#rootPid = rootPid;
    this.#random = random;
    this.#lossesLeft = random.int(1, 3);
  }

  get faults(): readonly InjectedFault[] {
    return this.#faults;
  }

  /** Begins; the first fault comes once there are executors. */
  start(): void {
    this.#schedule(this.#random.int(20, 250));
  }

  /** Ends it, and lets processes go on that are stopped. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const pid of this.#stopped) signal(pid, 'SIGCONT');
    this.#stopped.clear();
  }

  #schedule(delayMs: number): void {
    this.#after(delayMs, () => {
      const hit = this.#strike();
      this.#schedule(hit ? this.#random.int(100, 1_500) : 20);
    });
  }

  #strike(): boolean {
    const children = descendantsOf(this.#rootPid);
    const executors = children.filter(
      ({ pid, commandLine }) => commandLine.includes('executor-main') && !this.#stopped.has(pid),
    );
    if (executors.length === 0) return false;
    const kind = this.#draw();
    if (kind === undefined) return true;
    const victim =
      kind === 'killService'
        ? children.find(({ commandLine }) => commandLine.includes('shuffle-service'))
        : this.#random.pick(executors);
    if (victim === undefined || !this.#do(kind, victim.pid)) return false;
    this.#faults.push({
      kind,
      pid: victim.pid,
      atMs: Math.round(performance.now() - this.#startedMs),
    });
    return true;
  }

  #draw(): FaultKind | undefined {
    const kinds: FaultKind[] = [];
    if (this.#pausesLeft > 0) kinds.push('pause');
    if (this.#lossesLeft > 0) kinds.push('kill', 'kill', 'terminate', 'freeze');
    if (this.#serviceKillsLeft > 0) kinds.push('killService');
    if (kinds.length === 0) return undefined;
    const kind = this.#random.pick(kinds);
    if (kind === 'killService') this.#serviceKillsLeft--;
    else if (kind === 'pause') this.#pausesLeft--;
    else this.#lossesLeft--;
    return kind;
  }

  #do(kind: FaultKind, pid: number): boolean {
    switch (kind) {
      case 'kill':
      case 'killService':
        return signal(pid, 'SIGKILL');
      case 'terminate':
        return signal(pid, 'SIGTERM');
      case 'pause':
      case 'freeze': {
        if (!signal(pid, 'SIGSTOP')) return false;
        this.#stopped.add(pid);
        this.#after(kind === 'pause' ? pauseMs : freezeMs, () => {
          this.#stopped.delete(pid);
          signal(pid, 'SIGCONT');
        });
        return true;
      }
    }
  }

  #after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** Processes below one, with their command lines; from `/proc`. */
export function descendantsOf(rootPid: number): ChildProcess[] {
  const parentOf = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = /^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
    if (parent !== undefined) parentOf.set(pid, Number(parent));
  }
  const isBelow = (pid: number): boolean => {
    for (let at = parentOf.get(pid); at !== undefined && at > 1; at = parentOf.get(at)) {
      if (at === rootPid) return true;
    }
    return false;
  };
  return [...parentOf.keys()]
    .filter(isBelow)
    .map((pid) => ({ pid, commandLine: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }));
}

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @returns false when the process is gone */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}
