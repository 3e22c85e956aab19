import { Script } from 'node:vm';

import { CorruptDataError } from '../codec/errors.js';
import { ValueDecoder } from '../codec/value/decoder.js';
import { ByteReader } from '../codec/byte-reader.js';
import { PackageLoadError } from './errors.js';
import { followImport, ImportIndex } from './import-index.js';
import {
  privateAccessKey,
  privatesKey,
  staticPrivatesKey,
  taskScriptName,
  type CodeFunction,
  type ModuleCode,
  type ProgramMetadata,
  type TaskFile,
} from './program-metadata.js';
import { SharedBindings } from './shared-bindings.js';
import { TaskScope } from './task-scope.js';
import type { TaskCode } from './task-code.js';

/** What a function of the program is, in a task thread. */
export interface FunctionOrigin {
  readonly unit: number;
  readonly scope: TaskScope;
}

/** What a class of the program is, in a task thread. */
export interface ClassOrigin extends FunctionOrigin {
  readonly identity: number;
  readonly keys: readonly unknown[];
  /** Members that the class body made, by key: static ones and those of instances. */
  readonly members: ReadonlyMap<string | symbol, PropertyDescriptor>;
  readonly instanceMembers: ReadonlyMap<string | symbol, PropertyDescriptor>;
  /** Whether its cells and static data have been set. */
  isReady: boolean;
}

/** Everything of a program that lives as long as its task thread. */
export class ThreadState {
  readonly metadata: ProgramMetadata;
  readonly file: TaskFile;
  readonly #script: Script;
  readonly #namespaces = new Map<number, Record<string, unknown>>();
  readonly #loaded = new Map<number, () => Record<string, unknown>>();
  readonly #threadScopes = new Map<number, TaskScope>();
  readonly #classes = new Map<string, CodeFunction>();
  readonly #functions = new WeakMap<object, FunctionOrigin>();
  readonly #classOrigins = new WeakMap<object, ClassOrigin>();
  readonly #members = new WeakMap<object, { owner: CodeFunction; key: string | symbol }>();
  readonly #constants = new Map<number, readonly unknown[]>();
  readonly #constantPlaces = new WeakMap<object, readonly [number, number]>();
  readonly #rawSwitches = new WeakMap<TaskScope, (on: boolean) => void>();
  readonly #sharedBindings = new WeakMap<object, SharedBindings>();
  #loadedSideEffects = false;

  /** Finds exports of the packages that this thread has loaded. */
  readonly imports: ImportIndex;
  /** Records, results and errors of this thread. */
  readonly dataCode: TaskCode;

