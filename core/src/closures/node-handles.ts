const MODULES = [
  'async_hooks',
  'child_process',
  'cluster',
  'crypto',
  'dgram',
  'diagnostics_channel',
  'dns',
  'events',
  'fs',
  'http',
  'http2',
  'https',
  'module',
  'net',
  'perf_hooks',
  'readline',
  'stream',
  'string_decoder',
  'tls',
  'tty',
  'v8',
  'vm',
  'worker_threads',
  'zlib',
] as const;

let names: Map<object, string> | undefined;

/** `net.Socket` for an object of a class of one of Node's own modules; looked at only when needed. */
export function nodeClassOf(value: object): string | undefined {
  names ??= build();
  if (value === process) return 'process';
  for (let at: object | null = Object.getPrototypeOf(value) as object | null; at !== null;) {
    const name = names.get(at);
    if (name !== undefined) return name;
    at = Object.getPrototypeOf(at) as object | null;
  }
  return undefined;
}

function build(): Map<object, string> {
  const found = new Map<object, string>();
  for (const module of MODULES) {
    const exported = process.getBuiltinModule(module) as unknown as Record<string, unknown>;
    for (const name of Object.keys(exported)) {
      const value: unknown = Reflect.getOwnPropertyDescriptor(exported, name)?.value;
      if (typeof value !== 'function') continue;
      const prototype: unknown = (value as { prototype?: unknown }).prototype;
      if (typeof prototype !== 'object' || prototype === null || found.has(prototype)) continue;
      if (prototype === Object.prototype) continue;
      found.set(prototype, `${module}.${name}`);
    }
  }
  const timeout = setTimeout(() => undefined, 0);
  clearTimeout(timeout);
  found.set(Object.getPrototypeOf(timeout) as object, 'timers.Timeout');
  return found;
}
