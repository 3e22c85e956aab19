import type * as acorn from 'acorn';
import type { Variable } from 'eslint-scope';

import type { ClassNode, FunctionNode, Node } from './ast.js';

/**
 * What a cell holds. All but `variable` and `class` are bindings that the language makes for a
 * function call; `class` is the class around, for functions that use its private names.
 */
export type CellKind = 'variable' | 'this' | 'arguments' | 'newTarget' | 'class';

/** A binding that some function below its scope captures. */
export interface Cell {
  readonly scope: CellScope;
  readonly index: number;
  readonly kind: CellKind;
  /** Name in the task copy's factory; the variable's own unless it is none. */
  readonly name: string;
  /** Where it is declared in the flat program. */
  readonly declaredAt: number;
  /** Assigned anywhere but in its declaration. */
  readonly reassigned: boolean;
  readonly variable: Variable | undefined;
  /** Of a `class` cell. */
  readonly ofClass: Unit | undefined;
  /** Number in the import table and name of the export (`*` for the namespace). */
  readonly import: { readonly index: number; readonly exportName: string } | undefined;
  /** A module-level constant whose initialiser a task may run again. */
  make: MadeConstant | undefined;
  /** Reassigned, and used by a class. */
  isShared: boolean;
}

/** How the driver copy creates the runtime object of a scope. */
export type ScopeEntry =
  /** One declaration at `at`; visible in [at, to). */
  | { readonly kind: 'declared'; readonly at: number; readonly to: number }
  /** `let` before the statement at `at`, created by the first closure inside (scopes of `switch`). */
  | { readonly kind: 'lazy'; readonly at: number; readonly to: number }
  /** No statement can stand in it: every closure makes its own (class field initialisers). */
  | { readonly kind: 'inline' };

/** A scope with captured bindings. Number 0 is the module scope, whether it has cells or not. */
export interface CellScope {
  readonly id: number;
  readonly parent: CellScope | undefined;
  readonly cells: Cell[];
  readonly entry: ScopeEntry;
}

export type UnitKind = 'function' | 'arrow' | 'method' | 'getter' | 'setter' | 'class';

/** `super.name` or `super[name]`, read or called. */
export interface SuperUse {
  readonly member: acorn.MemberExpression;
  readonly call: acorn.CallExpression | undefined;
  readonly isStatic: boolean;
}

export type PrivateUse = acorn.MemberExpression | acorn.BinaryExpression;

/** A write to a captured cell, and who reads the cell besides the writer. */
export interface CellWrite {
  readonly cell: Cell;
  readonly at: number;
  /** Code around the writing function reads the cell after that was made. */
  isRead: boolean;
  /** Functions and classes beside the writing one that read it. */
  readonly readers: Set<Unit>;
}

/** A function or class of the program: something that can be captured. */
export interface Unit {
  readonly id: number;
  readonly kind: UnitKind;
  /** The function or class; of a method the property that it is the value of. */
  readonly node: FunctionNode | ClassNode;
  /** The whole property, of methods, getters and setters. */
  readonly property: acorn.Property | undefined;
  /** The object literal around it, of methods, getters and setters. */
  readonly object: acorn.ObjectExpression | undefined;
  /** Name that the language infers from where the function stands; for the driver copy. */
  inferredName: string | undefined;
  /** Its name in the source, where the flat program has another one for it. */
  restoredName: string | undefined;
  /** Start of the name that it is declared with. */
  readonly nameAt: number | undefined;
  /** Innermost scope that it captures from. */
  scope: CellScope;
  readonly captured: Set<Cell>;
  /** Of a class: cells that its constructor and its fields use. */
  readonly constructs: Set<Cell>;
  /** Writes to captured cells. */
  readonly writes: CellWrite[];
  /** References to `this`, `arguments` and `new.target` of an enclosing function, in arrows. */
  readonly outerThis: { readonly start: number; readonly end: number; readonly cell: Cell }[];
  /** Uses of private names of a class around: `object.#name` and `#name in object`. */
  readonly privateUses: { readonly node: PrivateUse; readonly cell: Cell }[];
  /** Uses of `super` of a class around. */
  readonly superUses: { readonly node: SuperUse; readonly cell: Cell; readonly receiver: Cell }[];
  /** Of a class: some function inside is taken out of it and uses its private names. */
  givesAccess: boolean;
  /** Why it cannot be taken out of its place. */
  refusal: string | undefined;
  /** It shares a reassigned binding with a class, so it must live where the class lives. */
  threadHome: boolean;
}

/** `const a = make()` or `const { a, b } = make()` at module level. */
export interface MadeConstant {
  readonly id: number;
  readonly declarator: { readonly start: number; readonly end: number };
  readonly pattern: Node;
  readonly init: Node;
  readonly names: readonly string[];
  /** Module-level cells that the initialiser reads. */
  readonly cells: Set<Cell>;
  /** Why it may not be made again. */
  refusal: string | undefined;
}

/** A function declaration: it exists from the start of its block on. */
export interface FunctionPlace {
  readonly unit: Unit;
  readonly name: string;
  /** Start of the block; of one in a `case`, which has no start, the end of the declaration. */
  readonly at: number;
  readonly isInCase: boolean;
}

export interface ModuleCall {
  readonly kind: 'dynamic' | 'require';
  readonly start: number;
  readonly end: number;
  readonly specifier: string;
}

/** What one analysis of the flat program found; both copies are written from it. */
export interface ProgramModel {
  readonly text: string;
  readonly units: readonly Unit[];
  readonly unitOf: ReadonlyMap<Node, Unit>;
  readonly scopes: readonly CellScope[];
  readonly moduleScope: CellScope;
  readonly constants: readonly MadeConstant[];
  readonly body: readonly Node[];
  /** Function declarations, and where their block begins; 0 for the module. */
  readonly declarations: readonly FunctionPlace[];
  /** Calls of `import()` and `__require` with a literal. */
  readonly moduleCalls: readonly ModuleCall[];
  /** Nothing in the program's own text begins with it. */
  readonly prefix: string;
}
