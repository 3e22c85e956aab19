import { RecordTypeError } from 'heddle/internal';

/**
 * One record as a line of text: strings as they are; numbers, bigints, booleans, null and undefined
 * by `String(x)`; everything else one line of JSON, in which tuples are arrays, bigints digits in
 * a string, dates ISO texts, Maps, Sets and typed arrays arrays. Bytes (`Uint8Array`) are not text: the
 * output writes them raw.
 * @throws RecordTypeError for a record that contains itself or nests deeper than 1,000 levels
 */
export function recordText(record: unknown): string {
  switch (typeof record) {
    case 'string':
      return record;
    case 'object':
      if (record === null) return 'null';
      // The engine's own writer is the fastest where it says the same.
      return isPlain(record, 0) ? JSON.stringify(record) : (jsonText(record, 0) ?? 'undefined');
    case 'function':
      throw new RecordTypeError(
        `a record to save is a function (${record.name || 'anonymous'}), which has no text: save what it returns`,
      );
    default:
      return String(record);
  }
}

const maxDepth = 1_000;

/** Deeper records take the way that notices when one contains itself. */
const maxPlainDepth = 32;

/** Whether `JSON.stringify` writes a value as it is to be: only plain objects, arrays and primitives in it. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint';
  if (depth > maxPlainDepth) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) {
      if (!isPlain(value[i], depth + 1)) return false;
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const key in fields) {
    if (!isPlain(fields[key], depth + 1)) return false;
  }
  return true;
}

/** What a JSON string cannot hold as it is: quotes, backslashes, controls; and surrogates, which may stand alone. */
// eslint-disable-next-line no-control-regex -- controls are what it looks for
const escaped = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return escaped.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** JSON of a value; undefined for what JSON leaves out (undefined, functions, symbols). */
function jsonText(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      return `"${value}"`;
    case 'object':
      return value === null ? 'null' : objectText(value, depth);
    default:
      return undefined;
  }
}

function objectText(value: object, depth: number): string | undefined {
  if (depth >= maxDepth) {
    throw new RecordTypeError(
      `a record to save contains itself, or nests deeper than ${maxDepth} levels, so it has no JSON form: ` +
        'map it to a string first',
    );
  }
  if (Array.isArray(value)) return listText(value, depth);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const replaced: unknown = (value as { toJSON(key: string): unknown }).toJSON('');
    // What replaces itself by itself is taken as it is, as JSON.stringify does.
    return replaced === value ? fieldsText(value, depth) : jsonText(replaced, depth + 1);
  }
  if (value instanceof Map || value instanceof Set) return listText([...value], depth);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return listText(Array.from(value as unknown as ArrayLike<number | bigint>), depth);
  }
  if (value instanceof DataView) {
    const { buffer, byteOffset, byteLength } = value;
    return listText([...new Uint8Array(buffer, byteOffset, byteLength)], depth);
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return listText([...new Uint8Array(value)], depth);
  }
  if (value instanceof RegExp) return JSON.stringify(String(value));
  if (value instanceof Error) return JSON.stringify(`${value.name}: ${value.message}`);
  if (isBoxed(value)) return jsonText(value.valueOf(), depth);
  return fieldsText(value, depth);
}

function listText(values: readonly unknown[], depth: number): string {
  let text = '[';
  for (let i = 0; i < values.length; i += 1) {
    if (i > 0) text += ',';
    text += jsonText(values[i], depth + 1) ?? 'null';
  }
  return `${text}]`;
}

function fieldsText(value: object, depth: number): string {
  let text = '';
  for (const [key, field] of Object.entries(value)) {
    const fieldText = jsonText(field, depth + 1);
    if (fieldText === undefined) continue;
    text += `${text === '' ? '' : ','}${quoted(key)}:${fieldText}`;
  }
  return `{${text}}`;
}

function isBoxed(value: object): boolean {
  return value instanceof Number || value instanceof String || value instanceof Boolean;
}