  constructor(file: TaskFile, newDataCode: (thread: ThreadState) => TaskCode) {
    this.file = file;
    this.imports = new ImportIndex(this.#loaded);
    this.dataCode = newDataCode(this);
    this.metadata = JSON.parse(file.metadata) as ProgramMetadata;
    this.#script = new Script(file.script, { filename: taskScriptName(this.metadata.hash) });
  }

  /** A module scope of its own: the same code, run again, so that V8 learns its types anew. */
  newModule(threadId?: number): TaskScope {
    this.#loadSideEffects();
    const make = this.#script.runInThisContext() as (runtime: object) => ModuleCode;
    const code = make({
      dynamicImport: (index: number) => Promise.resolve().then(() => this.namespace(index)),
      require: (index: number) => this.file.required[index]!(),
      P: privatesKey,
      Q: staticPrivatesKey,
      W: privateAccessKey,
    });
    return new TaskScope(0, undefined, code, threadId);
  }

  namespace(index: number): Record<string, unknown> {
    let namespace = this.#namespaces.get(index);
    if (namespace === undefined) {
      const load = this.file.imports[index];
      if (load === undefined) throw new CorruptDataError(`import ${index} is unknown`);
      try {
        namespace = load();
      } catch (error) {
        const { specifier } = this.metadata.imports[index]!;
        throw new PackageLoadError(specifier, { cause: error });
      }
      this.#namespaces.set(index, namespace);
      const loaded = namespace;
      this.#loaded.set(index, () => loaded);
    }
    return namespace;
  }

  importAt(index: number, names: readonly string[]): unknown {
    return followImport(this.namespace(index), names);
  }

  threadModule(): TaskScope {
    return this.threadScope(0, 0, undefined);
  }

  /** The instance of a scope that this thread keeps under a number. */
  threadScope(threadId: number, scope: number, parent: TaskScope | undefined): TaskScope {
    let instance = this.#threadScopes.get(threadId);
    if (instance === undefined) {
      instance = scope === 0 ? this.newModule(0) : this.newScope(scope, parent!, threadId);
      this.#threadScopes.set(threadId, instance);
    }
    return instance;
  }

  newScope(scope: number, parent: TaskScope, threadId?: number): TaskScope {
    const make = parent.code.kids[scope];
    if (make === undefined)
      throw new CorruptDataError(`scope ${scope} is not inside scope ${parent.scope}`);
    return new TaskScope(scope, parent, make(), threadId);
  }

  /** Bindings of classes that all closures of one stage share; `stage` names the stage. */
  sharedBindings(stage: object): SharedBindings {
    let shared = this.#sharedBindings.get(stage);
    if (shared === undefined) {
      shared = new SharedBindings(this.dataCode);
      this.#sharedBindings.set(stage, shared);
    }
    return shared;
  }

  newFunction(unit: number, scope: TaskScope): CodeFunction {
    const make = scope.code.fns[unit];
    if (make === undefined)
      throw new CorruptDataError(`function ${unit} is not in scope ${scope.scope}`);
    this.setImports(unit, scope);
    const made = make();
    this.#functions.set(made, { unit, scope });
    return made;
  }

  /** The class of this thread with this identity, made when it is not there yet. */
  classOf(
    unit: number,
    identity: number,
    scope: TaskScope,
    parent: unknown,
    keys: readonly unknown[],
  ): CodeFunction {
    const id = `${unit} ${identity}`;
    const known = this.#classes.get(id);
    if (known !== undefined) return known;
    const make = scope.code.fns[unit];
    if (make === undefined)
      throw new CorruptDataError(`class ${unit} is not in scope ${scope.scope}`);
    this.setImports(unit, scope);
    const made = make(parent, keys);
    const { name: sourceName } = this.metadata.units[unit]!;
    if (sourceName !== '' && typeof made.name === 'string' && made.name !== sourceName) {
      Object.defineProperty(made, 'name', { value: sourceName, configurable: true });
    }
    const members = descriptorsOf(made);
    const instanceMembers = descriptorsOf(made.prototype as object);
    this.#functions.set(made, { unit, scope });
    this.#classOrigins.set(made, {
      unit,
      scope,
      identity,
      keys,
      members,
      instanceMembers,
      isReady: false,
    });
    this.#enterMembers(made, members);
    this.#enterMembers(made, instanceMembers);
    this.#classes.set(id, made);
    return made;
  }

  knownClass(unit: number, identity: number): CodeFunction | undefined {
    return this.#classes.get(`${unit} ${identity}`);
  }

  originOf(value: object): FunctionOrigin | undefined {
    return this.#functions.get(value);
  }

  classOriginOf(value: object): ClassOrigin | undefined {
    return this.#classOrigins.get(value);
  }

  memberOf(value: object): { owner: CodeFunction; key: string | symbol } | undefined {
    return this.#members.get(value);
  }

  constantOf(value: object): readonly [constant: number, place: number] | undefined {
    return this.#constantPlaces.get(value);
  }

  constantValue(constant: number, place: number): unknown {
    const values = this.#constants.get(constant);
    if (values === undefined) throw new CorruptDataError(`constant ${constant} was not made`);
    return values[place];
  }

  /** Makes a constant by its own initialiser, once in this thread. `inputs` hold what that reads. */
  makeConstant(constant: number, inputs: Uint8Array, code: TaskCode): void {
    if (this.#constants.has(constant)) return;
    const metadata = this.metadata.constants[constant];
    if (metadata === undefined || metadata.refusal !== undefined) {
      throw new CorruptDataError(`constant ${constant} is unknown`);
    }
    new ValueDecoder(new ByteReader(inputs), code).decode();
    const module = this.threadModule();
    const { cells, names } = metadata;
    for (const cell of cells) this.#setImport(module, cell);
    const values = (module.code as ModuleCode).make[constant]!();
    this.#constants.set(constant, values);
    values.forEach((value, place) => {
      if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
        this.#constantPlaces.set(value, [constant, place]);
      }
    });
    const declared = this.metadata.scopes[0]!.cells;
    for (const [place, name] of names.entries()) {
      const cell = declared.findIndex((one) => one.name === name && one.constant?.[0] === constant);
      if (cell >= 0) module.code.set[cell]!(values[place]);
    }
  }

  setRaw(scope: TaskScope, on: boolean): void {
    const module = scope.module();
    let change = this.#rawSwitches.get(module);
    if (change === undefined) {
      change = (module.code as ModuleCode).raw;
      this.#rawSwitches.set(module, change);
    }
    change(on);
  }

  /** Gives a function the imports that its text names. */
  setImports(unit: number, scope: TaskScope): void {
    const { cells } = this.metadata.units[unit]!;
    for (let i = 0; i < cells.length; i += 2) {
      if (cells[i] === 0) this.#setImport(scope.module(), cells[i + 1]!);
    }
  }

  #setImport(module: TaskScope, cell: number): void {
    const imported = this.metadata.scopes[0]!.cells[cell]!.import;
    if (imported === undefined) return;
    module.importOnce(cell, () => this.importAt(imported[0], [imported[1]]));
  }

  #enterMembers(
    owner: CodeFunction,
    members: ReadonlyMap<string | symbol, PropertyDescriptor>,
  ): void {
    for (const [key, descriptor] of members) {
      for (const kind of ['value', 'get', 'set'] as const) {
        const member: unknown = Reflect.get(descriptor, kind);
        if (typeof member === 'function' && key !== 'constructor')
          this.#members.set(member, { owner, key });
      }
    }
  }

  #loadSideEffects(): void {
    if (this.#loadedSideEffects) return;
    this.#loadedSideEffects = true;
    for (const index of this.file.sideEffects) this.namespace(index);
  }
}

function descriptorsOf(holder: object): Map<string | symbol, PropertyDescriptor> {
  return new Map(
    Reflect.ownKeys(holder).map((key) => [key, Reflect.getOwnPropertyDescriptor(holder, key)!]),
  );
}
