import { hashKey } from './hash-key.js';
import { KeyNotHashableError } from './errors.js';
import { keysEqual } from './keys-equal.js';

/**
 * A Map whose keys are looked up by value (`keysEqual`): what actions such as `countByKey` return.
 *
 * Entries keep the key object that came first, in order of insertion. Primitive keys cost what they
 * cost in a Map. A key that is changed after it was inserted is not found again.
 */
export class KeyMap<K, V> extends Map<K, V> {
  /** By hash, the key objects that stand for their equals; made when first needed. */
  #objects: Map<number, K[]> | undefined;

  constructor(entries?: Iterable<readonly [K, V]> | null) {
    super();
    for (const [key, value] of entries ?? []) this.set(key, value);
  }

  /**
   * Fills an empty map with keys (at even places) that are known to differ, and values. Keys are not
   * looked at before the first lookup: while a graph is being decoded they may not be complete yet.
   */
  static fill<K, V>(map: KeyMap<K, V>, flatEntries: readonly unknown[]): void {
    for (let i = 0; i < flatEntries.length; i += 2) {
      Map.prototype.set.call(map, flatEntries[i], flatEntries[i + 1]);
    }
    map.#objects = undefined;
  }

  static override get [Symbol.species](): MapConstructor {
    return Map;
  }

  override get(key: K): V | undefined {
    if (typeof key !== 'object' || key === null) return super.get(key);
    const stored = this.#find(key);
    return stored === undefined ? undefined : super.get(stored);
  }

  override has(key: K): boolean {
    if (typeof key !== 'object' || key === null) return super.has(key);
    return this.#find(key) !== undefined;
  }

  /** @throws KeyNotHashableError for values that are no keys */
  override set(key: K, value: V): this {
    if (typeof key === 'object' && key !== null) return super.set(this.#findOrAdd(key), value);
    if (typeof key === 'function') throw new KeyNotHashableError('a function');
    if (typeof key === 'symbol') throw new KeyNotHashableError('a symbol');
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    if (typeof key !== 'object' || key === null) return super.delete(key);
    const stored = this.#find(key);
    if (stored === undefined) return false;
    const objects = this.#index();
    const hash = hashKey(key);
    const same = objects.get(hash)!;
    if (same.length === 1) objects.delete(hash);
    else same.splice(same.indexOf(stored), 1);
    return super.delete(stored);
  }

  override clear(): void {
    this.#objects = undefined;
    super.clear();
  }

  /** Never throws: what can be no key is not in the map. */
  #find(key: K): K | undefined {
    if (this.size === 0) return undefined;
    try {
      return this.#index()
        .get(hashKey(key))
        ?.find((other) => keysEqual(key, other));
    } catch (error) {
      if (error instanceof KeyNotHashableError) return undefined;
      throw error;
    }
  }

  #findOrAdd(key: K): K {
    const objects = this.#index();
    const hash = hashKey(key);
    const same = objects.get(hash);
    if (same === undefined) {
      objects.set(hash, [key]);
      return key;
    }
    const stored = same.find((other) => keysEqual(key, other));
    if (stored === undefined) same.push(key);
    return stored ?? key;
  }

  #index(): Map<number, K[]> {
    if (this.#objects !== undefined) return this.#objects;
    const objects = new Map<number, K[]>();
    for (const key of this.keys()) {
      if (typeof key !== 'object' || key === null) continue;
      const hash = hashKey(key);
      const same = objects.get(hash);
      if (same === undefined) objects.set(hash, [key]);
      else same.push(key);
    }
    this.#objects = objects;
    return objects;
  }
}
