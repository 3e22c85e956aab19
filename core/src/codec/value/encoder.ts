import { types } from 'node:util';

import { HeddleError } from '@heddle/common';

import type { ByteWriter } from '../byte-writer.js';
import { UnsupportedValueError } from '../errors.js';
import { errorClassNameOf, valueTypeOf } from './engine-types.js';
import { globalPathOf } from './globals.js';
import {
  baseKindOf,
  isErrorObject,
  isGenuine,
  Kind,
  kindOfPrototype,
  refusalOf,
  type KnownKind,
} from './kinds.js';
import { getterOf, writeLeafShell } from './leaf-shells.js';
import { hasUnusualProperties, integrityOf, isArrayIndexOrLength, isSparse } from './properties.js';
import { ShapeTable } from './shape-table.js';
import { Decoration, PropertyFlag, SMALL_INTEGER, Tag, WELL_KNOWN_SYMBOLS } from './tags.js';
import type { AnyFunction, ValueCode } from './value-code.js';

/** Classes inside prototypes inside classes …: deeper than this is no program that people write. */
const MAX_SHELL_DEPTH = 400;
/** Marks a body that is a function in `#writers`, at index -1 - kind. */
type BodyKind = number;

/**
 * Writes one value graph. Shells are written where they are met, bodies in a loop: no recursion
 * over the data, so depth is bounded by memory alone. See `tags.ts` for the layout.
 */
export class ValueEncoder {
  readonly writer: ByteWriter;
  readonly code: ValueCode;
  /** What the code table remembers of this encoding. */
  extensionState: unknown;
  readonly #ids = new Map<object, number>();
  /** Node by number, and the node in whose body it was met: the way to a refused value. */
  readonly #nodes: object[] = [];
  readonly #parents: number[] = [];
  readonly #queue: number[] = [];
  readonly #queueKinds: BodyKind[] = [];
  readonly #writers: (() => void)[] = [];
  #current = -1;
  #culprit: object | undefined;
  #depth = 0;
  #shapes: ShapeTable | undefined;

  constructor(writer: ByteWriter, code: ValueCode) {
    this.writer = writer;
    this.code = code;
  }

  /** Writes the whole graph below `root`. */
  encode(root: unknown): void {
    this.slot(root);
    for (let i = 0; i < this.#queue.length; i++) {
      const id = this.#queue[i]!;
      this.#current = id;
      this.#body(this.#queueKinds[i]!, this.#nodes[id]!);
    }
  }

  /** The nodes from the root to the one whose body is being written. */
  trail(): object[] {
    const trail: object[] = [];
    for (let id = this.#current; id >= 0; id = this.#parents[id]!) trail.push(this.#nodes[id]!);
    return trail.reverse();
  }

  /** The object or function that was looked at last: after an error, the one that was refused. */
  get culprit(): object | undefined {
    return this.#culprit;
  }

  /** Starts a node that the code table reads back with `readExtension`, and numbers it. */
  beginExtension(value: object): void {
    this.writer.u8(Tag.EXTENSION);
    this.#number(value);
  }

  /** Content of a numbered node that is written after all shells that are open now. */
  later(owner: object, write: () => void): void {
    this.#queue.push(this.#ids.get(owner)!);
    this.#queueKinds.push(-1 - this.#writers.length);
    this.#writers.push(write);
  }

  slot(value: unknown): void {
    const writer = this.writer;
    switch (typeof value) {
      case 'number':
        this.#numeric(value);
        return;
      case 'string':
        writer.u8(Tag.STRING);
        writer.string(value);
        return;
      case 'boolean':
        writer.u8(value ? Tag.TRUE : Tag.FALSE);
        return;
      case 'undefined':
        writer.u8(Tag.UNDEFINED);
        return;
      case 'bigint':
        writer.u8(Tag.BIGINT);
        writer.u8(value < 0n ? 1 : 0);
        writer.string((value < 0n ? -value : value).toString(16));
        return;
      case 'symbol':
        this.#symbol(value);
        return;
      case 'object':
        if (value === null) writer.u8(Tag.NULL);
        else if (!this.#reference(value)) this.#object(value);
        return;
      case 'function':
        if (this.#reference(value) || this.#global(value)) return;
        this.#culprit = value;
        this.#enter();
        this.code.writeFunction(this, value as AnyFunction);
        this.#depth--;
    }
  }

  /** Own properties with their attributes, without those that `omit` names. */
  properties(object: object, omit?: (key: string | symbol) => boolean): void {
    const all = Reflect.ownKeys(object);
    const isKept = (key: string | symbol): boolean =>
      omit?.(key) !== true &&
      (typeof key === 'string' || this.code.dropsKey?.(object, key) !== true);
    const keys = all.filter(isKept);
    this.writer.varint(keys.length);
    for (const key of keys) this.#property(object, key);
  }

  #property(object: object, key: string | symbol): void {
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key)!;
    const flags =
      (descriptor.enumerable === true ? PropertyFlag.ENUMERABLE : 0) |
      (descriptor.configurable === true ? PropertyFlag.CONFIGURABLE : 0);
    this.slot(key);
    const accessor = descriptor.get !== undefined || descriptor.set !== undefined;
    // V8 keeps the stack of an error behind an accessor of its own, which runs no user code.
    if (accessor && (this.code.exact || isErrorStack(object, key)) && !isErrorStack(object, key)) {
      this.writer.u8(flags | PropertyFlag.ACCESSOR);
      this.slot(descriptor.get);
      this.slot(descriptor.set);
      return;
    }
    const writable = accessor || descriptor.writable === true;
    this.writer.u8(flags | (writable ? PropertyFlag.WRITABLE : 0));
    this.slot(accessor ? Reflect.get(object, key) : descriptor.value);
  }

  #numeric(value: number): void {
    const writer = this.writer;
    if ((value | 0) !== value || (value === 0 && Object.is(value, -0))) {
      writer.u8(Tag.FLOAT);
      writer.f64(value);
    } else if (value >= 0 && value < 0x80) {
      writer.u8(SMALL_INTEGER + value);
    } else {
      writer.u8(Tag.INTEGER);
      writer.varint(value < 0 ? -2 * value - 1 : 2 * value);
    }
  }

