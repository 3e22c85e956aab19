import { resolve } from 'node:path/posix';
import { ArgumentError } from '@heddle/common';

/** What one segment of a path pattern matches: a single name, or names by a pattern. */
export type GlobSegment =
  | { readonly kind: 'literal'; readonly name: string }
  | {
      readonly kind: 'pattern';
      readonly expression: RegExp;
      /** The pattern itself begins with `_` or `.`, so hidden names are asked for. */
      readonly matchesHidden: boolean;
    };

/**
 * Patterns of paths as in Hadoop 3.4 (`GlobPattern`, `GlobExpander`): `*` and `?` (never `/`),
 * `[abc] [a-z] [^a] [!a]`, `{a,b{c,d}}` (also over `/`), and `\` before a character that is meant
 * literally. `**` is `*`. Braces that hold a slash are multiplied out, the others become alternatives.
 */
export function parseGlob(pattern: string): GlobSegment[][] {
  return expandSlashedBraces(pattern).map((path) =>
    // An alternative may begin with `./` or `../`.
    resolve('/', path)
      .split('/')
      .filter((segment) => segment !== '')
      .map(parseSegment),
  );
}

/** Whether a path holds anything that a glob treats specially. */
export function isGlob(path: string): boolean {
  return /[*?[{\\]/.test(path);
}

/** A glob as the plain path it stands for, with `\` removed; undefined when it is a real pattern. */
export function literalPath(path: string): string | undefined {
  let literal = '';
  for (let i = 0; i < path.length; i += 1) {
    const c = path[i]!;
    if ('*?[{'.includes(c)) return undefined;
    if (c === '\\' && i + 1 < path.length) {
      i += 1;
      literal += path[i]!;
    } else {
      literal += c;
    }
  }
  return literal;
}

/** A literal path as a glob that matches only it. */
export function escapeGlob(path: string): string {
  return path.replace(/[\\*?[\]{},]/g, '\\$&');
}

function parseSegment(segment: string): GlobSegment {
  const name = literalPath(segment);
  if (name !== undefined) return { kind: 'literal', name };
  return {
    kind: 'pattern',
    expression: new RegExp(`^(?:${new SegmentTranslator(segment).translate()})$`, 'su'),
    matchesHidden: /^(?:[_.]|\\[_.])/.test(segment),
  };
}

/** Turns one segment into the source of a regular expression. */
class SegmentTranslator {
  readonly #segment: string;
  readonly #characters: readonly string[];
  #at = 0;

  constructor(segment: string) {
    this.#segment = segment;
    this.#characters = Array.from(segment);
  }

  translate(): string {
    let source = '';
    let depth = 0;
    while (this.#at < this.#characters.length) {
      const c = this.#take();
      if (c === '\\') source += escape(this.#take('an escaped character'));
      else if (c === '*') source += this.#star();
      else if (c === '?') source += '.';
      else if (c === '[') source += this.#characterClass();
      else if (c === '{') {
        source += '(?:';
        depth += 1;
      } else if (c === '}' && depth > 0) {
        source += ')';
        depth -= 1;
      } else if (c === ',' && depth > 0) source += '|';
      else source += escape(c);
    }
    if (depth > 0) throw this.#error('a { has no }');
    return source;
  }

  /** Several stars are one: they would only multiply the ways to match. */
  #star(): string {
    while (this.#characters[this.#at] === '*') this.#at += 1;
    return '.*';
  }

  #characterClass(): string {
    let source = '[';
    if (this.#characters[this.#at] === '^' || this.#characters[this.#at] === '!') {
      this.#at += 1;
      source += '^';
    }
    let members = 0;
    for (;;) {
      let c = this.#take('a ] to end the [');
      if (c === ']' && members > 0) return `${source}]`;
      if (c === '\\') c = this.#take('an escaped character');
      else if (c === '-' && members > 0 && this.#characters[this.#at] !== ']') {
        source += '-';
        continue;
      }
      source += c === '-' ? '\\-' : escape(c);
      members += 1;
    }
  }

  #take(what = ''): string {
    const c = this.#characters[this.#at];
    if (c === undefined) throw this.#error(`it ends where ${what} should be`);
    this.#at += 1;
    return c;
  }

  #error(reason: string): ArgumentError {
    return new ArgumentError(
      `bad pattern "${this.#segment}": ${reason}; put \\ before a character that is meant literally`,
    );
  }
}

function escape(character: string): string {
  return /[\^$\\.*+?()[\]{}|]/.test(character) ? `\\${character}` : character;
}

/** `/a/{b/c,d}/e` → `/a/b/c/e`, `/a/d/e`; braces without a slash inside stay. */
function expandSlashedBraces(pattern: string): string[] {
  for (let i = 0; i < pattern.length; i += 1) {
    if (pattern[i] === '\\') i += 1;
    else if (pattern[i] === '{') {
      const group = braceGroup(pattern, i);
      if (group === undefined) continue;
      if (group.alternatives.some((alternative) => alternative.includes('/'))) {
        const before = pattern.slice(0, i);
        const after = pattern.slice(group.end);
        return group.alternatives.flatMap((middle) => expandSlashedBraces(before + middle + after));
      }
      i = group.end - 1;
    }
  }
  return [pattern];
}

function braceGroup(
  pattern: string,
  open: number,
): { readonly alternatives: string[]; readonly end: number } | undefined {
  const alternatives: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open; i < pattern.length; i += 1) {
    const c = pattern[i];
    if (c === '\\') i += 1;
    else if (c === '{') depth += 1;
    else if (c === '}') {
      depth -= 1;
      if (depth === 0) {
        alternatives.push(pattern.slice(start, i));
        return { alternatives, end: i + 1 };
      }
    } else if (c === ',' && depth === 1) {
      alternatives.push(pattern.slice(start, i));
      start = i + 1;
    }
  }
  return undefined;
}
