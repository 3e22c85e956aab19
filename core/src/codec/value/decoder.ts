import { describeThrown, HeddleError } from '@heddle/common';

import type { ByteReader } from '../byte-reader.js';
import { CorruptDataError } from '../errors.js';
import { errorClassNamed, valueTypeNamed } from './engine-types.js';
import { globalAt } from './globals.js';
import { Kind } from './kinds.js';
import {
  Decoration,
  ERROR_CLASSES,
  MAX_RESIZABLE_BYTES,
  PropertyFlag,
  SMALL_INTEGER,
  Tag,
  TYPED_ARRAYS,
  WELL_KNOWN_SYMBOLS,
} from './tags.js';
import type { AnyFunction, ValueCode } from './value-code.js';

const MAX_SHELL_DEPTH = 1_000;
/** Beyond this an array with holes becomes a dictionary instead of reserving memory for its length. */
const DENSE_HOLES = 1_024;
type Constructor = new (...args: never[]) => object;

/** Reads what `ValueEncoder` wrote. Memory used is proportional to the bytes read. */
export class ValueDecoder {
  readonly reader: ByteReader;
  readonly code: ValueCode;
  readonly #nodes: (object | undefined)[] = [];
  readonly #queue: (object | undefined)[] = [];
  readonly #queueKinds: number[] = [];
  readonly #readers: (() => void)[] = [];
  readonly #finishers: (() => void)[] = [];
  readonly #shapes: string[][] = [];
  /** Instances that their class made with fields of its own. */
  #prefilled: Set<object> | undefined;
  #depth = 0;

  constructor(reader: ByteReader, code: ValueCode) {
    this.reader = reader;
    this.code = code;
  }

  /** @throws CorruptDataError whatever the damage leads to, unless an engine error says more */
  decode(): unknown {
    try {
      const root = this.slot();
      for (let i = 0; i < this.#queue.length; i++) this.#body(this.#queueKinds[i]!, this.#queue[i]);
      for (const finish of this.#finishers) finish();
      return root;
    } catch (error) {
      if (error instanceof HeddleError) throw error;
      throw new CorruptDataError(describeThrown(error, 200), { cause: error });
    }
  }

  /** Reserves the number of a node that is being read; `fillNode` gives it its object. */
  reserveNode(): number {
    this.#nodes.push(undefined);
    return this.#nodes.length - 1;
  }

  fillNode(id: number, value: object): void {
    this.#nodes[id] = value;
  }

  /** Reads the content of a node after all shells that are open now; mirrors `ValueEncoder.later`. */
  later(read: () => void): void {
    this.#queue.push(undefined);
    this.#queueKinds.push(-1 - this.#readers.length);
    this.#readers.push(read);
  }

  /** Runs when the whole graph is read, in the order of the calls. */
  finally(action: () => void): void {
    this.#finishers.push(action);
  }

  slot(): unknown {
    const reader = this.reader;
    const tag = reader.u8();
    if (tag >= SMALL_INTEGER) return tag - SMALL_INTEGER;
    switch (tag) {
      case Tag.UNDEFINED:
        return undefined;
      case Tag.NULL:
        return null;
      case Tag.TRUE:
        return true;
      case Tag.FALSE:
        return false;
      case Tag.INTEGER: {
        const zigzag = reader.varint();
        return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      }
      case Tag.FLOAT:
        return reader.f64();
      case Tag.STRING:
        return reader.string();
      case Tag.BIGINT:
        return this.#bigint();
      case Tag.REGISTERED_SYMBOL:
        return Symbol.for(reader.string());
      case Tag.WELL_KNOWN_SYMBOL:
        return known(WELL_KNOWN_SYMBOLS[reader.u8()], 'a symbol');
      case Tag.REFERENCE:
        return known(this.#nodes[reader.varint()], 'a reference');
      case Tag.GLOBAL: {
        const path = reader.string();
        return this.#define(known(globalAt(path), `the built-in ${path.slice(0, 100)}`));
      }
      case Tag.EXTENSION:
        return this.#deeper(() => this.code.readExtension(this));
      case Tag.DECORATED:
        return this.#deeper(() => this.#decorated());
      case Tag.ENGINE_ERROR:
        return this.#engineError();
      case Tag.ENGINE_VALUE:
        return this.#engineValue();
      case Tag.DOM_EXCEPTION: {
        const error = new DOMException(reader.string(), reader.string());
        Object.defineProperty(error, 'stack', hidden(reader.string()));
        return this.#define(error);
      }
      default:
        return this.#shell(tag, undefined, false);
    }
  }

  /** Mirrors `ValueEncoder.properties`. */
  properties(target: object): void {
    const count = this.#count();
    for (let i = 0; i < count; i++) {
      const key = this.slot();
      if (typeof key !== 'string' && typeof key !== 'symbol') {
        throw new CorruptDataError('the name of a property is no name');
      }
      const flags = this.reader.u8();
      const descriptor: PropertyDescriptor = {
        enumerable: (flags & PropertyFlag.ENUMERABLE) !== 0,
        configurable: (flags & PropertyFlag.CONFIGURABLE) !== 0,
      };
      if ((flags & PropertyFlag.ACCESSOR) !== 0) {
        descriptor.get = accessor(this.slot()) as () => unknown;
        descriptor.set = accessor(this.slot()) as (value: unknown) => void;
      } else {
        descriptor.value = this.slot();
        descriptor.writable = (flags & PropertyFlag.WRITABLE) !== 0;
      }
      if (!Reflect.defineProperty(target, key, descriptor)) {
        throw new CorruptDataError(`the property ${String(key).slice(0, 100)} cannot be set`);
      }
    }
  }

  /** A number of items of at least one byte each. */
  #count(): number {
    const count = this.reader.varint();
    if (count > this.reader.remaining) {
      throw new CorruptDataError(`${count} items cannot stand in ${this.reader.remaining} bytes`);
    }
    return count;
  }

  #define<T extends object>(value: T): T {
    this.#nodes.push(value);
    return value;
  }

  #deeper(read: () => unknown): unknown {
    if (++this.#depth > MAX_SHELL_DEPTH) throw new CorruptDataError('nodes are nested too deeply');
    const value = read();
    this.#depth--;
    return value;
  }

  #bigint(): bigint {
    const negative = this.reader.u8() === 1;
    const digits = this.reader.string();
    if (!/^[0-9a-f]+$/.test(digits)) throw new CorruptDataError('a bigint has no digits');
    try {
      const value = BigInt(`0x${digits}`);
      return negative ? -value : value;
    } catch (error) {
      throw new CorruptDataError('a bigint is too long', { cause: error });
    }
  }

