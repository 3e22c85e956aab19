import type { CodeTable } from '../code-table.js';
import type { ValueDecoder } from './decoder.js';
import type { ValueEncoder } from './encoder.js';

/** Any function or class; only ever passed on, never called with these types. */
export type AnyFunction = (...args: never[]) => unknown;

/**
 * What a code table does for the value codec: it writes and reads the nodes that the codec cannot
 * know by itself. Packages outside `codec` and `closures` see only `CodeTable`.
 */
export interface ValueCode extends CodeTable {
  /**
   * True for captures: property attributes, accessors, symbols and integrity are kept and no getter
   * is called. False for records: own enumerable properties are read as values.
   */
  readonly exact: boolean;
  /** Writes a function or class as one node (`encoder.beginExtension`). @throws UnsupportedValueError */
  writeFunction(encoder: ValueEncoder, value: AnyFunction): void;
  /** Writes an object of its own (a broadcast, an export of a package); false when it is none. */
  writeObject(encoder: ValueEncoder, value: object): boolean;
  /** Whether instances of this class can be made again on the other side. */
  knowsClass(value: AnyFunction): boolean;
  /** Content of the private fields that the class and its parents declare; undefined when there are none. */
  readPrivates(object: object, ofClass: AnyFunction): unknown[] | undefined;
  writePrivates(object: object, ofClass: AnyFunction, values: readonly unknown[]): void;
  /** An instance that no constructor of the user has seen, with its private fields in place. */
  construct(ofClass: AnyFunction, base: AnyFunction, baseArguments: readonly unknown[]): object;
  /** True when the property is a function that the class itself makes with every instance. */
  skipsField(object: object, ofClass: AnyFunction, key: string): boolean;
  /** Whether a property under a symbol is left out instead of refused. */
  dropsKey?(object: object, key: symbol): boolean;
  /** Why an instance of a class that nobody knows is refused; a text of the codec's own without it. */
  refuseInstance?(className: string): string;
  /** Reads a node that this kind of table wrote. */
  readExtension(decoder: ValueDecoder): unknown;
}

/** Every code table of the engine is a `ValueCode`; others cannot be made. */
export function asValueCode(code: CodeTable): ValueCode {
  return code as ValueCode;
}
