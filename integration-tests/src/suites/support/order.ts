import type { RDD } from 'heddle';

/** Records in an order that does not depend on partitions: by their JSON text. */
export async function collectSorted<T>(rdd: RDD<T>): Promise<T[]> {
  return sorted(await rdd.collect());
}

/** The same of an array. */
export function sorted<T>(records: readonly T[]): T[] {
  const keyed = records.map((record) => ({ record, text: textOf(record) }));
  keyed.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  return keyed.map(({ record }) => record);
}

/** The records of each partition, by index. */
export function partitionsOf<T>(rdd: RDD<T>): Promise<T[][]> {
  return rdd.glom().collect();
}

function textOf(record: unknown): string {
  // Of undefined there is no JSON.
  const text: unknown = JSON.stringify(record);
  return typeof text === 'string' ? text : 'undefined';
}
