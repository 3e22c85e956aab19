/**
 * Built-in functions and objects of the language and of Node's global scope, by path:
 * `Math.sqrt`, `Array.prototype.slice`, `console.log`. They travel by name, whatever alias names them.
 */
const MAX_DEPTH = 3;
/**
 * Where the walk starts. A list, not every property of `globalThis`: a look at one of Node's lazy
 * globals loads it (`fetch` brings all of undici, 50 ms and 10 GB of address space), and what the
 * program put there is not a built-in. `eval` and `Function` are left out: data never becomes code.
 */
const ROOTS = [
  ...[
    'Object',
    'Array',
    'String',
    'Number',
    'Boolean',
    'BigInt',
    'Symbol',
    'Math',
    'JSON',
    'Reflect',
  ],
  ...[
    'Date',
    'RegExp',
    'Map',
    'Set',
    'WeakMap',
    'WeakSet',
    'WeakRef',
    'FinalizationRegistry',
    'Promise',
  ],
  ...['Proxy', 'Iterator', 'Intl', 'Atomics', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView'],
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array'],
  ...['Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError'],
  ...['TypeError', 'URIError', 'parseInt', 'parseFloat', 'isNaN', 'isFinite', 'escape', 'unescape'],
  ...['encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent', 'console', 'Buffer'],
  ...['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'AbortController', 'AbortSignal'],
  ...['Event', 'EventTarget', 'clearImmediate', 'setImmediate', 'clearInterval', 'clearTimeout'],
  ...[
    'setInterval',
    'setTimeout',
    'queueMicrotask',
    'structuredClone',
    'atob',
    'btoa',
    'performance',
  ],
];

let pathOf: Map<object, string> | undefined;
let valueAt: Map<string, object> | undefined;

function build(): void {
  pathOf = new Map();
  valueAt = new Map();
  const queue: { holder: object; prefix: string; depth: number }[] = [];
  for (const root of ROOTS) visit(globalThis, root, '', 1, queue);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const key of Reflect.ownKeys(next.holder)) {
      if (key === 'constructor' || key === 'caller' || key === 'arguments') continue;
      visit(next.holder, key, `${next.prefix}.`, next.depth, queue);
    }
  }
  // Not reachable by a property of a global: parents of classes that are.
  // An accessor of globalThis, but a constant.
  define('performance', performance);
  define('%TypedArray%', Object.getPrototypeOf(Uint8Array) as object);
  define('%TypedArray%.prototype', Object.getPrototypeOf(Uint8Array.prototype) as object);
  define('%GeneratorFunction.prototype%', Object.getPrototypeOf(function* () {}) as object);
}

function visit(
  holder: object,
  key: string | symbol,
  prefix: string,
  depth: number,
  queue: { holder: object; prefix: string; depth: number }[],
): void {
  const value: unknown = Reflect.getOwnPropertyDescriptor(holder, key)?.value;
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
  if (pathOf!.has(value)) return;
  const path = prefix + (typeof key === 'symbol' ? `@${key.description ?? ''}` : key);
  define(path, value);
  if (depth < MAX_DEPTH) queue.push({ holder: value, prefix: path, depth: depth + 1 });
}

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
