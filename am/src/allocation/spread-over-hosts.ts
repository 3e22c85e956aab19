/** A host that holds input, and how much of it. */
export interface WeightedHost {
  readonly host: string;
  /** Bytes, or any other measure that is the same for all hosts. */
  readonly weight: number;
}

/**
 * How many containers each host shall get: `count` executors are shared out by weight (largest
 * remainders first), less those that the host has already.
 *
 * Follows the idea of Spark 4.0 `LocalityPreferredContainerPlacementStrategy`, with bytes in place of
 * numbers of tasks.
 *
 * @param total executors that there shall be in the end
 * @param missing executors to ask for; the result never adds up to more
 * @param present executors by host that are there or on their way
 */
export function spreadOverHosts(
  hosts: readonly WeightedHost[],
  total: number,
  missing: number,
  present: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const usable = hosts.filter(({ weight }) => weight > 0);
  const sum = usable.reduce((all, { weight }) => all + weight, 0);
  const result = new Map<string, number>();
  if (sum === 0 || missing <= 0) return result;
  const shares = usable.map(({ host, weight }) => ({ host, share: (total * weight) / sum }));
  let left = missing;
  const give = (host: string, count: number): void => {
    const given = Math.min(left, count);
    if (given <= 0) return;
    left -= given;
    result.set(host, (result.get(host) ?? 0) + given);
  };
  const open = shares
    .map(({ host, share }) => ({ host, wanted: share - (present.get(host) ?? 0) }))
    .filter(({ wanted }) => wanted > 0)
    .sort((a, b) => b.wanted - a.wanted || (a.host < b.host ? -1 : 1));
  for (const { host, wanted } of open) give(host, Math.floor(wanted));
  for (const { host } of [...open].sort(byRemainder)) give(host, 1);
  // More than the shares say: executors stand where their host holds too little; go round again.
  for (const { host } of open) give(host, 1);
  return result;
}

function byRemainder(
  a: { readonly host: string; readonly wanted: number },
  b: { readonly host: string; readonly wanted: number },
): number {
  return (b.wanted % 1) - (a.wanted % 1) || (a.host < b.host ? -1 : 1);
}