  #engineError(): Error {
    const name = this.reader.string();
    const errorClass = errorClassNamed(name);
    const error = Reflect.construct(Error, [], errorClass ?? Error) as Error;
    this.#define(error);
    this.later(() => {
      clear(error);
      this.properties(error);
      if (errorClass === undefined) Object.defineProperty(error, 'name', hidden(name));
    });
    return error;
  }

  #engineValue(): object {
    const name = this.reader.string();
    const type = known(valueTypeNamed(name), `the value type ${name.slice(0, 100)}`);
    const target = type.create?.() ?? (Object.create(type.class.prototype as object) as object);
    this.#define(target);
    this.later(() => {
      if (type.save === undefined) {
        this.properties(target);
        return;
      }
      const saved = this.slot();
      this.finally(() => {
        if (type.restore === undefined) Object.assign(target, saved);
        else type.restore(target, saved);
      });
    });
    return target;
  }

  #decorated(): object {
    const flags = this.reader.u8();
    let ofClass: AnyFunction | undefined;
    let prototype: object | null | undefined;
    if ((flags & Decoration.CLASS) !== 0) {
      const slot = this.slot();
      if (typeof slot !== 'function')
        throw new CorruptDataError('the class of an instance is none');
      ofClass = slot as AnyFunction;
    } else if ((flags & Decoration.PROTOTYPE) !== 0) {
      const slot = this.slot();
      if (typeof slot !== 'object' && typeof slot !== 'function') {
        throw new CorruptDataError('a prototype is no object');
      }
      prototype = slot;
    }
    const withProperties = (flags & Decoration.PROPERTIES) !== 0;
    const value = this.#shell(this.reader.u8(), ofClass, withProperties);
    if (prototype !== undefined) Object.setPrototypeOf(value, prototype);
    if (ofClass !== undefined && hasOwnKeys(value)) (this.#prefilled ??= new Set()).add(value);
    if ((flags & Decoration.PRIVATES) !== 0) this.later(() => this.#privates(value, ofClass));
    if (withProperties) {
      this.later(() => {
        clear(value);
        this.properties(value);
      });
    }
    const integrity = (flags >> Decoration.INTEGRITY_SHIFT) & 3;
    if (integrity > 0) {
      this.finally(() => {
        if (integrity === 3) Object.freeze(value);
        else if (integrity === 2) Object.seal(value);
        else Object.preventExtensions(value);
      });
    }
    return value;
  }

  #privates(value: object, ofClass: AnyFunction | undefined): void {
    if (ofClass === undefined) throw new CorruptDataError('private fields without a class');
    const fields: unknown[] = [];
    for (let left = this.#count(); left > 0; left--) fields.push(this.slot());
    this.code.writePrivates(value, ofClass, fields);
  }

  #make(base: Constructor, ofClass: AnyFunction | undefined, ...args: unknown[]): object {
    const value =
      ofClass === undefined
        ? (Reflect.construct(base, args) as object)
        : this.code.construct(ofClass, base as unknown as AnyFunction, args);
    return this.#define(value);
  }

  #shell(kind: number, ofClass: AnyFunction | undefined, withoutBody: boolean): object {
    const reader = this.reader;
    switch (kind) {
      case Kind.OBJECT: {
        const value = ofClass === undefined ? this.#define({}) : this.#make(Object, ofClass);
        if (!withoutBody) this.#enqueue(kind, value);
        return value;
      }
      case Kind.NULL_OBJECT: {
        const value = this.#define(Object.create(null) as object);
        if (!withoutBody) this.#enqueue(kind, value);
        return value;
      }
      case Kind.ARRAY:
      case Kind.SPARSE_ARRAY:
        return this.#enqueue(kind, this.#make(Array, ofClass));
      case Kind.MAP:
        return this.#enqueue(kind, this.#make(Map, ofClass));
      case Kind.SET:
        return this.#enqueue(kind, this.#make(Set, ofClass));
      case Kind.DATE:
        return this.#make(Date, ofClass, reader.f64());
      case Kind.REGEXP:
        return this.#regexp(ofClass);
      case Kind.ARRAY_BUFFER:
        return this.#arrayBuffer(ofClass);
      case Kind.TYPED_ARRAY:
        return this.#typedArray(ofClass);
      case Kind.DATA_VIEW: {
        const [offset, length] = [reader.varint(), reader.varint()];
        const buffer = this.#bufferSlot(offset, length);
        return this.#make(DataView, ofClass, buffer, offset, length);
      }
      case Kind.BUFFER: {
        const bytes = Buffer.from(reader.copyBytes(reader.varint()).buffer);
        if (ofClass !== undefined) Object.setPrototypeOf(bytes, ofClass.prototype as object);
        return this.#define(bytes);
      }
      case Kind.BOXED: {
        const value = Object(this.slot()) as object;
        if (ofClass !== undefined) Object.setPrototypeOf(value, ofClass.prototype as object);
        return this.#define(value);
      }
      case Kind.ERROR: {
        const base = known(ERROR_CLASSES[reader.u8()], 'a class of errors');
        const args = base === AggregateError ? [[]] : [];
        return this.#make(base, ofClass, ...args);
      }
      case Kind.URL: {
        const href = reader.string();
        if (!URL.canParse(href)) throw new CorruptDataError('a URL is none');
        return this.#make(URL, ofClass, href);
      }
      default:
        throw new CorruptDataError(`tag ${kind} at offset ${reader.position - 1} is unknown`);
    }
  }

  #enqueue(kind: number, value: object): object {
    this.#queue.push(value);
    this.#queueKinds.push(kind);
    return value;
  }

  #regexp(ofClass: AnyFunction | undefined): object {
    const [source, flags] = [this.reader.string(), this.reader.string()];
    try {
      return this.#make(RegExp, ofClass, source, flags);
    } catch (error) {
      throw new CorruptDataError('a regular expression is none', { cause: error });
    }
  }

  #arrayBuffer(ofClass: AnyFunction | undefined): object {
    const maximum = this.reader.varint();
    const bytes = this.reader.copyBytes(this.reader.varint());
    if (maximum === 0 && ofClass === undefined) return this.#define(bytes.buffer);
    if (maximum > MAX_RESIZABLE_BYTES + 1)
      throw new CorruptDataError('an ArrayBuffer is too large');
    const options = maximum === 0 ? [] : [{ maxByteLength: maximum - 1 }];
    try {
      const buffer = this.#make(ArrayBuffer, ofClass, bytes.length, ...options) as ArrayBuffer;
      new Uint8Array(buffer).set(bytes);
      return buffer;
    } catch (error) {
      throw new CorruptDataError('an ArrayBuffer cannot be made', { cause: error });
    }
  }

  #typedArray(ofClass: AnyFunction | undefined): object {
    const type = known(TYPED_ARRAYS[this.reader.u8()], 'a kind of typed array');
    const [offset, length] = [this.reader.varint(), this.reader.varint()];
    const buffer = this.#bufferSlot(offset, length * type.BYTES_PER_ELEMENT);
    if (offset % type.BYTES_PER_ELEMENT !== 0) {
      throw new CorruptDataError('a typed array is not aligned');
    }
    return this.#make(type, ofClass, buffer, offset, length);
  }

  #bufferSlot(offset: number, byteLength: number): ArrayBuffer {
    const buffer = this.slot();
    if (!(buffer instanceof ArrayBuffer) || offset + byteLength > buffer.byteLength) {
      throw new CorruptDataError('a view reaches beyond its buffer');
    }
    return buffer;
  }

  #body(kind: number, value: object | undefined): void {
    switch (kind) {
      case Kind.OBJECT:
      case Kind.NULL_OBJECT:
        this.#objectBody(value as Record<string, unknown>);
        return;
      case Kind.ARRAY: {
        const array = value as unknown[];
        const length = this.#count();
        for (let i = 0; i < length; i++) array[i] = this.slot();
        return;
      }
      case Kind.SPARSE_ARRAY:
        this.#sparseBody(value as unknown[]);
        return;
      case Kind.MAP: {
        const count = this.#count();
        for (let i = 0; i < count; i++) {
          const key = this.slot();
          Map.prototype.set.call(value as Map<unknown, unknown>, key, this.slot());
        }
        return;
      }
      case Kind.SET: {
        const count = this.#count();
        for (let i = 0; i < count; i++) {
          Set.prototype.add.call(value as Set<unknown>, this.slot());
        }
        return;
      }
      default:
        this.#readers[-1 - kind]!();
    }
  }

  #sparseBody(array: unknown[]): void {
    const length = this.reader.varint();
    const count = this.#count();
    if (length > 4_294_967_295 || count > length)
      throw new CorruptDataError('an array is too long');
    if (length > DENSE_HOLES + 2 * count) {
      array[length - 1] = undefined;
      Reflect.deleteProperty(array, length - 1);
    }
    array.length = length;
    for (let i = 0; i < count; i++) {
      const index = this.reader.varint();
      if (index >= length) throw new CorruptDataError('an index is beyond the end of its array');
      array[index] = this.slot();
    }
  }

  #objectBody(object: Record<string, unknown>): void {
    const keys = this.#shape();
    if (this.#prefilled?.has(object) === true) clear(object, keys);
    const prototype = Object.getPrototypeOf(object) as object | null;
    const hasAccessors = prototype !== Object.prototype && prototype !== null;
    for (const key of keys) {
      // Assigning would run a setter of the class, or fail on what it inherits.
      if (key === '__proto__' || (hasAccessors && key in object && !Object.hasOwn(object, key))) {
        Object.defineProperty(object, key, { ...hidden(this.slot()), enumerable: true });
      } else {
        object[key] = this.slot();
      }
    }
  }

  #shape(): readonly string[] {
    const number = this.reader.varint();
    if (number > 0) return known(this.#shapes[number - 1], 'a shape');
    const keys: string[] = [];
    for (let left = this.#count(); left > 0; left--) keys.push(this.reader.string());
    this.#shapes.push(keys);
    return keys;
  }
}

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CorruptDataError(`${what} is unknown here`);
  return value;
}

function accessor(value: unknown): unknown {
  if (value !== undefined && typeof value !== 'function') {
    throw new CorruptDataError('an accessor is no function');
  }
  return value;
}

function hidden(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: false, configurable: true };
}

/** Whether anything is there that the encoded value may not have; exotic indices do not count. */
function hasOwnKeys(value: object): boolean {
  return !ArrayBuffer.isView(value) && Object.keys(value).length > 0;
}

/**
 * Removes what making the object left behind, since the properties that follow are complete: but not
 * functions, which only the class itself can make, nor `keep`, which are overwritten in place.
 */
function clear(object: object, keep: readonly string[] = []): void {
  if (ArrayBuffer.isView(object) || Array.isArray(object)) return;
  for (const key of Reflect.ownKeys(object)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(object, key)!;
    if (typeof descriptor.value === 'function' || keep.includes(key as string)) continue;
    Reflect.deleteProperty(object, key);
  }
}
