import type { DriverProgram } from './driver-program.js';
import type { CodeFunction } from './program-metadata.js';

/** One instance of a scope with captured bindings, as the driver copy makes it. */
export class ScopeInstance {
  readonly program: DriverProgram;
  readonly scope: number;
  readonly parent: ScopeInstance | undefined;
  readonly read: ((cell: number) => unknown) | undefined;
  /** Names it where it must be the same one for several snapshots; given when first asked for. */
  threadId: number | undefined = undefined;

  constructor(
    program: DriverProgram,
    scope: number,
    parent: ScopeInstance | undefined,
    read: ((cell: number) => unknown) | undefined,
  ) {
    this.program = program;
    this.scope = scope;
    this.parent = parent;
    this.read = read;
  }
}

/** A constructor that returns its argument: fields of its subclasses are put on that object. */
const Stamped = function stamped(target: object): object {
  return target;
} as unknown as new (target: object) => object;

/**
 * Which function of the program a function object is, and in which scope it was made. Kept in
 * private fields of the function itself: invisible to the program, and as cheap as a property.
 */
export class FunctionTag extends Stamped {
  #unit: number;
  #scope: ScopeInstance;

  constructor(target: CodeFunction, unit: number, scope: ScopeInstance) {
    super(target);
    this.#unit = unit;
    this.#scope = scope;
  }

  static has(target: object): boolean {
    return #unit in target;
  }

  static unitOf(target: object): number | undefined {
    return #unit in target ? target.#unit : undefined;
  }

  static scopeOf(target: object): ScopeInstance | undefined {
    return #scope in target ? target.#scope : undefined;
  }
}

export type MemberKind = 'value' | 'get' | 'set';

/** A method or accessor, static or not, as a part of its class. */
export class MemberTag extends Stamped {
  #owner: CodeFunction;
  #key: string | symbol;
  #place: { readonly isStatic: boolean; readonly kind: MemberKind };

  constructor(
    target: CodeFunction,
    owner: CodeFunction,
    key: string | symbol,
    place: { readonly isStatic: boolean; readonly kind: MemberKind },
  ) {
    super(target);
    this.#owner = owner;
    this.#key = key;
    this.#place = place;
  }

  static of(
    target: object,
  ):
    { owner: CodeFunction; key: string | symbol; isStatic: boolean; kind: MemberKind } | undefined {
    if (!(#owner in target)) return undefined;
    return { owner: target.#owner, key: target.#key, ...target.#place };
  }
}

/** What a class needs besides its tag: its computed keys, and a number when it is local. */
export class ClassTag extends Stamped {
  #keys: readonly unknown[];
  #identity: number;

  constructor(target: CodeFunction, keys: readonly unknown[], identity: number) {
    super(target);
    this.#keys = keys;
    this.#identity = identity;
  }

  static keysOf(target: object): readonly unknown[] {
    return #keys in target ? target.#keys : [];
  }

  static identityOf(target: object): number | undefined {
    return #identity in target ? target.#identity : undefined;
  }
}
