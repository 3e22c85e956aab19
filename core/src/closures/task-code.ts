import { InternalError } from '@heddle/common';

import { CorruptDataError, UnsupportedValueError } from '../codec/errors.js';
import { functionName } from '../codec/value/plain-code-table.js';
import { encodeValue } from '../codec/value/index.js';
import { ByteReader } from '../codec/byte-reader.js';
import { ValueDecoder } from '../codec/value/decoder.js';
import type { ValueEncoder } from '../codec/value/encoder.js';
import type { AnyFunction } from '../codec/value/value-code.js';
import {
  CellState,
  Extension,
  FunctionContent,
  Home,
  memberKindOf,
  MemberPlace,
} from './extension.js';
import { engineCallOf, makeEngineFunction } from './engine-function.js';
import { executorLocalById, executorLocalSymbol } from './executor-local.js';
import type { ImportPath } from './import-index.js';
import { ProgramCode, type CellContent, type MemberRef, type ScopeRef } from './program-code.js';
import { staticPrivatesKey, type CodeFunction, type ProgramMetadata } from './program-metadata.js';
import { TaskScope } from './task-scope.js';
import type { ThreadState } from './task-thread.js';
import {
  absentValueOf,
  readWithheld,
  uninitialised,
  withheld,
  type WithheldCell,
} from './withheld.js';

function instanceOf(scope: ScopeRef): TaskScope {
  if (scope instanceof TaskScope) return scope;
  throw new InternalError('a scope of the driver turned up in a task thread');
}

/** The objects of a task thread that stand for broadcasts and accumulators. */
export interface TaskBindings {
  /** The Broadcast object for an id. */
  broadcast(id: number): unknown;
  /** The Accumulator object for an id. */
  accumulator(id: number): unknown;
}

/** Functions and scopes that one closure has made; kept over attempts. */
export interface ClosureMemory {
  /** By number of the node in the snapshot. */
  readonly made: Map<number, object>;
  /** The closure's own run of the program's code; made when the first function needs it. */
  readonly module: () => TaskScope;
  /** Told of bindings that a class shares with everything else in the stage. */
  readonly sharedCell: (name: string, value: unknown) => void;
  /** False while a single value is decoded beside a running attempt. */
  setsCells: boolean;
}

/** Task side: code is made from the task copy, and known by having been made here. */
export class TaskCode extends ProgramCode {
  readonly kind: string = 'task';
  readonly exact: boolean = false;
  protected readonly inThread = false;
  readonly thread: ThreadState;
  readonly #bindings: TaskBindings | undefined;
  readonly #memory: ClosureMemory | undefined;

  constructor(thread: ThreadState, bindings?: TaskBindings, memory?: ClosureMemory) {
    super();
    this.thread = thread;
    this.#bindings = bindings;
    this.#memory = memory;
  }

  protected get metadata(): ProgramMetadata {
    return this.thread.metadata;
  }

  protected unitOf(value: object): number | undefined {
    return this.thread.originOf(value)?.unit;
  }

  protected scopeOf(value: object): ScopeRef {
    return this.thread.originOf(value)!.scope;
  }

  protected memberOf(value: object): MemberRef | undefined {
    const member = this.thread.memberOf(value);
    if (member === undefined) return undefined;
    const origin = this.thread.classOriginOf(member.owner)!;
    for (const [isStatic, members] of [
      [true, origin.members],
      [false, origin.instanceMembers],
    ] as const) {
      const descriptor = members.get(member.key);
      for (const kind of ['value', 'get', 'set'] as const) {
        if (descriptor?.[kind] === value) return { ...member, isStatic, kind };
      }
    }
    return undefined;
  }

  protected identityOf(ofClass: CodeFunction): number {
    return this.thread.classOriginOf(ofClass)!.identity;
  }

  protected keysOf(ofClass: CodeFunction): readonly unknown[] {
    return this.thread.classOriginOf(ofClass)!.keys;
  }

  protected threadIdOf(scope: ScopeRef): number {
    const { threadId } = instanceOf(scope);
    if (threadId === undefined) throw new UnsupportedValueError('its scope belongs to one closure');
    return threadId;
  }

  protected moduleScope(): ScopeRef {
    return this.thread.threadModule();
  }

  protected isScopeRef(value: object): value is TaskScope {
    return value instanceof TaskScope;
  }

  protected readCell(scope: ScopeRef, cell: number): CellContent {
    const value = instanceOf(scope).code.get[cell]!();
    return absentValueOf(value) === undefined ? { value } : undefined;
  }

  protected override withheldCell(scope: ScopeRef, cell: number): WithheldCell | undefined {
    const why = absentValueOf(instanceOf(scope).code.get[cell]!());
    return why?.kind === 'withheld' ? why.cell : undefined;
  }