  #reference(value: object): boolean {
    const id = this.#ids.get(value);
    if (id === undefined) return false;
    this.writer.u8(Tag.REFERENCE);
    this.writer.varint(id);
    return true;
  }

  #global(value: object): boolean {
    const path = globalPathOf(value);
    if (path === undefined) return false;
    this.writer.u8(Tag.GLOBAL);
    this.writer.string(path);
    this.#number(value);
    return true;
  }

  #symbol(value: symbol): void {
    this.#culprit = undefined;
    const key = Symbol.keyFor(value);
    if (key !== undefined) {
      this.writer.u8(Tag.REGISTERED_SYMBOL);
      this.writer.string(key);
      return;
    }
    const known = WELL_KNOWN_SYMBOLS.indexOf(value);
    if (known < 0) {
      throw new UnsupportedValueError(
        `${value.toString()} is a symbol that only this process knows; use Symbol.for(…)`,
      );
    }
    this.writer.u8(Tag.WELL_KNOWN_SYMBOL);
    this.writer.u8(known);
  }

  #number(value: object): number {
    const id = this.#nodes.length;
    this.#ids.set(value, id);
    this.#nodes.push(value);
    this.#parents.push(this.#current);
    return id;
  }

  #enter(): void {
    if (++this.#depth > MAX_SHELL_DEPTH) {
      throw new UnsupportedValueError('its classes, scopes or prototypes are nested too deeply');
    }
  }

  #object(value: object): void {
    this.#culprit = value;
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (!this.code.exact && this.#plainRecord(value, prototype)) return;
    if (this.code.exact && types.isProxy(value)) {
      throw new UnsupportedValueError('it is a Proxy, whose traps stay in this process');
    }
    if (this.code.exact && types.isArgumentsObject(value)) {
      this.#shell(Kind.ARRAY, value, false);
      return;
    }
    const kind = prototype === null ? Kind.NULL_OBJECT : kindOfPrototype(prototype);
    if (kind !== undefined && isGenuine(kind, value)) {
      this.#builtIn(kind, value);
      return;
    }
    this.#enter();
    this.#foreign(value, prototype!);
    this.#depth--;
  }

  /** What most records are made of, without the questions that other objects need. */
  #plainRecord(value: object, prototype: object | null): boolean {
    if (prototype === Object.prototype) {
      if (Object.getOwnPropertySymbols(value).length > 0) return false;
      this.writer.u8(Kind.OBJECT);
      this.#enqueue(Kind.OBJECT, value);
      return true;
    }
    if (prototype !== Array.prototype || !Array.isArray(value) || 'index' in value) return false;
    const kind = isSparse(value) ? Kind.SPARSE_ARRAY : Kind.ARRAY;
    this.writer.u8(kind);
    this.#enqueue(kind, value);
    return true;
  }

  /** An object whose direct prototype is a built-in one. */
  #builtIn(kind: KnownKind, value: object): void {
    const refusal = refusalOf(kind);
    if (refusal !== undefined) throw new UnsupportedValueError(refusal);
    if (this.code.exact && (this.#global(value) || this.code.writeObject(this, value))) return;
    const flags = this.#decorations(kind, value);
    if (flags === 0) this.#shell(kind, value, false);
    else this.#decorated(kind, value, flags, undefined);
  }

  #decorations(kind: KnownKind, value: object, isInstance = false): number {
    const exact = this.code.exact || (isInstance && kind !== Kind.OBJECT);
    const unusual = kind === Kind.ERROR || hasUnusualProperties(kind, value, exact);
    const integrity = this.code.exact ? integrityOf(value) : 0;
    return (unusual ? Decoration.PROPERTIES : 0) | (integrity << Decoration.INTEGRITY_SHIFT);
  }

  /** An instance of somebody's class, or an object with a prototype of the user's own. */
  #foreign(value: object, prototype: object): void {
    if (this.code.exact && this.#global(value)) return;
    if (this.code.writeObject(this, value)) return;
    if (this.#engineValue(value, prototype)) return;
    const base = baseKindOf(prototype);
    const refusal = refusalOf(base);
    if (refusal !== undefined) throw new UnsupportedValueError(refusal);
    const kind = isGenuine(base, value) ? base : Kind.OBJECT;
    const constructor = constructorOf(prototype);
    // Before the program's classes: those that it imports from the engine have names of their own.
    if (errorClassNameOf(prototype) !== undefined && this.#foreignError(kind, value, prototype))
      return;
    if (constructor !== undefined && this.code.knowsClass(constructor)) {
      const privates = this.code.readPrivates(value, constructor);
      const flags = Decoration.CLASS | this.#decorations(kind, value, true);
      this.#decorated(kind, value, flags, constructor, privates);
      return;
    }
    if (this.#foreignError(kind, value, prototype)) return;
    if (constructor !== undefined) {
      const name = constructor.name === '' ? 'a class without a name' : `class ${constructor.name}`;
      throw new UnsupportedValueError(
        this.code.refuseInstance?.(name) ??
          `it is an instance of ${name}, which is not a class of the program's own modules`,
        '',
        { isForeign: true },
      );
    }
    const flags = Decoration.PROTOTYPE | this.#decorations(kind, value, true);
    this.#decorated(kind, value, flags, prototype);
  }

  #engineValue(value: object, prototype: object): boolean {
    const type = valueTypeOf(prototype);
    if (type === undefined) return false;
    this.writer.u8(Tag.ENGINE_VALUE);
    this.writer.string(type.name);
    this.#number(value);
    this.later(value, () => {
      if (type.save === undefined) this.properties(value);
      else this.slot(type.save(value));
    });
    return true;
  }

  #foreignError(kind: KnownKind, value: object, prototype: object): boolean {
    if (value instanceof DOMException) {
      this.writer.u8(Tag.DOM_EXCEPTION);
      this.writer.string(value.message);
      this.writer.string(value.name);
      this.writer.string(String(value.stack));
      this.#number(value);
      return true;
    }
    const registered =
      errorClassNameOf(prototype) ??
      (value instanceof HeddleError ? value.constructor.name : undefined);
    if (registered !== undefined) {
      this.writer.u8(Tag.ENGINE_ERROR);
      this.writer.string(registered);
      this.#number(value);
      this.later(value, () => this.properties(value));
      return true;
    }
    // Errors of Node itself (`ERR_…`, system errors) have classes that nobody else can name:
    // they arrive as their built-in parent with all their fields.
    if (kind !== Kind.ERROR || typeof (value as { code?: unknown }).code !== 'string') return false;
    this.#decorated(kind, value, Decoration.PROPERTIES, undefined);
    return true;
  }

  #decorated(
    kind: KnownKind,
    value: object,
    flags: number,
    origin: object | undefined,
    privates?: readonly unknown[],
  ): void {
    const all = privates === undefined ? flags : flags | Decoration.PRIVATES;
    this.writer.u8(Tag.DECORATED);
    this.writer.u8(all);
    if (origin !== undefined) this.slot(origin);
    // A class may hold this very instance in a static field, but only bodies hold fields.
    this.#shell(kind, value, (all & Decoration.PROPERTIES) !== 0);
    if (privates !== undefined) {
      this.later(value, () => {
        this.writer.varint(privates.length);
        for (const field of privates) this.slot(field);
      });
    }
    if ((all & Decoration.PROPERTIES) !== 0) {
      this.later(value, () => this.properties(value, this.#omission(kind, value)));
    }
  }

  /** Which own properties a node's own body, or the class on the other side, already provides. */
  #omission(kind: KnownKind, value: object): ((key: string | symbol) => boolean) | undefined {
    if (kind === Kind.ARRAY || kind === Kind.TYPED_ARRAY || kind === Kind.BUFFER) {
      return isArrayIndexOrLength;
    }
    if (kind === Kind.BOXED) return (key) => key === 'length' || isArrayIndexOrLength(key);
    const prototype = Object.getPrototypeOf(value) as object | null;
    const constructor = prototype === null ? undefined : constructorOf(prototype);
    if (constructor === undefined || !this.code.knowsClass(constructor)) return undefined;
    return (key) => typeof key === 'string' && this.code.skipsField(value, constructor, key);
  }

  /** `withoutBody`: all own properties follow as such, so a plain object has nothing of its own. */
  #shell(kind: KnownKind, value: object, withoutBody: boolean): void {
    const writer = this.writer;
    switch (kind) {
      case Kind.OBJECT:
      case Kind.NULL_OBJECT:
        writer.u8(kind);
        if (withoutBody) this.#number(value);
        else this.#enqueue(kind, value);
        return;
      case Kind.ARRAY: {
        const actual = isSparse(value as unknown[]) ? Kind.SPARSE_ARRAY : kind;
        writer.u8(actual);
        this.#enqueue(actual, value);
        return;
      }
      case Kind.MAP:
      case Kind.SET:
        writer.u8(kind);
        this.#enqueue(kind, value);
        return;
      default:
        writeLeafShell(this, kind, value);
        this.#number(value);
    }
  }

  #enqueue(kind: number, value: object): void {
    this.#queue.push(this.#number(value));
    this.#queueKinds.push(kind);
  }

  #body(kind: BodyKind, value: object): void {
    switch (kind) {
      case Kind.OBJECT:
      case Kind.NULL_OBJECT:
        this.#objectBody(value as Record<string, unknown>);
        return;
      case Kind.ARRAY: {
        const array = value as unknown[];
        const length = array.length;
        this.writer.varint(length);
        for (let i = 0; i < length; i++) this.slot(array[i]);
        return;
      }
      case Kind.SPARSE_ARRAY:
        this.#sparseBody(value as unknown[]);
        return;
      case Kind.MAP:
        this.writer.varint(mapSize.call(value as Map<unknown, unknown>));
        Map.prototype.forEach.call(value as Map<unknown, unknown>, (entry, key) => {
          this.slot(key);
          this.slot(entry);
        });
        return;
      case Kind.SET:
        this.writer.varint(setSize.call(value as Set<unknown>));
        Set.prototype.forEach.call(value as Set<unknown>, (entry) => this.slot(entry));
        return;
      default:
        this.#writers[-1 - kind]!();
    }
  }

  #sparseBody(array: unknown[]): void {
    const indices = Object.keys(array).filter(isArrayIndexOrLength);
    this.writer.varint(array.length);
    this.writer.varint(indices.length);
    for (const index of indices) {
      this.writer.varint(Number(index));
      this.slot(array[Number(index)]);
    }
  }

  #objectBody(object: Record<string, unknown>): void {
    let keys = Object.keys(object);
    const prototype = Object.getPrototypeOf(object) as object | null;
    if (prototype !== Object.prototype && prototype !== null) {
      keys = this.#withoutRestoredFields(object, prototype, keys);
    }
    this.#shapes ??= new ShapeTable();
    const shape = this.#shapes.find(keys);
    if (shape >= 0) {
      this.writer.varint(shape + 1);
    } else {
      this.writer.u8(0);
      this.writer.varint(keys.length);
      for (const key of keys) this.writer.string(key);
    }
    for (const key of keys) this.slot(object[key]);
  }

  #withoutRestoredFields(
    object: Record<string, unknown>,
    prototype: object,
    keys: string[],
  ): string[] {
    if (!keys.some((key) => typeof object[key] === 'function')) return keys;
    const constructor = constructorOf(prototype);
    if (constructor === undefined) return keys;
    return keys.filter(
      (key) => typeof object[key] !== 'function' || !this.code.skipsField(object, constructor, key),
    );
  }
}

// The getters themselves: a subclass of the user may override `size`.
const mapSize = getterOf(Map.prototype, 'size') as (this: Map<unknown, unknown>) => number;
const setSize = getterOf(Set.prototype, 'size') as (this: Set<unknown>) => number;

/** The class whose `prototype` this is, when the prototype says so itself. */
export function constructorOf(prototype: object): AnyFunction | undefined {
  const descriptor = Reflect.getOwnPropertyDescriptor(prototype, 'constructor');
  const constructor: unknown = descriptor?.value;
  if (typeof constructor !== 'function') return undefined;
  return (constructor as { prototype?: unknown }).prototype === prototype
    ? (constructor as AnyFunction)
    : undefined;
}

function isErrorStack(object: object, key: string | symbol): boolean {
  return key === 'stack' && isErrorObject(object);
}
