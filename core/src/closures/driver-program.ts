import { ImportIndex } from './import-index.js';
import {
  privatesKey,
  PROGRAM_FORMAT,
  staticPrivatesKey,
  type CodeFunction,
  type ProgramMetadata,
} from './program-metadata.js';
import { registerSources } from './source-maps.js';
import { ClassTag, FunctionTag, MemberTag, ScopeInstance, type MemberKind } from './tags.js';
import { InternalError } from '@heddle/common';

/** Where the source maps of a program are; read when a stack is first translated. */
export interface ProgramFiles {
  readonly driverFile: string;
  readonly sourcesFile: string;
}

/** What the driver copy of a program calls the engine with. */
export interface DriverRuntime {
  /** Tags a function with its number and scope. */
  readonly f: (
    target: CodeFunction,
    unit: number,
    scope: ScopeInstance,
    name?: string,
  ) => CodeFunction;
  /** Tags a class and its members; takes the computed keys that `k` kept. */
  readonly c: (
    target: CodeFunction,
    unit: number,
    scope: ScopeInstance,
    keys: number,
    name?: string,
  ) => void;
  /** Tags members of an object literal: name, part, unit, scope, …; takes names that `k` kept for null. */
  readonly o: (target: object, tags: readonly unknown[]) => object;
  /** Makes and tags a method under a computed name. */
  readonly m: (
    key: unknown,
    make: (key: string | symbol) => Record<string | symbol, CodeFunction>,
    unit: number,
    scope: ScopeInstance,
  ) => Record<string | symbol, CodeFunction>;
  /** Makes an instance of a scope. */
  readonly s: (
    scope: number,
    parent: ScopeInstance | undefined,
    read: ((cell: number) => unknown) | undefined,
  ) => ScopeInstance;
  /** Keeps the value of a computed key for `c`. */
  readonly k: (key: unknown) => unknown;
  readonly P: symbol;
  readonly Q: symbol;
  /** Tells how raw construction is switched. */
  readonly raw: (set: (on: boolean) => void) => void;
  /** Tells what an import exports. */
  readonly imports: (index: number, namespace: () => Record<string, unknown>) => void;
  /** What stands for `import.meta` of a module. */
  readonly meta: (url: string) => object;
}

/** The program that this process drives. One at a time; the shell extends it. */
export class DriverProgram {
  readonly metadata: ProgramMetadata;
  readonly imports: ImportIndex;
  readonly #namespaces = new Map<number, () => Record<string, unknown>>();
  readonly #moduleClasses = new Map<number, CodeFunction>();
  readonly #localClasses = new Map<number, WeakRef<CodeFunction>>();
  readonly #pendingKeys: unknown[] = [];
  #nextIdentity = 1;
  #nextThreadId = 1;
  moduleScope: ScopeInstance | undefined;
  setRaw: (on: boolean) => void = () => undefined;

  constructor(metadata: ProgramMetadata) {
    this.metadata = metadata;
    this.imports = new ImportIndex(this.#namespaces);
  }

  /** Number under which a scope instance lives in task threads. */
  threadIdOf(scope: ScopeInstance): number {
    if (scope.scope === 0) return 0;
    scope.threadId ??= this.#nextThreadId++;
    return scope.threadId;
  }

  /** The class of this process that a record names. */
  classOf(unit: number, identity: number): CodeFunction | undefined {
    if (identity === 0) return this.#moduleClasses.get(unit);
    return this.#localClasses.get(identity)?.deref();
  }

  importNamespace(index: number): Record<string, unknown> | undefined {
    return this.#namespaces.get(index)?.();
  }

  runtime(): DriverRuntime {
    return {
      f: (target, unit, scope, name) => {
        new FunctionTag(target, unit, scope);
        if (name !== undefined) rename(target, name);
        return target;
      },
      c: (target, unit, scope, keys, name) => {
        this.#tagClass(target, unit, scope, keys);
        if (name !== undefined) rename(target, name);
      },
      o: (target, tags) => this.#tagMembersOfObject(target, tags),
      m: (key, make, unit, scope) => {
        const name = typeof key === 'symbol' ? key : String(key);
        const made = make(name);
        new FunctionTag(made[name]!, unit, scope);
        return made;
      },
      s: (scope, parent, read) => {
        const instance = new ScopeInstance(this, scope, parent, read);
        if (scope === 0) this.moduleScope = instance;
        return instance;
      },
      k: (key) => {
        // What the language itself would make of it, once.
        const name = typeof key === 'symbol' ? key : String(key);
        this.#pendingKeys.push(name);
        return name;
      },
      P: privatesKey,
      Q: staticPrivatesKey,
      raw: (set) => (this.setRaw = set),
      imports: (index, namespace) => void this.#namespaces.set(index, namespace),
      meta: (url) => importMeta(url),
    };
  }

  #tagMembersOfObject(target: object, tags: readonly unknown[]): object {
    const computed = tags.filter((tag, i) => i % 4 === 0 && tag === null).length;
    const keys = computed === 0 ? [] : this.#pendingKeys.splice(-computed);
    for (let i = 0; i < tags.length; i += 4) {
      const key = (tags[i] === null ? keys.shift() : tags[i]) as string | symbol;
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      const member: unknown = descriptor?.[tags[i + 1] as 'get' | 'set' | 'value'];
      if (typeof member !== 'function' || FunctionTag.has(member)) continue;
      new FunctionTag(member as CodeFunction, tags[i + 2] as number, tags[i + 3] as ScopeInstance);
    }
    return target;
  }