  protected importPathOf(value: object): ImportPath | undefined {
    return this.thread.imports.find(value);
  }

  protected isOwnMember(
    ofClass: CodeFunction,
    isStatic: boolean,
    key: string | symbol,
    descriptor: PropertyDescriptor,
  ): boolean {
    const origin = this.thread.classOriginOf(ofClass);
    const made = (isStatic ? origin?.members : origin?.instanceMembers)?.get(key);
    if (made === undefined) return false;
    return (
      made.value === descriptor.value && made.get === descriptor.get && made.set === descriptor.set
    );
  }

  protected setRaw(on: boolean): void {
    this.thread.setRaw(this.thread.threadModule(), on);
  }

  protected refuseFunction(value: AnyFunction): never {
    throw new UnsupportedValueError(
      `${functionName(value)} cannot leave its task: records and results are data`,
    );
  }

  override writeFunction(encoder: ValueEncoder, value: AnyFunction): void {
    const origin = this.thread.originOf(value);
    const isClass = origin !== undefined && this.metadata.units[origin.unit]!.class !== undefined;
    if (isClass) this.#writeClassName(encoder, value, origin.unit);
    else if (this.writeImport(encoder, value)) return;
    else this.refuseFunction(value);
  }

  /** Only the name: the driver has the class, and a thread that has not is given its state. */
  #writeClassName(encoder: ValueEncoder, value: AnyFunction, unit: number): void {
    encoder.beginExtension(value);
    encoder.writer.u8(Extension.CLASS_NAME);
    encoder.writer.varint(unit);
    encoder.writer.varint(this.identityOf(value));
    const state = encodeValue(value, new TaskStateCode(this.thread));
    encoder.writer.varint(state.length);
    encoder.writer.bytes(state);
  }

  override knowsClass(value: AnyFunction): boolean {
    const origin = this.thread.originOf(value);
    if (origin !== undefined) return this.metadata.units[origin.unit]!.class !== undefined;
    return super.knowsClass(value);
  }

  override writeObject(encoder: ValueEncoder, value: object): boolean {
    if (executorLocalSymbol in value) {
      throw new UnsupportedValueError('what executorLocal made belongs to its task thread');
    }
    return this.exact && super.writeObject(encoder, value);
  }

  refuseInstance(className: string): string {
    return `it is an instance of ${className}, which the driver does not have: it was declared inside the task, or by a package at run time; declare the class at module level, or where the driver's code makes it`;
  }

  // Reading.

  readExtension(decoder: ValueDecoder): unknown {
    const id = decoder.reserveNode();
    const kind = decoder.reader.u8();
    switch (kind) {
      case Extension.FUNCTION:
        return this.#readFunction(decoder, id);
      case Extension.CLASS:
        return this.#readClass(decoder, id);
      case Extension.ENGINE_FUNCTION:
        return this.#readEngineFunction(decoder, id);
      case Extension.CONSTANT_INPUTS: {
        const marker = {};
        decoder.fillNode(id, marker);
        decoder.later(() => this.#readCells(decoder));
        return marker;
      }
      default: {
        const value = this.#readSimple(decoder, kind, id);
        decoder.fillNode(id, value);
        return value;
      }
    }
  }

  #readSimple(decoder: ValueDecoder, kind: number, id: number): object {
    const { reader } = decoder;
    switch (kind) {
      case Extension.SCOPE:
        return this.#readScope(decoder, id);
      case Extension.MEMBER:
        return this.#readMember(decoder);
      case Extension.IMPORT: {
        const index = reader.varint();
        const names: string[] = [];
        for (let left = reader.varint(); left > 0; left--) names.push(reader.string());
        return asObject(this.thread.importAt(index, names), `export ${names.join('.')}`);
      }
      case Extension.BROADCAST:
        return asObject(this.#bindingsFor('a broadcast').broadcast(reader.varint()), 'a broadcast');
      case Extension.ACCUMULATOR:
        return asObject(
          this.#bindingsFor('an accumulator').accumulator(reader.varint()),
          'an accumulator',
        );
      case Extension.EXECUTOR_LOCAL: {
        const localId = reader.varint();
        const make = asFunction(decoder.slot(), 'the maker of an executorLocal');
        return executorLocalById(localId, make);
      }
      case Extension.CONSTANT: {
        const [constant, place] = [reader.varint(), reader.varint()];
        return asObject(this.thread.constantValue(constant, place), `constant ${constant}`);
      }
      case Extension.PROTOTYPE:
        return asObject(
          asFunction(decoder.slot(), 'the class of a prototype').prototype,
          'a prototype',
        );
      case Extension.CLASS_NAME:
        return this.#readClassName(decoder);
      default:
        throw new CorruptDataError(`code of kind ${kind} is unknown`);
    }
  }

  #bindingsFor(what: string): TaskBindings {
    if (this.#bindings !== undefined) return this.#bindings;
    throw new CorruptDataError(`${what} can only arrive in a captured function`);
  }

  #readScope(decoder: ValueDecoder, id: number): TaskScope {
    const { reader } = decoder;
    const scope = reader.varint();
    const metadata = this.metadata.scopes[scope];
    if (metadata === undefined) throw new CorruptDataError(`scope ${scope} is unknown`);
    const isThread = reader.u8() === Home.THREAD;
    const threadId = isThread ? reader.varint() : undefined;
    const parent = scope === 0 ? undefined : this.#scopeSlot(decoder);
    if (threadId !== undefined) return this.thread.threadScope(threadId, scope, parent);
    if (scope === 0) return this.#memory?.module() ?? this.thread.newModule();
    return this.#once(id, () => this.thread.newScope(scope, parent!));
  }

  #scopeSlot(decoder: ValueDecoder): TaskScope {
    const scope = decoder.slot();
    if (!(scope instanceof TaskScope)) throw new CorruptDataError('a scope is none');
    return scope;
  }

  /** What this closure made for the node that is being read; made when it is the first time. */
  #once<T extends object>(id: number, make: () => T): T {
    const memory = this.#memory;
    if (memory === undefined) return make();
    const known = memory.made.get(id);
    if (known !== undefined) return known as T;
    const made = make();
    memory.made.set(id, made);
    return made;
  }

  #readFunction(decoder: ValueDecoder, id: number): CodeFunction {
    const unit = this.#unit(decoder.reader.varint());
    const scope = this.#scopeSlot(decoder);
    const made = this.#once(id, () => this.thread.newFunction(unit, scope));
    decoder.fillNode(id, made);
    decoder.later(() => {
      this.#readCells(decoder);
      this.#readContent(decoder, made, false);
    });
    return made;
  }

  /** The same function in every attempt, with the arguments of this one. */
  #readEngineFunction(decoder: ValueDecoder, id: number): object {
    const { reader } = decoder;
    const name = reader.string();
    const args: unknown[] = [];
    for (let left = reader.varint(); left > 0; left--) args.push(decoder.slot());
    const known = this.#memory?.setsCells === true ? this.#memory.made.get(id) : undefined;
    const call = known === undefined ? undefined : engineCallOf(known);
    let made = known;
    if (made === undefined || call === undefined) {
      made = makeEngineFunction(name, args);
      if (this.#memory?.setsCells === true) this.#memory.made.set(id, made);
    } else {
      call.args.splice(0, call.args.length, ...args);
    }
    decoder.fillNode(id, made);
    return made;
  }

  #unit(unit: number): number {
    if (unit >= this.metadata.units.length)
      throw new CorruptDataError(`function ${unit} is unknown`);
    return unit;
  }

  #readClass(decoder: ValueDecoder, id: number): CodeFunction {
    const { reader } = decoder;
    const unit = this.#unit(reader.varint());
    const identity = reader.varint();
    const scope = this.#scopeSlot(decoder);
    const { hasParent } = this.metadata.units[unit]!.class!;
    const parent = hasParent ? decoder.slot() : undefined;
    const keys: unknown[] = [];
    for (let left = reader.varint(); left > 0; left--) keys.push(decoder.slot());
    const made = this.thread.classOf(unit, identity, scope, parent, keys);
    decoder.fillNode(id, made);
    const origin = this.thread.classOriginOf(made)!;
    decoder.later(() => {
      this.#readCells(decoder);
      this.#readContent(decoder, made, true);
      origin.isReady = true;
    });
    return made;
  }

  #readClassName(decoder: ValueDecoder): CodeFunction {
    const { reader } = decoder;
    const [unit, identity] = [this.#unit(reader.varint()), reader.varint()];
    const state = reader.bytes(reader.varint());
    const known = this.thread.knownClass(unit, identity);
    if (known !== undefined && this.thread.classOriginOf(known)!.isReady) return known;
    const inner = new ByteReader(state);
    inner.skip(1);
    return asFunction(
      new ValueDecoder(inner, new TaskCode(this.thread, this.#bindings)).decode(),
      'a class',
    );
  }

  #readCells(decoder: ValueDecoder): void {
    const { reader } = decoder;
    const setsCells = this.#memory?.setsCells ?? true;
    for (let left = reader.varint(); left > 0; left--) {
      const scope = this.#scopeSlot(decoder);
      const cell = reader.varint();
      const set = scope.code.set[cell];
      if (set === undefined)
        throw new CorruptDataError(`cell ${cell} of scope ${scope.scope} is unknown`);
      const value = this.#readCell(decoder, this.metadata.scopes[scope.scope]!.cells[cell]!.name);
      if (!setsCells) continue;
      set(value);
      const { name, shared } = this.metadata.scopes[scope.scope]!.cells[cell]!;
      if (shared === true) this.#memory?.sharedCell(name, value);
    }
  }

  #readCell(decoder: ValueDecoder, name: string): unknown {
    const { reader } = decoder;
    const state = reader.u8();
    switch (state) {
      case CellState.VALUE:
        return decoder.slot();
      case CellState.UNINITIALISED:
        return uninitialised(name);
      case CellState.WITHHELD:
        return withheld(readWithheld(reader));
      default:
        throw new CorruptDataError(`a cell of state ${state}`);
    }
  }

  #readMember(decoder: ValueDecoder): CodeFunction {
    const place = decoder.reader.u8();
    const owner = asFunction(decoder.slot(), 'the class of a method');
    const key = decoder.slot() as string | symbol;
    const origin = this.thread.classOriginOf(owner);
    const members = (place & MemberPlace.STATIC) !== 0 ? origin?.members : origin?.instanceMembers;
    const descriptor = members?.get(key);
    const member: unknown =
      descriptor === undefined ? undefined : Reflect.get(descriptor, memberKindOf(place));
    return asFunction(member, 'a method');
  }

  #readContent(decoder: ValueDecoder, made: CodeFunction, isClass: boolean): void {
    const flags = decoder.reader.u8();
    const setsCells = this.#memory?.setsCells ?? true;
    const target = setsCells ? made : (Object.create(null) as object);
    const prototype = setsCells ? (made.prototype as object) : (Object.create(null) as object);
    if (setsCells) this.#resetProperties(made, isClass);
    if ((flags & FunctionContent.PROPERTIES) !== 0) decoder.properties(target);
    if ((flags & FunctionContent.PROTOTYPE) !== 0) decoder.properties(prototype);
    if ((flags & FunctionContent.PARENT) !== 0) {
      const parent = decoder.slot();
      if (setsCells) Object.setPrototypeOf(prototype, parent as object | null);
    }
    if ((flags & FunctionContent.STATIC_PRIVATES) !== 0) {
      const values: unknown[] = [];
      for (let left = decoder.reader.varint(); left > 0; left--) values.push(decoder.slot());
      if (setsCells) {
        (made as unknown as Record<symbol, (values: unknown[]) => void>)[staticPrivatesKey]!.call(
          made,
          values,
        );
      }
    }
  }

  /** Takes away what an earlier attempt or snapshot put on a function. */
  #resetProperties(made: CodeFunction, isClass: boolean): void {
    const keys = Reflect.ownKeys(made);
    if (!isClass && keys.length <= ORDINARY_KEY_COUNT) {
      const hasOnlyOrdinary = keys.every(
        (key) => key === 'length' || key === 'name' || key === 'prototype',
      );
      if (hasOnlyOrdinary) return;
    }
    const members = this.thread.classOriginOf(made)?.members;
    for (const key of keys) {
      if (key === 'length' || key === 'name' || key === 'prototype' || members?.has(key) === true)
        continue;
      Reflect.deleteProperty(made, key);
    }
  }
}

