import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import type { CodeTable } from '../code-table.js';
import { CorruptDataError, UnsupportedValueError } from '../errors.js';
import { ValueDecoder } from './decoder.js';
import { ValueEncoder } from './encoder.js';
import { SMALL_INTEGER, VALUE_VERSION } from './tags.js';
import { asValueCode } from './value-code.js';
import { describeTrail } from './trail.js';

export { plainCodeTable } from './plain-code-table.js';
export { registerErrorClasses, registerValueType, type ValueType } from './engine-types.js';

/**
 * Appends one value graph: identity, cycles, holes and every type of the programming guide.
 *
 * @throws UnsupportedValueError when something in it cannot travel; nothing is then appended that matters.
 */
export function writeValue(writer: ByteWriter, value: unknown, code: CodeTable): void {
  if (
    typeof value === 'number' &&
    value >= 0 &&
    value < 0x80 &&
    (value | 0) === value &&
    !Object.is(value, -0)
  ) {
    writer.u8(VALUE_VERSION);
    writer.u8(SMALL_INTEGER + value);
    return;
  }
  writer.u8(VALUE_VERSION);
  const encoder = new ValueEncoder(writer, asValueCode(code));
  try {
    encoder.encode(value);
  } catch (error) {
    if (error instanceof UnsupportedValueError && error.path === '') {
      const { culprit } = encoder;
      const trail = encoder.trail();
      const whole = culprit === undefined || trail.includes(culprit) ? trail : [...trail, culprit];
      const path = describeTrail(value, whole);
      if (path !== '') throw new UnsupportedValueError(error.reason, path, { cause: error });
    }
    throw error;
  }
}

/**
 * Reads one value graph and leaves the reader behind it.
 *
 * @throws CorruptDataError when the bytes are damaged or of another version.
 */
export function readValue(reader: ByteReader, code: CodeTable): unknown {
  const version = reader.u8();
  if (version !== VALUE_VERSION) throw new CorruptDataError(`value version ${version}`);
  return new ValueDecoder(reader, asValueCode(code)).decode();
}

/** `writeValue` into bytes of its own. */
export function encodeValue(value: unknown, code: CodeTable): Uint8Array {
  const writer = new ByteWriter(64);
  writeValue(writer, value, code);
  return writer.finish();
}

/** The value of all these bytes. @throws CorruptDataError also when bytes are left over. */
export function decodeValue(bytes: Uint8Array, code: CodeTable): unknown {
  const reader = new ByteReader(bytes);
  const value = readValue(reader, code);
  if (reader.remaining > 0) {
    throw new CorruptDataError(`${reader.remaining} bytes follow the end of a value`);
  }
  return value;
}
