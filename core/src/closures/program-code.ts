import { types } from 'node:util';

import type { AnyFunction, ValueCode } from '../codec/value/value-code.js';
import type { ValueDecoder } from '../codec/value/decoder.js';
import { constructorOf, type ValueEncoder } from '../codec/value/encoder.js';
import { UnsupportedValueError } from '../codec/errors.js';
import { globalPathOf } from '../codec/value/globals.js';
import { functionName } from '../codec/value/plain-code-table.js';
import { constructRaw, readPrivates, writePrivates, type ClassTraits } from './class-support.js';
import { engineCallOf } from './engine-function.js';
import { CellState, Extension, FunctionContent, Home, MemberPlace } from './extension.js';
import type { ImportPath } from './import-index.js';
import {
  privateAccessKey,
  privatesKey,
  staticPrivatesKey,
  type CodeFunction,
  type ProgramMetadata,
  type UnitMetadata,
} from './program-metadata.js';
import type { MemberKind } from './tags.js';
import { writeWithheld, type WithheldCell } from './withheld.js';

/** An instance of a scope with captured bindings, in the driver or in a task thread. */
export interface ScopeRef {
  readonly scope: number;
  readonly parent: ScopeRef | undefined;
}

/** A scope instance as something that lives once per thread; stands for it in the encoding. */
export class ThreadScope {
  readonly scope: ScopeRef;

  constructor(scope: ScopeRef) {
    this.scope = scope;
  }
}

/** The cells that the initialiser of a constant reads, as a root of an encoding. */
export class ConstantInputs {
  readonly constant: number;

  constructor(constant: number) {
    this.constant = constant;
  }
}

export interface MemberRef {
  readonly owner: CodeFunction;
  readonly key: string | symbol;
  readonly isStatic: boolean;
  readonly kind: MemberKind;
}

/** A value, or that there is none yet. */
export type CellContent = { readonly value: unknown } | undefined;

/** What one encoding has written already. */
class EncodingState {
  readonly threadScopes = new Map<ScopeRef, ThreadScope>();
  readonly writtenCells = new Map<object, Set<number>>();
}

function stateOf(encoder: ValueEncoder): EncodingState {
  if (!(encoder.extensionState instanceof EncodingState))
    encoder.extensionState = new EncodingState();
  return encoder.extensionState as EncodingState;
}

const ORDINARY_KEYS = new Set<string | symbol>([
  'length',
  'name',
  'prototype',
  'arguments',
  'caller',
]);

/**
 * How functions, classes and scopes of a program are written. What they are and what their cells
 * hold is asked of the side that it runs on: the driver knows by tags, a task thread by what it made.
 */
export abstract class ProgramCode implements ValueCode {
  abstract readonly kind: string;
  abstract readonly exact: boolean;
  protected abstract readonly metadata: ProgramMetadata;

  protected abstract unitOf(value: object): number | undefined;
  protected abstract scopeOf(value: object): ScopeRef;
  protected abstract memberOf(value: object): MemberRef | undefined;
  protected abstract identityOf(ofClass: CodeFunction): number;
  protected abstract keysOf(ofClass: CodeFunction): readonly unknown[];
  protected abstract threadIdOf(scope: ScopeRef): number;
  protected abstract moduleScope(): ScopeRef;
  protected abstract readCell(scope: ScopeRef, cell: number): CellContent;
  protected abstract importPathOf(value: object): ImportPath | undefined;
  /** Whether the class body itself defines this member. */
  protected abstract isOwnMember(
    ofClass: CodeFunction,
    isStatic: boolean,
    key: string | symbol,
    descriptor: PropertyDescriptor,
  ): boolean;
  protected abstract setRaw(on: boolean): void;
  protected abstract refuseFunction(value: AnyFunction): never;
  /** Whether functions live once per thread instead of once per step. */
  protected abstract readonly inThread: boolean;
  abstract readExtension(decoder: ValueDecoder): unknown;

  /** Told of every cell that is about to be written, and then with `undefined` that it was. */
  protected cellVisited?(scope: ScopeRef | undefined, cell: number, value: unknown): void;
  /** What is written in place of a cell whose value stays behind. */
  protected withheldCell?(scope: ScopeRef, cell: number): WithheldCell | undefined;
  /** Told of every cell that was written. */
  protected cellWritten?(
    encoder: ValueEncoder,
    scope: ScopeRef,
    cell: number,
    value: unknown,
  ): void;
  /** The cells of a class that are written with it. */
  protected cellsOfClass(metadata: UnitMetadata): readonly number[] {
    return metadata.cells;
  }
  /** Told of every function and class that is written. */
  protected unitVisited?(unit: UnitMetadata): void;

