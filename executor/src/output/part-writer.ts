/** A part file being written by a task thread: synchronous. */
export interface PartWriter {
  /** `bytes` may be reused when it returns. @throws StorageFullError */
  write(bytes: Uint8Array): void;
  /** Completes the file; returns its size in bytes, compressed if it is. @throws StorageFullError */
  close(): number;
  /** Removes the file; idempotent, also after a failure or an interrupted `close`; never throws. */
  abort(): void;
}
