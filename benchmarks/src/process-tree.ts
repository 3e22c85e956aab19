import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Time between two looks for new processes; looking through all of `/proc` costs a few milliseconds. */
const scanIntervalMs = 200;
/** What the command line of an executor process names. */
const executorEntry = /\/(?:yarn-)?executor-main\.js(\0|$)|CoarseGrainedExecutorBackend/;

/** Linux counts processor time in these, whatever the machine (`sysconf(_SC_CLK_TCK)`). */
const tickMs = 10;

/** The memory of a process and all its descendants, from `/proc`, as seen by looking now and then. */
export class ProcessTree {
  readonly #rootPid: number;
  readonly #clusterDirectory: string | undefined;
  readonly #pids = new Set<number>();
  /** Highest resident memory of each executor process, as the kernel kept it. */
  readonly #executorPeaks = new Map<number, number>();
  #scannedMs = -Infinity;
  #peakRssBytes = 0;

  /** @param clusterDirectory processes that work in containers below it count as descendants */
  constructor(rootPid: number, clusterDirectory?: string) {
    this.#rootPid = rootPid;
    this.#clusterDirectory = clusterDirectory;
  }

  /** Highest sum of resident memory that was seen. */
  get peakRssBytes(): number {
    return this.#peakRssBytes;
  }

  /** `VmHWM` of each executor process, in the order of their starts. */
  get executorPeakBytes(): readonly number[] {
    return [...this.#executorPeaks.values()];
  }

  look(): void {
    if (performance.now() - this.#scannedMs >= scanIntervalMs) this.#scan();
    let totalBytes = 0;
    for (const pid of this.#pids) {
      const status = read(pid, 'status');
      if (status === undefined) {
        this.#pids.delete(pid);
        continue;
      }
      totalBytes += kibibytes(status, 'VmRSS') * 1024;
      if (!this.#executorPeaks.has(pid)) continue;
      const peakBytes = kibibytes(status, 'VmHWM') * 1024;
      if (peakBytes > this.#executorPeaks.get(pid)!) this.#executorPeaks.set(pid, peakBytes);
    }
    this.#peakRssBytes = Math.max(this.#peakRssBytes, totalBytes);
  }

  /** Processor time of the processes that the last `look` found, in milliseconds. */
  cpuMs(): number {
    let ticks = 0;
    for (const pid of this.#pids) {
      const stat = read(pid, 'stat');
      // The name before it, in brackets, may hold anything.
      const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields?.[11] ?? 0) + Number(fields?.[12] ?? 0);
    }
    return ticks * tickMs;
  }

  #scan(): void {
    this.#scannedMs = performance.now();
    const parentOf = new Map<number, number>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const status = read(pid, 'status');
      if (status !== undefined) parentOf.set(pid, kibibytes(status, 'PPid'));
    }
    for (const pid of parentOf.keys()) {
      if (this.#pids.has(pid)) continue;
      if (!this.#isDescendant(pid, parentOf) && !this.#isContainer(pid)) continue;
      this.#pids.add(pid);
      if (executorEntry.test(read(pid, 'cmdline') ?? '')) this.#executorPeaks.set(pid, 0);
    }
  }

  #isContainer(pid: number): boolean {
    if (this.#clusterDirectory === undefined) return false;
    try {
      const directory = readlinkSync(`/proc/${pid}/cwd`);
      return directory.startsWith(this.#clusterDirectory) && directory.includes('/appcache/');
    } catch {
      return false;
    }
  }

  #isDescendant(pid: number, parentOf: ReadonlyMap<number, number>): boolean {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parentOf.get(at)) {
      if (at === this.#rootPid) return true;
    }
    return false;
  }
}

/** Undefined when the process has ended. */
function read(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** The number of a line such as `VmRSS:    1234 kB`. */
function kibibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}
