export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export type { CodeTable } from './code-table.js';
export { CorruptDataError, UnsupportedValueError } from './errors.js';
export {
  decodeValue,
  encodeValue,
  plainCodeTable,
  readValue,
  registerErrorClasses,
  registerValueType,
  writeValue,
  type ValueType,
} from './value/index.js';
export { decodeError, encodeError } from './value/error-codec.js';
export {
  decodeBatches,
  encodeBatches,
  readBatch,
  readPairColumns,
  writeBatch,
  writePairColumns,
  type PairColumns,
} from './batch/index.js';
