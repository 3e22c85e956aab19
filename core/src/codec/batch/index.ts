export {
  decodeBatches,
  encodeBatches,
  readBatch,
  readPairColumns,
  writeBatch,
  writePairColumns,
} from './batch.js';
export type { PairColumns } from './batch.js';
