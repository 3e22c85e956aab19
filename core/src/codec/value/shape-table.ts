interface ShapeNode {
  readonly next: Map<string, ShapeNode>;
  index: number;
}

/** Numbers the lists of keys that objects of one value have, in order of first use. */
export class ShapeTable {
  readonly #root: ShapeNode = { next: new Map(), index: -1 };
  #count = 0;
  #lastKeys: readonly string[] = [];
  #lastIndex = -1;

  /** Number of a list that was seen before; -1 for a new one, which then has the next number. */
  find(keys: readonly string[]): number {
    if (this.#lastIndex >= 0 && sameKeys(keys, this.#lastKeys)) return this.#lastIndex;
    let node = this.#root;
    for (const key of keys) {
      let next = node.next.get(key);
      if (next === undefined) {
        next = { next: new Map(), index: -1 };
        node.next.set(key, next);
      }
      node = next;
    }
    const known = node.index;
    if (known < 0) node.index = this.#count++;
    this.#lastKeys = keys;
    this.#lastIndex = node.index;
    return known;
  }
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