const ORDINARY_KEY_COUNT = 3;

/** A class with everything that it needs, for threads that have not got it. */
class TaskStateCode extends TaskCode {
  override readonly kind = 'task-state';
  override readonly exact = true;

  override writeFunction(encoder: ValueEncoder, value: AnyFunction): void {
    const constant = this.thread.constantOf(value);
    if (constant === undefined) this.writeCode(encoder, value);
    else writeConstant(encoder, value, constant);
  }

  override writeObject(encoder: ValueEncoder, value: object): boolean {
    const constant = this.thread.constantOf(value);
    if (constant === undefined) return super.writeObject(encoder, value);
    writeConstant(encoder, value, constant);
    return true;
  }
}

function writeConstant(
  encoder: ValueEncoder,
  value: object,
  constant: readonly [number, number],
): void {
  encoder.beginExtension(value);
  encoder.writer.u8(Extension.CONSTANT);
  encoder.writer.varint(constant[0]);
  encoder.writer.varint(constant[1]);
}

function asObject(value: unknown, what: string): object {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return value;
  throw new CorruptDataError(`${what.slice(0, 200)} is unknown in this task`);
}

function asFunction(value: unknown, what: string): CodeFunction {
  if (typeof value === 'function') return value as CodeFunction;
  throw new CorruptDataError(`${what} is no function`);
}