  #tagClass(target: CodeFunction, unit: number, scope: ScopeInstance, keyCount: number): void {
    const keys = keyCount === 0 ? [] : this.#pendingKeys.splice(-keyCount);
    const isLocal = scope.scope !== 0 || this.#moduleClasses.has(unit);
    const identity = isLocal ? this.#nextIdentity++ : 0;
    new FunctionTag(target, unit, scope);
    new ClassTag(target, keys, identity);
    if (isLocal) this.#localClasses.set(identity, new WeakRef(target));
    else this.#moduleClasses.set(unit, target);
    tagMembers(target, target, true);
    tagMembers(target, target.prototype as object, false);
  }
}

/** Functions and classes whose name in the bundle is not the source's. */
function rename(target: CodeFunction, name: string): void {
  // A class may have a static method of that name.
  if (typeof target.name !== 'string') return;
  Object.defineProperty(target, 'name', { value: name, configurable: true });
}

function tagMembers(owner: CodeFunction, holder: object, isStatic: boolean): void {
  for (const key of Reflect.ownKeys(holder)) {
    if (key === 'constructor' || key === 'prototype' || key === privatesKey) continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(holder, key)!;
    for (const kind of ['value', 'get', 'set'] as const) {
      const member: unknown = Reflect.get(descriptor, kind);
      if (typeof member === 'function')
        tagMember(member as CodeFunction, owner, key, isStatic, kind);
    }
  }
}

function tagMember(
  member: CodeFunction,
  owner: CodeFunction,
  key: string | symbol,
  isStatic: boolean,
  kind: MemberKind,
): void {
  if (MemberTag.of(member) === undefined) new MemberTag(member, owner, key, { isStatic, kind });
}

function importMeta(url: string): object {
  const filename = url.startsWith('file:') ? decodeURIComponent(new URL(url).pathname) : undefined;
  return {
    url,
    filename,
    dirname: filename?.slice(0, filename.lastIndexOf('/')),
    resolve: (specifier: string) =>
      specifier.startsWith('.') ? new URL(specifier, url).href : import.meta.resolve(specifier),
  };
}

let current: DriverProgram | undefined;

/** The program that this process drives, once its driver copy has begun to run. */
export function currentProgram(): DriverProgram | undefined {
  return current;
}

/** Makes a program that was loaded before the current one again: a process of tests loads several. */
export function activateProgram(program: DriverProgram): void {
  current = program;
}

/** Ends the program of this process: for tests, which run several one after the other. */
export function closeProgram(): void {
  current = undefined;
}

/** Name in `globalThis` under which the driver copy finds the engine that loaded it. */
export const openProgramKey: unique symbol = Symbol.for('heddle.openProgram') as never;

/** Called by the first statement of a driver copy. */
export function openProgram(
  format: number,
  metadataJson: string,
  files?: ProgramFiles,
): DriverRuntime {
  if (format !== PROGRAM_FORMAT) {
    throw new InternalError(
      `the program was built for format ${format}, and this engine runs format ${PROGRAM_FORMAT}`,
    );
  }
  const metadata = JSON.parse(metadataJson) as ProgramMetadata;
  if (files !== undefined) registerSources(metadata.hash, files);
  current = new DriverProgram(metadata);
  return current.runtime();
}

(globalThis as Record<symbol, unknown>)[openProgramKey] = openProgram;
