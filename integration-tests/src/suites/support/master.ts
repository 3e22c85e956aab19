const slot = Symbol.for('heddle.suites.master');

/** Told by whoever registers the suites, before it loads them. */
export function setSuitesMaster(master: string): void {
  Reflect.set(globalThis, slot, master);
}

/** The master that the suites are registered for: `local[2]`, `local-cluster[2,1,1024]`, `yarn`. */
export function suitesMaster(): string {
  return String(Reflect.get(globalThis, slot));
}
