/**
 * `Promise.all(items.map(f))` with at most `limit` calls under way; results in the order of items.
 * After the first failure no further call begins, and it rejects when those under way have ended.
 */
export async function mapConcurrently<T, U>(
  items: readonly T[],
  limit: number,
  f: (item: T, index: number) => Promise<U>,
): Promise<U[]> {
  const results = new Array<U>(items.length);
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next;
      next += 1;
      try {
        results[index] = await f(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(limit, items.length) }, lane);
  const ends = await Promise.allSettled(lanes);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}
