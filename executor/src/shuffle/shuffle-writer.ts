import type { MapOutputStatus } from 'heddle/internal';

/** The map side of a shuffle, for one task attempt. Synchronous. */
export interface ShuffleWriter {
  /** A record of a keyed shuffle. Throws what the user's functions throw. */
  add(key: unknown, value: unknown): void;
  /** A record of a shuffle without keys (`repartition`). */
  addRecord(record: unknown): void;
  /** Publishes the map output. Throws `StorageFullError`. */
  finish(): MapOutputStatus;
  /** Drops everything; idempotent. */
  abort(): void;
}
