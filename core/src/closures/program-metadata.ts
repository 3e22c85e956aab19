/**
 * What the build tells driver and task threads about a program, besides its code. Numbers are
 * indices: of functions and classes ("units"), of scopes with captured bindings, of the bindings
 * ("cells") in them, of imports.
 */
export interface ProgramMetadata {
  /** Of the program's code; driver and task threads must agree on it. */
  readonly hash: string;
  readonly units: readonly UnitMetadata[];
  /** Scope 0 is the module scope. */
  readonly scopes: readonly ScopeMetadata[];
  readonly constants: readonly ConstantMetadata[];
  readonly imports: readonly ImportMetadata[];
}

export interface UnitMetadata {
  readonly kind: 'function' | 'arrow' | 'method' | 'getter' | 'setter' | 'class';
  /** The innermost scope that it captures from. */
  readonly scope: number;
  /** Offset in the flat program. */
  readonly at: number;
  readonly name: string;
  /** Captured cells: pairs of scope and cell. */
  readonly cells: readonly number[];
  readonly writes?: readonly WriteMetadata[];
  /** Why it cannot be captured. */
  readonly refusal?: string;
  /** Shares a reassigned binding with a class: lives once per thread, as classes do. */
  readonly threadHome?: true;
  readonly class?: ClassMetadata;
}

/** A write to a captured cell, for the warning that the driver will not see it. */
export interface WriteMetadata {
  readonly scope: number;
  readonly cell: number;
  /** Offset in the flat program. */
  readonly at: number;
  /** Code around the function, which runs on the driver, reads the cell after the function was made. */
  readonly read?: true;
  /** Other functions and classes that read it: it is waited for unless each of them runs in tasks. */
  readonly readers?: readonly number[];
}

export interface ClassMetadata {
  readonly hasParent: boolean;
  /** Public fields whose initialiser is a function: they are made again with each instance. */
  readonly functionFields?: readonly string[];
  readonly hasPrivates?: true;
  /** Names of the private fields of instances, without `#`, in the order of their values. */
  readonly privateFields?: readonly string[];
  readonly hasStaticPrivates?: true;
  /** Parameters of the constructor. */
  readonly parameters: number;
  readonly computedKeys: number;
  /** Cells, as in `cells`, that making an instance uses: constructor and fields. */
  readonly construction?: readonly number[];
}

export interface ScopeMetadata {
  /** -1 for the module scope. */
  readonly parent: number;
  readonly cells: readonly CellMetadata[];
}

export interface CellMetadata {
  readonly name: string;
  /** Offset of the declaration in the flat program. */
  readonly at: number;
  /** Import and name of the export; `*` for the namespace. */
  readonly import?: readonly [index: number, exportName: string];
  /** Constant whose initialiser makes it, and its place among the names that one declares. */
  readonly constant?: readonly [index: number, place: number];
  /** Assigned more than once and used by a class, which exists once for all functions of a stage. */
  readonly shared?: true;
  /** The class around, for functions that use its private names or `super`. */
  readonly around?: true;
}

/** A module-level constant that a task thread may make again. */
export interface ConstantMetadata {
  /** Module-level cells that the initialiser reads. */
  readonly cells: readonly number[];
  readonly names: readonly string[];
  /** Why it may not be made again. */
  readonly refusal?: string;
}

export interface ImportMetadata {
  /** As the program writes it. */
  readonly specifier: string;
  readonly kind: 'node' | 'engine' | 'package' | 'external';
}

/** What the task copy's function returns for one instance of a scope. */
export interface ScopeCode {
  readonly set: readonly ((value: unknown) => void)[];
  readonly get: readonly (() => unknown)[];
  readonly fns: Readonly<
    Record<number, (parent?: unknown, keys?: readonly unknown[]) => CodeFunction>
  >;
  readonly kids: Readonly<Record<number, () => ScopeCode>>;
}

export interface ModuleCode extends ScopeCode {
  readonly raw: (on: boolean) => void;
  readonly make: Readonly<Record<number, () => readonly unknown[]>>;
}

/** A function or class of the program, only ever passed on. */
export type CodeFunction = (...args: never[]) => unknown;

/** What the task file exports. */
export interface TaskFile {
  readonly format: number;
  readonly metadata: string;
  /** A function expression that takes the runtime and returns a `ModuleCode`. */
  readonly script: string;
  /** Namespaces by number of the import, loaded when first asked for. */
  readonly imports: Readonly<Record<number, () => Record<string, unknown>>>;
  /** Imports without names: loaded when the first function of the program is made. */
  readonly sideEffects: readonly number[];
  /** What `require` in CommonJS modules of the program gives, by number of the import. */
  readonly required: Readonly<Record<number, () => unknown>>;
}

/** Changes whenever driver copy, task copy or the shapes above change. */
export const PROGRAM_FORMAT = 2;

/** Names of the task script in stack traces: `heddle-task:///<hash>/program.js`. */
export function taskScriptName(hash: string): string {
  return `heddle-task:///${hash}/program.js`;
}

/** Keys of the static methods through which the engine reaches private fields. */
export const privatesKey: unique symbol = Symbol.for('heddle.privates') as never;
/** Key of the class inside a class that reaches its private names for functions taken out of it. */
export const privateAccessKey: unique symbol = Symbol.for('heddle.privateAccess') as never;
export const staticPrivatesKey: unique symbol = Symbol.for('heddle.staticPrivates') as never;
