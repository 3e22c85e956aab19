import { callSiteShort, describeThrown, type CallSite } from '@heddle/common';

import { encodeValue } from '../codec/value/index.js';
import type { CodeTable } from '../codec/code-table.js';
import { ClosureError } from './errors.js';

interface SeenBinding {
  readonly value: unknown;
  readonly callSite: CallSite;
}

/**
 * Bindings that classes of one stage use. A class exists once per task thread, so two functions of
 * one stage cannot each have their own value of such a binding: that is an error, not a guess.
 */
export class SharedBindings {
  readonly #code: CodeTable;
  readonly #seen = new Map<string, SeenBinding>();

  constructor(code: CodeTable) {
    this.#code = code;
  }

  /** @throws ClosureError when another function of the stage captured another value */
  check(name: string, value: unknown, callSite: CallSite): void {
    const known = this.#seen.get(name);
    if (known === undefined) {
      this.#seen.set(name, { value: this.#frozen(value), callSite });
      return;
    }
    if (known.callSite === callSite || this.#isSame(known.value, value)) return;
    const first = callSiteShort(known.callSite);
    const second = callSiteShort(callSite);
    throw new ClosureError(
      `${name} has two values in one stage: ${describe(known.value)} when ${first} was called, ${describe(value)} when ${second} was; a class uses it, and a class exists once in a task thread. Give the value to the instances, or make the variable a constant`,
      name,
      'a class uses it, and two functions of one stage captured it with different values',
      callSite.file,
      callSite.line,
    );
  }

  /** Objects may change while tasks run: what counts is what was captured. */
  #frozen(value: unknown): unknown {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
    try {
      return Buffer.from(encodeValue(value, this.#code));
    } catch {
      return undefined;
    }
  }

  #isSame(known: unknown, value: unknown): boolean {
    const other = this.#frozen(value);
    if (Buffer.isBuffer(known) && Buffer.isBuffer(other)) return known.equals(other);
    // What has no encoding (functions, references) cannot be compared, and is taken as the same.
    return known === undefined || other === undefined || Object.is(known, other);
  }
}

function describe(value: unknown): string {
  return Buffer.isBuffer(value) ? 'an object' : describeThrown(value, 60);
}
