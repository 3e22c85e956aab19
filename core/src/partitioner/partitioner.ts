/**
 * Decides which partition a key belongs to. Programs may extend it: instances travel to the tasks
 * like any instance of a class of theirs.
 *
 * Source: Spark 4.0 `Partitioner`.
 */
export abstract class Partitioner {
  abstract readonly numPartitions: number;

  /**
   * Index of the key's partition, from 0 to `numPartitions - 1`; the same in every process.
   *
   * @example
   * class Halves extends Partitioner {
   *   readonly numPartitions = 2;
   *   getPartition(key: unknown): number {
   *     return Number(key) < 3 ? 0 : 1;
   *   }
   * }
   * const pairs = sc.range(5).keyBy((x) => x);
   * await pairs.partitionBy(new Halves()).keys().glom().collect(); // [[0, 1, 2], [3, 4]]
   */
  abstract getPartition(key: unknown): number;

  /**
   * Whether the other one puts every key where this one does: RDDs with equal partitioners are joined
   * without a shuffle. Identity unless overridden.
   *
   * @example
   * new HashPartitioner(2).equals(new HashPartitioner(3)); // false
   */
  equals(other: unknown): boolean {
    return this === other;
  }
}
