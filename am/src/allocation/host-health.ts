/** How often executors fail on a host before it is left alone for a while. */
const failuresUntilExcluded = 2;
/** How long a host is left alone. */
const exclusionMs = 60_000;
/** Failures of a host that are older than this are forgotten. */
const memoryMs = 300_000;

/**
 * Hosts on which executors fail again and again: not asked for containers for a minute. Never more
 * than half of the cluster, since a program that fails everywhere is no fault of the hosts.
 *
 * Source of the idea: Spark 4.0 `YarnAllocatorNodeHealthTracker`.
 */
export class HostHealth {
  readonly #always: ReadonlySet<string>;
  readonly #failuresMs = new Map<string, number[]>();
  readonly #excludedUntilMs = new Map<string, number>();
  /** What the ResourceManager has been told. */
  #told = new Set<string>();

  /** @param always hosts that the user excluded */
  constructor(always: readonly string[]) {
    this.#always = new Set(always);
  }

  /** @param clusterHosts how many hosts there are, as far as is known */
  failed(host: string, nowMs: number, clusterHosts: number): void {
    const recent = (this.#failuresMs.get(host) ?? []).filter((ms) => nowMs - ms <= memoryMs);
    recent.push(nowMs);
    this.#failuresMs.set(host, recent);
    if (recent.length < failuresUntilExcluded) return;
    if ((this.#excludedUntilMs.size + 1) * 2 > clusterHosts) return;
    this.#excludedUntilMs.set(host, nowMs + exclusionMs);
  }

  isExcluded(host: string, nowMs: number): boolean {
    return this.#always.has(host) || (this.#excludedUntilMs.get(host) ?? 0) > nowMs;
  }

  /** What the ResourceManager must be told so that it knows who is excluded now. */
  changes(nowMs: number): { readonly additions: string[]; readonly removals: string[] } {
    for (const [host, untilMs] of this.#excludedUntilMs) {
      if (untilMs <= nowMs) this.#excludedUntilMs.delete(host);
    }
    const now = new Set([...this.#always, ...this.#excludedUntilMs.keys()]);
    const additions = [...now].filter((host) => !this.#told.has(host));
    const removals = [...this.#told].filter((host) => !now.has(host));
    this.#told = now;
    return { additions, removals };
  }

  /** The ResourceManager has forgotten what it was told. */
  forget(): void {
    this.#told = new Set();
  }
}
