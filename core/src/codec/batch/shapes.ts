import { freshCopy } from '../../keys/index.js';
import type { DecodedColumn } from './column-reader.js';

/** Plain objects with the same fields in the same order, as columns and back. */
export interface Shape {
  /** One column per field; undefined when some value is no plain object of this shape. */
  gather(values: readonly unknown[]): unknown[][] | undefined;
  /** The objects whose fields stand in these columns. */
  records(columns: readonly DecodedColumn[], count: number): object[];
}

/** Shapes that get code of their own; programs with more of them share one copy, and are slower. */
const MAX_SHAPES = 256;
const MAX_FIELDS = 64;

const shapes = new Map<string, Shape>();

export function shapeOf(names: readonly string[]): Shape {
  const id = JSON.stringify(names);
  let shape = shapes.get(id);
  if (shape === undefined) {
    const isCopied = shapes.size < MAX_SHAPES && names.length <= MAX_FIELDS;
    // An access `record[name]` that always sees the same name is as fast as `record.id`.
    const fields = names.map((name) =>
      isCopied ? freshCopy(fieldAccess, { name })(name) : fieldAccess(name),
    );
    shape = new FieldwiseShape([...names], fields);
    if (isCopied) shapes.set(id, shape);
  }
  return shape;
}

class FieldwiseShape implements Shape {
  readonly #names: readonly string[];
  readonly #fields: readonly FieldAccess[];

  constructor(names: readonly string[], fields: readonly FieldAccess[]) {
    this.#names = names;
    this.#fields = fields;
  }

  gather(values: readonly unknown[]): unknown[][] | undefined {
    const names = this.#names;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== 'object' || value === null) return undefined;
      if (Object.getPrototypeOf(value) !== Object.prototype || !hasNames(value, names)) {
        return undefined;
      }
    }
    return this.#fields.map((field) => field.gather(values as readonly FieldRecord[]));
  }

  records(columns: readonly DecodedColumn[], count: number): object[] {
    // The first row tells V8 what kinds of values the fields hold; a spread copies the shape at once.
    const template: FieldRecord = {};
    this.#names.forEach((name, at) => (template[name] = columns[at]![0]));
    const records = new Array<FieldRecord>(count);
    for (let i = 0; i < count; i++) records[i] = { ...template };
    this.#fields.forEach((field, at) => field.fill(records, columns[at]!));
    return records;
  }
}

function hasNames(value: object, names: readonly string[]): boolean {
  let at = 0;
  for (const name in value) {
    if (name !== names[at]) return false;
    at++;
  }
  return at === names.length;
}

type FieldRecord = Record<string, unknown>;

interface FieldAccess {
  gather(records: readonly FieldRecord[]): unknown[];
  fill(records: readonly FieldRecord[], column: DecodedColumn): void;
}

/** Copied per field (`freshCopy`): may use its parameter only. */
function fieldAccess(name: string): FieldAccess {
  return {
    gather(records): unknown[] {
      const column = new Array<unknown>(records.length);
      for (let i = 0; i < records.length; i++) column[i] = records[i]![name];
      return column;
    },
    fill(records, column): void {
      for (let i = 0; i < records.length; i++) records[i]![name] = column[i];
    },
  };
}
