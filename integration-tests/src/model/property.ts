import fc from 'fast-check';
import type { HeddleContext } from 'heddle';

/** A claim about an operator that holds for all data of a kind. */
export interface Property {
  /** Row of the API's table, such as `B.2 map`. */
  readonly row: string;
  readonly title: string;
  /** Its jobs have shuffles: one run costs as much as several of the others. */
  readonly isWide: boolean;
  /** @throws when the claim does not hold for some data; the message has the seed and the least data found */
  check(sc: HeddleContext, runs: Runs): Promise<void>;
}

export interface Runs {
  readonly seed: number;
  readonly count: number;
}

/** How often a property is tried with `runs` for one whose jobs have no shuffle. */
export function runsOf({ isWide }: Property, runs: number): number {
  return isWide ? Math.ceil(runs / 5) : runs;
}

/** Small jobs that run at the same time: most of the time of one is waiting. */
const atOnce = 8;
/** How long less data that fail are looked for. */
const shrinkMs = 20_000;

/** A property whose data come from an arbitrary. */
export function property<I>(
  { row, title, isWide }: Omit<Property, 'check'>,
  input: fc.Arbitrary<I>,
  claim: (sc: HeddleContext, input: I) => Promise<void>,
): Property {
  return {
    row,
    title,
    isWide,
    check: async (sc, { seed, count }) => {
      const data = fc.sample(input, { seed, numRuns: count });
      let next = 0;
      let failed: { readonly input: I; readonly error: unknown } | undefined;
      const work = async (): Promise<void> => {
        while (failed === undefined && next < data.length) {
          const one = data[next++]!;
          try {
            await claim(sc, one);
          } catch (error) {
            failed ??= { input: one, error };
          }
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      if (failed === undefined) return;
      // One after another now, from the same seed: fast-check finds the least data that fail.
      const again = fc.asyncProperty(input, (one) => claim(sc, one));
      await fc.assert(again, { seed, numRuns: count, interruptAfterTimeLimit: shrinkMs });
      throw new Error(
        `seed ${seed}: failed once for ${fc.stringify(failed.input)}, and not when it was tried again`,
        { cause: failed.error },
      );
    },
  };
}
