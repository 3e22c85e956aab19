const MAX_KEYS = 100_000;

/** `.rows[3].socket` for the nodes from a root down to the one that holds a refused value. */
export function describeTrail(
  root: unknown,
  trail: readonly object[],
  hiddenStep?: (holder: object, node: object) => string | undefined,
): string {
  let path = '';
  let holder: unknown = root;
  for (const node of trail) {
    if (node === holder) continue;
    path += stepTo(holder, node, hiddenStep);
    holder = node;
  }
  return path;
}

/** How `node` hangs on `holder`: a property, an index, an entry of a Map or Set. */
export function stepTo(
  holder: unknown,
  node: object,
  hiddenStep?: (holder: object, node: object) => string | undefined,
): string {
  if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return '';
  if (holder instanceof Map) {
    for (const [key, value] of holder) {
      if (value === node)
        return typeof key === 'string' ? `.get(${JSON.stringify(key)})` : '.get(…)';
      if (key === node) return '.keys()[…]';
    }
  }
  if (holder instanceof Set && holder.has(node)) return '.values()[…]';
  if (Object.getPrototypeOf(holder) === node) return '.[[Prototype]]';
  for (const key of Reflect.ownKeys(holder).slice(0, MAX_KEYS)) {
    if (Reflect.getOwnPropertyDescriptor(holder, key)?.value === node) return keyStep(holder, key);
  }
  return hiddenStep?.(holder, node) ?? '.…';
}

export function keyStep(holder: unknown, key: string | symbol): string {
  if (typeof key === 'symbol') return `[${key.toString()}]`;
  if (Array.isArray(holder) && /^\d+$/.test(key)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `.${key}`
    : `[${JSON.stringify(key)}]`;
}
