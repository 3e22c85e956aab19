import './travel.js';

export { compareKeys, compareNumbers } from './compare-keys.js';
export { compareStrings } from './compare-strings.js';
export { KeyNotHashableError } from './errors.js';
export { checkKey, hashKey } from './hash-key.js';
export { KeyMap } from './key-map.js';
export { keysEqual } from './keys-equal.js';
export { hashNumber, hashString, mix32, partitionOfHash } from './mix.js';
export { argsortKeys } from './sort/argsort-keys.js';
export { LoserTree } from './sort/loser-tree.js';
export { CombineTable, makeCombineTable } from './tables/combine-table.js';
export type { CreateCombiner, MergeValue, TableColumns } from './tables/combine-table.js';
export { CountTable } from './tables/count-table.js';
export { flatString } from './tables/flat-string.js';
export { freshCopy } from './tables/fresh-copy.js';
export { KeyTable } from './tables/key-table.js';
export { partitionEntries, sortEntries } from './tables/sorted-entries.js';
export type { PartitionOf, SortedEntries } from './tables/sorted-entries.js';
