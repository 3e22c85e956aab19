/**
 * Built-in functions and objects of the language and of Node's global scope, by path:
 * `Math.sqrt`, `Array.prototype.slice`, `console.log`. They travel by name, whatever alias names them.
 */
const MAX_DEPTH = 3;
/** Turning data into code is never what a path stands for. */
const EXCLUDED = new Set(['eval', 'globalThis', 'global', 'process', 'GLOBAL', 'root', 'self']);

let pathOf: Map<object, string> | undefined;
let valueAt: Map<string, object> | undefined;

function build(): void {
  pathOf = new Map();
  valueAt = new Map();
  const queue: { holder: object; prefix: string; depth: number }[] = [
    { holder: globalThis, prefix: '', depth: 1 },
  ];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const key of Reflect.ownKeys(next.holder)) {
      if (next.depth === 1 && (typeof key === 'symbol' || EXCLUDED.has(key))) continue;
      if (key === 'constructor' || key === 'caller' || key === 'arguments') continue;
      const descriptor = Reflect.getOwnPropertyDescriptor(next.holder, key);
      const value: unknown = descriptor?.value;
      if ((typeof value !== 'object' || value === null) && typeof value !== 'function') continue;
      const name = typeof key === 'symbol' ? `@${key.description ?? ''}` : key;
      const path = next.prefix === '' ? name : `${next.prefix}.${name}`;
      if (pathOf.has(value) || !isStatic(descriptor!, next.depth, key)) continue;
      pathOf.set(value, path);
      valueAt.set(path, value);
      if (next.depth < MAX_DEPTH) queue.push({ holder: value, prefix: path, depth: next.depth + 1 });
    }
  }
  // Not reachable by a property of a global: parents of classes that are.
  define('%TypedArray%', Object.getPrototypeOf(Uint8Array) as object);
  define('%TypedArray%.prototype', (Object.getPrototypeOf(Uint8Array.prototype) as object));
  define('%GeneratorFunction.prototype%', Object.getPrototypeOf(function* () {}) as object);
}

/** Own globals of a program (`globalThis.cache = …`) are enumerable; those of the language are not, except Node's. */
function isStatic(descriptor: PropertyDescriptor, depth: number, key: string | symbol): boolean {
  if (depth > 1) return true;
  return descriptor.enumerable !== true || NODE_GLOBALS.has(String(key));
}

const NODE_GLOBALS = new Set([
  'clearImmediate',
  'setImmediate',
  'clearInterval',
  'clearTimeout',
  'setInterval',
  'setTimeout',
  'queueMicrotask',
  'structuredClone',
  'atob',
  'btoa',
  'performance',
  'fetch',
]);

function define(path: string, value: object): void {
  if (pathOf!.has(value)) return;
  pathOf!.set(value, path);
  valueAt!.set(path, value);
}

/** Path of a built-in function or object; undefined for everything else. */
export function globalPathOf(value: object): string | undefined {
  if (pathOf === undefined) build();
  return pathOf!.get(value);
}

/** The built-in that a path names; undefined when this process has none. */
export function globalAt(path: string): object | undefined {
  if (valueAt === undefined) build();
  return valueAt!.get(path);
}
