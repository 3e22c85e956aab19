import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Repeats a look until it finds something.
 * @throws Error when it does not within the bound
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  timeoutMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${timeoutMs} ms.`);
    await sleep(100);
  }
}
