/** The way to an export of an import, or to something that an export holds. */
export interface ImportPath {
  readonly index: number;
  readonly names: readonly string[];
}

const MAX_NAMES = 200;

/**
 * Finds what the program's imports export, so that such values travel by name. Looks at exports and
 * at what they hold directly (`z.string`, `_.map`); calls no getter but those of namespaces.
 */
export class ImportIndex {
  readonly #namespaces: ReadonlyMap<number, () => Record<string, unknown>>;
  readonly #paths = new Map<object, ImportPath>();
  readonly #seen = new Set<string>();
  #namespaceCount = 0;
  /** Exports that had no value when they were looked at. */
  #missing = 0;

  constructor(namespaces: ReadonlyMap<number, () => Record<string, unknown>>) {
    this.#namespaces = namespaces;
  }

  find(value: object): ImportPath | undefined {
    const known = this.#paths.get(value);
    if (known !== undefined) return known;
    this.#refresh();
    return this.#paths.get(value);
  }

  /** Exports may appear later (top-level await, circular imports), so a miss looks again. */
  #refresh(): void {
    if (this.#namespaceCount === this.#namespaces.size && this.#missing === 0) return;
    this.#namespaceCount = this.#namespaces.size;
    this.#missing = 0;
    for (const [index, namespaceOf] of this.#namespaces) {
      const namespace = namespaceOf();
      for (const name of Object.keys(namespace)) {
        const id = `${index} ${name}`;
        if (this.#seen.has(id)) continue;
        const value = readExport(namespace, name);
        if (value === undefined) {
          this.#missing++;
          continue;
        }
        this.#seen.add(id);
        this.#enter(value, { index, names: [name] }, true);
        this.#enterMembers(value, index, name);
      }
    }
  }

  #enterMembers(holder: unknown, index: number, exportName: string): void {
    if ((typeof holder !== 'object' && typeof holder !== 'function') || holder === null) return;
    const isNamespace =
      exportName === '*' ||
      (holder as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'Module';
    for (const key of Object.getOwnPropertyNames(holder).slice(0, MAX_NAMES * 10)) {
      if (key === 'prototype' || key === 'constructor') continue;
      const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
      const value: unknown = isNamespace
        ? readExport(holder as Record<string, unknown>, key)
        : descriptor?.value;
      this.#enter(value, { index, names: [exportName, key] }, isNamespace || isInstance(value));
    }
  }

  #enter(value: unknown, path: ImportPath, also: boolean): void {
    const isFunction = typeof value === 'function';
    if (!isFunction && (!also || typeof value !== 'object' || value === null)) return;
    if (!this.#paths.has(value)) this.#paths.set(value, path);
  }
}

/** An object of some class: plain objects and arrays that an export holds travel by value. */
function isInstance(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null;
}

function readExport(namespace: Record<string, unknown>, name: string): unknown {
  try {
    return namespace[name];
  } catch {
    return undefined;
  }
}

/** Follows a path from a namespace; own properties only. */
export function followImport(
  namespace: Record<string, unknown>,
  names: readonly string[],
): unknown {
  let at: unknown = namespace;
  for (const [depth, name] of names.entries()) {
    if (depth === 0 && name === '*') continue;
    if ((typeof at !== 'object' && typeof at !== 'function') || at === null) return undefined;
    if (depth > 0 && !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}