  writeFunction(encoder: ValueEncoder, value: AnyFunction): void {
    const call = engineCallOf(value);
    if (call === undefined) {
      this.writeCode(encoder, value);
      return;
    }
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.ENGINE_FUNCTION);
    encoder.writer.string(call.name);
    encoder.writer.varint(call.args.length);
    for (const argument of call.args) encoder.slot(argument);
  }

  protected writeCode(encoder: ValueEncoder, value: AnyFunction): void {
    const unit = this.unitOf(value);
    if (unit !== undefined) {
      const metadata = this.metadata.units[unit]!;
      if (metadata.refusal !== undefined) throw new UnsupportedValueError(metadata.refusal);
      if (metadata.class === undefined) this.#writeUnit(encoder, value, unit, metadata);
      else this.writeClass(encoder, value, unit, metadata);
      return;
    }
    const member = this.memberOf(value);
    if (member !== undefined) {
      this.#writeMember(encoder, value, member);
      return;
    }
    if (!this.writeImport(encoder, value)) this.refuseFunction(value);
  }

  writeObject(encoder: ValueEncoder, value: object): boolean {
    if (value instanceof ThreadScope) {
      this.#writeScope(encoder, value, value.scope, Home.THREAD);
      return true;
    }
    if (this.isScopeRef(value)) {
      this.#writeScope(encoder, value, value, Home.STEP);
      return true;
    }
    if (value instanceof ConstantInputs) {
      encoder.beginExtension(value);
      encoder.writer.u8(Extension.CONSTANT_INPUTS);
      encoder.later(value, () => {
        const cells = this.metadata.constants[value.constant]!.cells.flatMap((cell) => [0, cell]);
        this.writeCells(encoder, cells, this.moduleScope(), Home.THREAD);
      });
      return true;
    }
    if (this.writeImport(encoder, value)) return true;
    const owner = constructorOf(value);
    if (owner !== undefined && this.knowsClass(owner)) {
      encoder.beginExtension(value);
      encoder.writer.u8(Extension.PROTOTYPE);
      encoder.slot(owner);
      return true;
    }
    return false;
  }

  protected abstract isScopeRef(value: object): value is ScopeRef & object;

  knowsClass(value: AnyFunction): boolean {
    const unit = this.unitOf(value);
    if (unit !== undefined) {
      const { kind, refusal } = this.metadata.units[unit]!;
      if (refusal !== undefined || (kind !== 'class' && kind !== 'function')) return false;
      return kind === 'function' || !this.#extendsPrivates(value);
    }
    return this.importPathOf(value) !== undefined && !declaresPrivates(value);
  }

  /** Whether a class of the program has a parent whose private fields nobody else can fill. */
  #extendsPrivates(value: AnyFunction): boolean {
    let parent: unknown = Object.getPrototypeOf(value);
    while (typeof parent === 'function' && this.unitOf(parent) !== undefined) {
      parent = Object.getPrototypeOf(parent);
    }
    if (typeof parent !== 'function' || globalPathOf(parent) !== undefined) return false;
    return declaresPrivates(parent as AnyFunction);
  }

  readPrivates(object: object, ofClass: AnyFunction): unknown[] | undefined {
    try {
      return readPrivates(object, ofClass);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new UnsupportedValueError(
        `its class ${ofClass.name} has private fields that it lacks: its constructor did not make it`,
        '',
        { cause: error },
      );
    }
  }

  writePrivates(object: object, ofClass: AnyFunction, values: readonly unknown[]): void {
    writePrivates(object, ofClass, values);
  }

  construct(ofClass: AnyFunction, base: AnyFunction, baseArguments: readonly unknown[]): object {
    return constructRaw(
      ofClass,
      base,
      baseArguments,
      (one) => this.#traitsOf(one),
      (on) => this.setRaw(on),
    );
  }

  skipsField(_object: object, ofClass: AnyFunction, key: string): boolean {
    for (let at: unknown = ofClass; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
      const unit = this.unitOf(at);
      if (unit === undefined) break;
      if (this.metadata.units[unit]!.class?.functionFields?.includes(key) === true) return true;
    }
    return false;
  }

  #traitsOf(ofClass: CodeFunction): ClassTraits | undefined {
    const unit = this.unitOf(ofClass);
    if (unit === undefined) return undefined;
    const traits = this.metadata.units[unit]!.class;
    if (traits === undefined) return { needsConstruction: false, parameters: 0 };
    return {
      needsConstruction: traits.hasPrivates === true || traits.functionFields !== undefined,
      parameters: traits.parameters,
    };
  }

  protected writeImport(encoder: ValueEncoder, value: object): boolean {
    const path = this.importPathOf(value);
    if (path === undefined) return false;
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.IMPORT);
    encoder.writer.varint(path.index);
    encoder.writer.varint(path.names.length);
    for (const name of path.names) encoder.writer.string(name);
    return true;
  }

  /** A class with its parent, keys, cells and static data. */
  protected writeClass(
    encoder: ValueEncoder,
    value: AnyFunction,
    unit: number,
    metadata: UnitMetadata,
  ): void {
    this.unitVisited?.(metadata);
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.CLASS);
    encoder.writer.varint(unit);
    encoder.writer.varint(this.identityOf(value));
    const scope = this.scopeOf(value);
    encoder.slot(threadScope(encoder, scope));
    if (metadata.class!.hasParent) encoder.slot(Object.getPrototypeOf(value));
    const keys = this.keysOf(value);
    encoder.writer.varint(keys.length);
    for (const key of keys) encoder.slot(key);
    encoder.later(value, () => {
      this.writeCells(encoder, this.cellsOfClass(metadata), scope, Home.THREAD);
      this.#writeContent(encoder, value, true);
    });
  }

  #writeUnit(
    encoder: ValueEncoder,
    value: AnyFunction,
    unit: number,
    metadata: UnitMetadata,
  ): void {
    this.unitVisited?.(metadata);
    const home = this.inThread || metadata.threadHome === true ? Home.THREAD : Home.STEP;
    const scope = this.scopeOf(value);
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.FUNCTION);
    encoder.writer.varint(unit);
    encoder.slot(home === Home.THREAD ? threadScope(encoder, scope) : scope);
    encoder.later(value, () => {
      this.writeCells(encoder, metadata.cells, scope, home);
      this.#writeContent(encoder, value, false);
    });
  }

  #writeMember(encoder: ValueEncoder, value: AnyFunction, member: MemberRef): void {
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.MEMBER);
    encoder.writer.u8(
      (member.isStatic ? MemberPlace.STATIC : 0) |
        (member.kind === 'get' ? MemberPlace.GETTER : 0) |
        (member.kind === 'set' ? MemberPlace.SETTER : 0),
    );
    encoder.slot(member.owner);
    encoder.slot(member.key);
  }

  #writeScope(encoder: ValueEncoder, node: object, scope: ScopeRef, home: number): void {
    encoder.beginExtension(node);
    encoder.writer.u8(Extension.SCOPE);
    encoder.writer.varint(scope.scope);
    encoder.writer.u8(home);
    if (home === Home.THREAD) encoder.writer.varint(this.threadIdOf(scope));
    if (scope.parent === undefined) return;
    encoder.slot(home === Home.THREAD ? threadScope(encoder, scope.parent) : scope.parent);
  }

  /** Cells that nobody before has written: `count (scope cell state value)*`. */
  protected writeCells(
    encoder: ValueEncoder,
    cells: readonly number[],
    from: ScopeRef,
    home: number,
  ): void {
    const fresh: { scope: ScopeRef; node: object; cell: number }[] = [];
    for (let i = 0; i < cells.length; i += 2) {
      const scope = ancestor(from, cells[i]!);
      const cell = cells[i + 1]!;
      if (this.metadata.scopes[scope.scope]!.cells[cell]!.import !== undefined) continue;
      const node = home === Home.THREAD ? threadScope(encoder, scope) : scope;
      const { writtenCells } = stateOf(encoder);
      let written = writtenCells.get(node);
      if (written === undefined) {
        written = new Set();
        writtenCells.set(node, written);
      }
      if (written.has(cell)) continue;
      written.add(cell);
      fresh.push({ scope, node, cell });
    }
    encoder.writer.varint(fresh.length);
    for (const { scope, node, cell } of fresh) {
      encoder.slot(node);
      encoder.writer.varint(cell);
      const withheld = this.withheldCell?.(scope, cell);
      if (withheld !== undefined) {
        encoder.writer.u8(CellState.WITHHELD);
        writeWithheld(encoder.writer, withheld);
        continue;
      }
      const content = this.readCell(scope, cell);
      if (content === undefined) {
        encoder.writer.u8(CellState.UNINITIALISED);
        continue;
      }
      encoder.writer.u8(CellState.VALUE);
      this.cellVisited?.(scope, cell, content.value);
      encoder.slot(content.value);
      this.cellVisited?.(undefined, -1, undefined);
      this.cellWritten?.(encoder, scope, cell, content.value);
    }
  }

  /** Properties that the program put on a function, its prototype, or a class. */
  #writeContent(encoder: ValueEncoder, value: AnyFunction, isClass: boolean): void {
    const keys = Reflect.ownKeys(value);
    const isOrdinary = (key: string | symbol): boolean => this.#isOrdinary(value, key, isClass);
    const prototype = ownPrototypeOf(value);
    const isOrdinaryInPrototype = (key: string | symbol): boolean =>
      key === 'constructor' ||
      key === privatesKey ||
      (isClass &&
        this.isOwnMember(value, false, key, Reflect.getOwnPropertyDescriptor(prototype!, key)!));
    const parent = isClass ? (Object.getPrototypeOf(value) as object | null) : undefined;
    const expectedParent =
      typeof parent === 'function' && parent !== Function.prototype
        ? ((parent as AnyFunction).prototype as object)
        : Object.prototype;
    const flags =
      (keys.every(isOrdinary) ? 0 : FunctionContent.PROPERTIES) |
      (prototype === undefined || Reflect.ownKeys(prototype).every(isOrdinaryInPrototype)
        ? 0
        : FunctionContent.PROTOTYPE) |
      (prototype === undefined || isClass || Object.getPrototypeOf(prototype) === expectedParent
        ? 0
        : FunctionContent.PARENT) |
      (Object.hasOwn(value, staticPrivatesKey) ? FunctionContent.STATIC_PRIVATES : 0);
    encoder.writer.u8(flags);
    if ((flags & FunctionContent.PROPERTIES) !== 0) encoder.properties(value, isOrdinary);
    if ((flags & FunctionContent.PROTOTYPE) !== 0)
      encoder.properties(prototype!, isOrdinaryInPrototype);
    if ((flags & FunctionContent.PARENT) !== 0) encoder.slot(Object.getPrototypeOf(prototype));
    if ((flags & FunctionContent.STATIC_PRIVATES) !== 0) {
      const read = (value as unknown as Record<symbol, () => unknown[]>)[staticPrivatesKey]!;
      const values = read.call(value);
      encoder.writer.varint(values.length);
      for (const one of values) encoder.slot(one);
    }
  }

  #isOrdinary(value: AnyFunction, key: string | symbol, isClass: boolean): boolean {
    if (key === privatesKey || key === staticPrivatesKey || key === privateAccessKey) return true;
    const descriptor = Reflect.getOwnPropertyDescriptor(value, key)!;
    if (key === 'name' || key === 'length')
      return descriptor.enumerable !== true && descriptor.writable !== true;
    if (ORDINARY_KEYS.has(key)) return true;
    return isClass && this.isOwnMember(value, true, key, descriptor);
  }
}

