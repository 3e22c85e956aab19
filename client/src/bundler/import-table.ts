import { isBuiltin } from 'node:module';

/** How the program came to an import. */
export type ImportKind = 'node' | 'engine' | 'package' | 'external';

/** A module outside the program's own, under one number for all who import it. */
export interface ProgramImport {
  readonly index: number;
  /** As the program writes it. */
  readonly specifier: string;
  kind: ImportKind;
  /** Absolute file of a package's module; empty for engine and Node. */
  readonly path: string;
  /** Names of exports that the program uses; `*` for the whole namespace. */
  readonly names: Set<string>;
  /** Imported for what it does, without names. */
  isSideEffect: boolean;
  /** Taken with `require` by a CommonJS module of the program. */
  isRequired: boolean;
  /** Taken with `import()`. */
  isDynamic: boolean;
}

const PREFIX = 'heddle-import:';

/** All modules that the program imports and that are not its own. */
export class ImportTable {
  readonly #entries: ProgramImport[] = [];
  readonly #byKey = new Map<string, ProgramImport>();

  /** The placeholder specifier for a module; the same for the same file. */
  placeholderFor(kind: ImportKind, specifier: string, path: string): string {
    const key =
      kind === 'node' ? `node:${specifier.replace(/^node:/, '')}` : path === '' ? specifier : path;
    let entry = this.#byKey.get(key);
    if (entry === undefined) {
      entry = {
        index: this.#entries.length,
        specifier,
        kind,
        path,
        names: new Set(),
        isSideEffect: false,
        isRequired: false,
        isDynamic: false,
      };
      this.#entries.push(entry);
      this.#byKey.set(key, entry);
    }
    return PREFIX + String(entry.index);
  }

  numberOf(specifier: string): number | undefined {
    return specifier.startsWith(PREFIX) ? Number(specifier.slice(PREFIX.length)) : undefined;
  }

  isNodeBuiltin(index: number): boolean {
    return this.#entries[index]!.kind === 'node';
  }

  get entries(): readonly ProgramImport[] {
    return this.#entries;
  }
}

export function isNodeModule(specifier: string): boolean {
  return isBuiltin(specifier);
}

/** `heddle/x` is beside `heddle`, wherever that is. */
export function engineSource(specifier: string, engineUrl: string): string {
  if (specifier === 'heddle') return engineUrl;
  // Also for an address that is relative to the program's own folder.
  return engineUrl.replace(/[^/]*$/, `${specifier.slice('heddle/'.length)}.js`);
}
