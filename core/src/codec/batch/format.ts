/*
 * Layout of a batch:
 *
 *   u8      version
 *   varint  number of records
 *   column
 *
 *   column := u8 kind, then
 *     GENERAL   one value-encoded array of all values (shared references survive inside of it)
 *     CONSTANT  one value-encoded value, the same for all
 *     FLOAT64   8 bytes each
 *     INTEGER   u8 width (0, 1, 2, 4), f64 smallest, then the differences from it, `width` bytes each
 *     BOOLEAN   bits
 *     STRING    u8 layout, lengths (as INTEGER without kind), varint bytes, characters of all strings
 *     BIGINT    8 bytes each, signed
 *     DATE      8 bytes each, time as a double
 *     BYTES     lengths, then the bytes of all
 *     OPTIONAL  u8 missing, bits (1: there), [bits (1: undefined)], column of the values that are there
 *     TUPLE     varint arity, then that many columns
 *     OBJECT    varint number of fields, their names, then a column for each
 *     LIST      lengths, then a column of the elements of all lists
 */

export const BATCH_VERSION = 1;

export const ColumnKind = {
  GENERAL: 0,
  CONSTANT: 1,
  FLOAT64: 2,
  INTEGER: 3,
  BOOLEAN: 4,
  STRING: 5,
  BIGINT: 6,
  DATE: 7,
  BYTES: 8,
  OPTIONAL: 9,
  TUPLE: 10,
  OBJECT: 11,
  LIST: 12,
} as const;
export type ColumnKind = (typeof ColumnKind)[keyof typeof ColumnKind];

/** One byte per character. */
export const TEXT_ASCII = 0;
export const TEXT_UTF8 = 1;
/** Two bytes per code unit: text with lone surrogates. */
export const TEXT_UTF16 = 2;

/** What stands for a missing value of an OPTIONAL column. */
export const MISSING_NULL = 0;
export const MISSING_UNDEFINED = 1;
/** Both occur: a second bit set tells which. */
export const MISSING_BOTH = 2;

/** Columns nested deeper than this are left to the value encoding. */
export const MAX_COLUMN_DEPTH = 8;
/** Most elements of the lists of one column, and most characters of its strings: below what V8 allows. */
export const MAX_ELEMENTS = 2 ** 25;
export const MAX_TEXT_LENGTH = 2 ** 28;
/** Widest tuple or object that is split into columns. */
export const MAX_COLUMNS = 256;
/**
 * Cells of a batch that take no bytes (constants): more of them would let a few damaged bytes
 * demand any amount of memory. Writer and reader count them alike.
 */
export const MAX_FREE_CELLS = 4_194_304;
