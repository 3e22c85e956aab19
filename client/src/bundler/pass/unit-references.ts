import type { Node } from './ast.js';
import type { FunctionPlace, ModuleCall, PrivateUse, SuperUse, Unit } from './program-model.js';

/** A use of `this`, `arguments` or `new.target` in arrows that belongs to a function around them. */
export interface OwnerReference {
  readonly kind: 'this' | 'newTarget';
  readonly start: number;
  readonly end: number;
  /** The function, field initialiser or static block that binds it. */
  readonly owner: Node;
  /** The arrow functions between. */
  readonly through: readonly Unit[];
}

/** A use of a private name by functions inside the class that declares it. */
export interface PrivateReference {
  readonly node: PrivateUse;
  readonly ofClass: Unit;
  /** The method, field initialiser or static block of that class in which it stands. */
  readonly holder: Node;
  readonly through: readonly Unit[];
}

/** A use of `super` by arrow functions inside a class. */
export interface SuperReference {
  readonly node: SuperUse;
  readonly ofClass: Unit;
  readonly holder: Node;
  readonly through: readonly Unit[];
}

export interface CollectedUnits {
  readonly units: Unit[];
  readonly unitOf: Map<Node, Unit>;
  readonly ownerReferences: OwnerReference[];
  readonly privateReferences: PrivateReference[];
  readonly superReferences: SuperReference[];
  readonly declarations: FunctionPlace[];
  readonly moduleCalls: ModuleCall[];
  /** Loops, whose code may run again. */
  readonly loops: { readonly start: number; readonly end: number }[];
  readonly problems: { readonly text: string; readonly at: number }[];
}
