export * from './default-partitioning.js';
export * from './function-partitioner.js';
export * from './hash-partitioner.js';
export * from './partitioner.js';
export * from './partitioning.js';
export * from './range-partitioner.js';
