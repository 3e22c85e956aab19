import { ArgumentError, ConfigError, InternalError } from '@heddle/common';

import { CorruptDataError, UnsupportedValueError } from '../errors.js';

/**
 * A class of the engine whose instances travel as values (a partitioner, a map that an action
 * returned). `save` and `restore` default to the own properties.
 */
export interface ValueType<T extends object> {
  /** Stable name on the wire. */
  readonly name: string;
  readonly class: abstract new (...args: never[]) => T;
  /** An empty instance to be filled; needed when a plain `Object.create` does not do. */
  create?(): T;
  /** Content as a value. */
  save?(value: T): unknown;
  /** Fills an instance; runs after the whole graph was read. */
  restore?(target: T, saved: unknown): void;
}

const typesByName = new Map<string, ValueType<object>>();
const typesByPrototype = new Map<object, ValueType<object>>();

/** Makes instances of an engine class (not of its subclasses) travel by value. */
export function registerValueType<T extends object>(type: ValueType<T>): void {
  const known = type as unknown as ValueType<object>;
  typesByName.set(type.name, known);
  typesByPrototype.set(type.class.prototype as object, known);
}

export function valueTypeOf(prototype: object): ValueType<object> | undefined {
  return typesByPrototype.get(prototype);
}

export function valueTypeNamed(name: string): ValueType<object> | undefined {
  return typesByName.get(name);
}

type ErrorClass = abstract new (...args: never[]) => Error;
const errorClasses = new Map<string, ErrorClass>();

/** Makes errors of these classes arrive as instances of them (`instanceof` holds on the other side). */
export function registerErrorClasses(...classes: readonly ErrorClass[]): void {
  for (const errorClass of classes) errorClasses.set(errorClass.name, errorClass);
}

export function errorClassNamed(name: string): ErrorClass | undefined {
  return errorClasses.get(name);
}

/** Name under which the prototype's class is registered. */
export function errorClassNameOf(prototype: object): string | undefined {
  const name = (prototype.constructor as { name?: unknown } | undefined)?.name;
  if (typeof name !== 'string') return undefined;
  return errorClasses.get(name)?.prototype === prototype ? name : undefined;
}

registerErrorClasses(
  ArgumentError,
  ConfigError,
  InternalError,
  CorruptDataError,
  UnsupportedValueError,
);
