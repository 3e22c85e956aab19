import { KeyNotHashableError } from './errors.js';

/** How an object that is used as a key is compared. */
export const KeyKind = {
  plain: 0,
  array: 1,
  date: 2,
  bytes: 3,
  regExp: 4,
  map: 5,
  set: 6,
  instance: 7,
} as const;
export type KeyKind = (typeof KeyKind)[keyof typeof KeyKind];

/** What the prototype of a key tells about it. */
export interface KeyClass {
  readonly kind: KeyKind;
  readonly name: string;
  /** The class is the user's own, so that own fields count besides what the kind holds. */
  readonly hasFields: boolean;
  readonly prototype: object | null;
  /** Text of the class: sets apart two classes of one name, alike in every process. */
  readonly text: string;
  /** Why instances are no keys. */
  readonly refusal?: string;
}

/** Deeper keys are taken for cycles. */
export const MAX_KEY_DEPTH = 1_000;

const plainClass: KeyClass = {
  kind: KeyKind.plain,
  name: 'Object',
  hasFields: true,
  prototype: null,
  text: '',
};

const nativeKinds: readonly [new (...args: never[]) => object, KeyKind][] = [
  [Date, KeyKind.date],
  [RegExp, KeyKind.regExp],
  [Map, KeyKind.map],
  [Set, KeyKind.set],
  [ArrayBuffer, KeyKind.bytes],
  [SharedArrayBuffer, KeyKind.bytes],
  [DataView, KeyKind.bytes],
  [Object.getPrototypeOf(Uint8Array) as new () => object, KeyKind.bytes],
  [Array, KeyKind.array],
];

const refusals: readonly [new (...args: never[]) => object, string][] = [
  [Error, 'an error'],
  [Promise, 'a promise'],
  [WeakMap, 'a WeakMap'],
  [WeakSet, 'a WeakSet'],
  [WeakRef, 'a WeakRef'],
  [Number, 'a boxed number'],
  [String, 'a boxed string'],
  [Boolean, 'a boxed boolean'],
  [Symbol as unknown as new () => object, 'a boxed symbol'],
  [BigInt as unknown as new () => object, 'a boxed bigint'],
];

const classes = new WeakMap<object, KeyClass>();
/** What was looked up last: keys of one RDD mostly have one class. */
let lastClass = plainClass;

/** Classifies a key that is an object, once per prototype. */
export function keyClassOf(key: object): KeyClass {
  const prototype = Object.getPrototypeOf(key) as object | null;
  if (prototype === null || prototype === Object.prototype) return plainClass;
  if (prototype === lastClass.prototype) return lastClass;
  let known = classes.get(prototype);
  if (known === undefined) {
    known = classify(key, prototype);
    classes.set(prototype, known);
  }
  if (known.refusal !== undefined) throw new KeyNotHashableError(known.refusal);
  lastClass = known;
  return known;
}

function classify(key: object, prototype: object): KeyClass {
  const { constructor } = prototype as { constructor?: unknown };
  const isClass = typeof constructor === 'function';
  const name = isClass ? constructor.name : '';
  const shared = { name, prototype };
  const refused = refusals.find(([type]) => key instanceof type);
  if (refused !== undefined) {
    return { ...shared, kind: KeyKind.instance, hasFields: false, text: '', refusal: refused[1] };
  }
  const native = nativeKinds.find(([type]) => key instanceof type);
  if (native !== undefined) {
    const [type, kind] = native;
    const isOwn = kind === KeyKind.bytes || prototype === type.prototype;
    const text = isOwn || !isClass ? '' : Function.prototype.toString.call(constructor);
    return { ...shared, kind, hasFields: !isOwn, text };
  }
  const text = isClass ? Function.prototype.toString.call(constructor) : '';
  return { ...shared, kind: KeyKind.instance, hasFields: true, text };
}

/** Names of the fields that count: own, enumerable, string-keyed. Refuses instances that have none. */
export function fieldNames(key: object, keyClass: KeyClass): string[] {
  const names = Object.keys(key);
  if (names.length === 0 && keyClass.kind === KeyKind.instance) {
    // Private state is invisible here: without this check, all URLs would be one key.
    throw new KeyNotHashableError(
      `an instance of ${keyClass.name === '' ? 'a class' : `class ${keyClass.name}`} without public fields`,
    );
  }
  if (keyClass.kind !== KeyKind.array && keyClass.kind !== KeyKind.bytes) return names;
  return names.filter((name) => !isIndex(name));
}

function isIndex(name: string): boolean {
  const index = Number(name);
  return Number.isInteger(index) && index >= 0 && String(index) === name;
}

export function tooDeep(): KeyNotHashableError {
  return new KeyNotHashableError(
    `a value that contains itself, or is nested deeper than ${String(MAX_KEY_DEPTH)} levels,`,
  );
}

/** The bytes behind a key of kind `bytes`. */
export function bytesOfKey(key: object): Uint8Array {
  if (key instanceof Uint8Array) return key;
  if (ArrayBuffer.isView(key)) return new Uint8Array(key.buffer, key.byteOffset, key.byteLength);
  return new Uint8Array(key as ArrayBuffer);
}

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** Element kind of bytes: `Uint8Array` also for a Buffer. */
export function bytesKind(key: object): string {
  const tag: unknown = Reflect.get(typedArrayPrototype, Symbol.toStringTag, key);
  if (typeof tag === 'string') return tag;
  if (key instanceof DataView) return 'DataView';
  return key instanceof SharedArrayBuffer ? 'SharedArrayBuffer' : 'ArrayBuffer';
}
