import { AsyncResource } from 'node:async_hooks';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, isDeepStrictEqual } from 'node:util';
import { RDD, type HeddleContext } from 'heddle';

/** What the lines of the guide for Spark users take for granted. */
export interface Given {
  readonly dir: string;
  readonly rdd: RDD<number>;
  readonly words: RDD<string>;
  readonly pairs: RDD<[string, number]>;
  readonly other: RDD<[string, string]>;
  /** A text file of some lines. */
  readonly path: string;
}

/** Runs what the documentation says in code, and says what is not as it says. */
export class Documented {
  readonly #sc: HeddleContext;
  readonly #root: string;
  readonly #wrong: string[] = [];
  #name = '';
  #count = 0;
  #path: string | undefined;

  /** @param root a directory for the files of examples */
  constructor(sc: HeddleContext, root: string) {
    this.#sc = sc;
    this.#root = root;
  }

  /** An example of a docstring, in a flow and a directory of its own. */
  async example(name: string, body: (dir: string) => Promise<void>): Promise<void> {
    this.#name = name;
    this.#count += 1;
    try {
      // Job groups and tags that it sets are its own.
      const flow = new AsyncResource('example');
      await flow.runInAsyncScope(() => body(mkdtempSync(join(this.#root, 'example-'))));
    } catch (error) {
      this.#wrong.push(`${name}: ${inspect(error)}`);
    }
  }

  /** A line of the guide: it must run; an RDD that it makes is collected. */
  async line(name: string, body: (given: Given) => Promise<unknown>): Promise<void> {
    const sc = this.#sc;
    await this.example(name, async (dir) => {
      this.#path ??= await this.#text();
      const result = await body({
        dir,
        rdd: sc.range(0, 10, 1, 2),
        words: sc.parallelize(['to', 'be', 'or', 'not', 'to', 'be'], 2),
        pairs: sc.parallelize<[string, number]>(
          [
            ['a', 1],
            ['b', 2],
            ['a', 3],
          ],
          2,
        ),
        other: sc.parallelize<[string, string]>(
          [
            ['a', 'x'],
            ['c', 'y'],
          ],
          2,
        ),
        path: this.#path,
      });
      const made = Array.isArray(result) ? (result as unknown[]) : [result];
      for (const one of made) if (one instanceof RDD) await one.collect();
    });
  }

  /** Notes when a value is not the one that is documented. */
  same(actual: unknown, expected: unknown): void {
    if (isDeepStrictEqual(actual, expected)) return;
    this.#wrong.push(`${this.#name}: it is ${inspect(actual)}, and not ${inspect(expected)}`);
  }

  /** Notes when an error of that class is not thrown. */
  async throws(className: string, body: () => unknown): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.same(error instanceof Error ? error.constructor.name : error, className);
      return;
    }
    this.#wrong.push(`${this.#name}: it throws nothing, and not ${className}`);
  }

  /** Prints the outcome, and ends the process with 1 when anything was wrong. */
  async finish(): Promise<void> {
    await this.#sc.stop();
    for (const text of this.#wrong) console.error(text);
    console.log(`${this.#count} examples and lines, ${this.#wrong.length} wrong`);
    if (this.#wrong.length > 0) process.exitCode = 1;
  }

  async #text(): Promise<string> {
    const path = join(this.#root, 'text');
    await this.#sc.parallelize(['to be', 'or not to be'], 1).saveAsTextFile(path);
    return path;
  }
}