function threadScope(encoder: ValueEncoder, scope: ScopeRef): ThreadScope {
  const { threadScopes } = stateOf(encoder);
  let node = threadScopes.get(scope);
  if (node === undefined) {
    node = new ThreadScope(scope);
    threadScopes.set(scope, node);
  }
  return node;
}

function ancestor(from: ScopeRef, scope: number): ScopeRef {
  let at: ScopeRef | undefined = from;
  while (at !== undefined && at.scope !== scope) at = at.parent;
  return at!;
}

/** The object that instances of a constructor get as prototype; none of arrows, methods, generators. */
function ownPrototypeOf(value: AnyFunction): object | undefined {
  const prototype: unknown = Reflect.getOwnPropertyDescriptor(value, 'prototype')?.value;
  if (typeof prototype !== 'object' || prototype === null) return undefined;
  return Reflect.getOwnPropertyDescriptor(prototype, 'constructor')?.value === value
    ? prototype
    : undefined;
}

/** Whether a class that a package exports has private fields, which nobody else can fill. */
function declaresPrivates(value: AnyFunction): boolean {
  for (let at: unknown = value; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (at === Function.prototype) break;
    if (/#[\p{ID_Start}$_]/u.test(Function.prototype.toString.call(at))) return true;
  }
  return false;
}

/** Why a function that no module of the program made is refused. */
export function describeForeignFunction(value: AnyFunction): {
  reason: string;
  isForeign: boolean;
} {
  if (types.isProxy(value)) {
    return { reason: 'it is a Proxy, whose traps stay in this process', isForeign: true };
  }
  const name = functionName(value);
  if (value.name.startsWith('bound ')) {
    return {
      reason: `${name} is a bound function, whose receiver cannot be seen; write an arrow function that calls it`,
      isForeign: false,
    };
  }
  if (/\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(value))) {
    return { reason: `${name} belongs to Node and has no name to travel by`, isForeign: true };
  }
  return {
    reason: `${name} was not made by the program's own modules, but by a package at run time`,
    isForeign: true,
  };
}
