import { ArgumentError } from '@heddle/common';

/** A path's value matches whole segments of a fixed alphabet; nothing in a path is ever decoded. */
const SEGMENT_PATTERN = /^[A-Za-z0-9_.~-]{1,255}$/;
const MAX_SEGMENTS = 16;

/** Named segments of a path. */
export type PathParameters = Readonly<Record<string, string>>;

interface Route<Handler> {
  readonly method: string;
  readonly segments: readonly string[];
  readonly handler: Handler;
}

/** What a path leads to. */
export type RouteMatch<Handler> =
  | { readonly kind: 'found'; readonly handler: Handler; readonly parameters: PathParameters }
  | { readonly kind: 'wrongMethod' }
  | { readonly kind: 'notFound' };

/**
 * Routes by method and pattern (`/shuffle/:shuffleId/parts`). A path with percent signs, dot
 * segments, empty segments or anything outside of the alphabet leads nowhere.
 */
export class RouteTable<Handler> {
  readonly #routes: Route<Handler>[] = [];

  /** Throws `ArgumentError` for a second handler of the same method and pattern. */
  add(method: string, pattern: string, handler: Handler): void {
    const segments = pattern.split('/').slice(1);
    const same = this.#routes.some(
      (route) => route.method === method && route.segments.join('/') === segments.join('/'),
    );
    if (same) throw new ArgumentError(`${method} ${pattern} has a handler already`);
    this.#routes.push({ method, segments, handler });
  }

  /** All routes, as `METHOD /pattern`. */
  list(): string[] {
    return this.#routes.map(({ method, segments }) => `${method} /${segments.join('/')}`);
  }

  /** @param path without its query */
  find(method: string, path: string): RouteMatch<Handler> {
    const segments = pathSegments(path);
    if (segments === undefined) return { kind: 'notFound' };
    let wrongMethod = false;
    for (const route of this.#routes) {
      const parameters = match(route.segments, segments);
      if (parameters === undefined) continue;
      if (route.method === method) return { kind: 'found', handler: route.handler, parameters };
      wrongMethod = true;
    }
    return { kind: wrongMethod ? 'wrongMethod' : 'notFound' };
  }
}

function pathSegments(path: string): string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  const segments = path.slice(1).split('/', MAX_SEGMENTS + 1);
  if (segments.length > MAX_SEGMENTS) return undefined;
  const valid = segments.every(
    (segment) => SEGMENT_PATTERN.test(segment) && segment !== '.' && segment !== '..',
  );
  return valid ? segments : undefined;
}

function match(pattern: readonly string[], path: readonly string[]): PathParameters | undefined {
  if (pattern.length !== path.length) return undefined;
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  for (let i = 0; i < pattern.length; i++) {
    const wanted = pattern[i]!;
    if (wanted.startsWith(':')) parameters[wanted.slice(1)] = path[i]!;
    else if (wanted !== path[i]) return undefined;
  }
  return parameters;
}
