/**
 * Layout of an encoded value.
 *
 * ```
 * value   = version(u8) slot body*
 * slot    = small integer (0x80-0xff) | primitive | reference | node
 * node    = kind, then what is needed to make the empty object ("shell")
 * body    = content of one node
 * ```
 *
 * Nodes are numbered as their shells are written; bodies follow in that order. So a graph of any
 * depth is written and read by one loop, and a slot may refer to any node, also to one that is not
 * filled yet (cycles).
 */
export const VALUE_VERSION = 1;

/** A resizable buffer reserves its maximum at once, so a number alone must not be believed. */
export const MAX_RESIZABLE_BYTES = 2 ** 30;

/** Slots from here on are the integers 0 … 127 themselves. */
export const SMALL_INTEGER = 0x80;

export const Tag = {
  UNDEFINED: 0,
  NULL: 1,
  TRUE: 2,
  FALSE: 3,
  /** varint, zigzag. */
  INTEGER: 4,
  FLOAT: 5,
  STRING: 6,
  /** sign byte, hexadecimal digits as string. */
  BIGINT: 7,
  REGISTERED_SYMBOL: 8,
  WELL_KNOWN_SYMBOL: 9,
  /** varint: number of a node. */
  REFERENCE: 10,
  /** Only inside sparse arrays and for absent values. */
  HOLE: 11,
  /** A built-in function or object of the language by its path, such as `Math.sqrt`. */
  GLOBAL: 12,

  OBJECT: 20,
  NULL_OBJECT: 21,
  ARRAY: 22,
  SPARSE_ARRAY: 23,
  DATE: 24,
  REGEXP: 25,
  MAP: 26,
  SET: 27,
  ARRAY_BUFFER: 28,
  TYPED_ARRAY: 29,
  DATA_VIEW: 30,
  BUFFER: 31,
  BOXED: 32,
  ERROR: 33,
  /** An engine error by the name of its class. */
  ENGINE_ERROR: 34,
  /** An engine value type by its registered name. */
  ENGINE_VALUE: 35,
  URL: 36,
  DOM_EXCEPTION: 37,

  /** Flags, then class or prototype, then one of the kinds above. */
  DECORATED: 40,
  /** What a code table writes: functions, classes, references. */
  EXTENSION: 41,
} as const;

/** Flags of a `DECORATED` node. */
export const Decoration = {
  CLASS: 1,
  PROTOTYPE: 2,
  PROPERTIES: 4,
  PRIVATES: 8,
  /** Two bits: 0 ordinary, 1 not extensible, 2 sealed, 3 frozen. */
  INTEGRITY_SHIFT: 4,
} as const;

/** Flags of a property. */
export const PropertyFlag = { ENUMERABLE: 1, WRITABLE: 2, CONFIGURABLE: 4, ACCESSOR: 8 } as const;
export const PLAIN_PROPERTY =
  PropertyFlag.ENUMERABLE | PropertyFlag.WRITABLE | PropertyFlag.CONFIGURABLE;

export const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
] as const;

export const ERROR_CLASSES = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
] as const;

export const WELL_KNOWN_SYMBOLS: readonly symbol[] = Object.getOwnPropertyNames(Symbol)
  .map((name) => (Symbol as unknown as Record<string, unknown>)[name])
  .filter((value) => typeof value === 'symbol')
  .sort((a, b) => (a.toString() < b.toString() ? -1 : 1));
