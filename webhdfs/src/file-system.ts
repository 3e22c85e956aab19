/** What is known of a path. */
export interface FileStatus {
  /** Absolute path in its file system, without scheme and authority; taken literally. */
  readonly path: string;
  /** `other`: a pipe, a device, a socket, or a link that leads nowhere. Links are followed. */
  readonly kind: 'file' | 'directory' | 'other';
  /** 0 for everything that is not a file. */
  readonly sizeBytes: number;
  /** Preferred size of a split of this file. */
  readonly blockSizeBytes: number;
  readonly modifiedMs: number;
  /** Permission bits (`0o644`). */
  readonly mode: number;
  /** Stays with the file when it is renamed; unique in its file system. */
  readonly fileId: string;
}

/** Where some bytes of a file are. */
export interface BlockLocation {
  readonly offset: number;
  readonly length: number;
  /** Hosts with a replica, best first; empty when the file system has no notion of hosts. */
  readonly hosts: readonly string[];
}

/** An open file. Reads may overlap; results do not depend on their order. */
export interface FileReader {
  /**
   * Reads at `offset` into `into` (also over shared memory) and resolves to the number of bytes
   * read: `into.length`, or less at the end of the file, 0 behind it.
   */
  read(offset: number, into: Uint8Array): Promise<number>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Bytes of a file that will probably be read, in order; a hint for reading ahead, not a limit. */
export interface ReadRange {
  readonly start: number;
  /** The byte behind the last one. */
  readonly end: number;
}

/** A file being written. One call at a time. */
export interface FileWriter {
  /** Resolves when the writer takes more: awaiting it is the back-pressure. `bytes` may be reused then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when all bytes are handed to the file system for good; the file is complete, and as long as it should be. */
  close(): Promise<void>;
  /** Gives up and removes the file; idempotent, also after a failure. */
  abort(): Promise<void>;
}

export interface CreateOptions {
  /** Without it an existing path is a `FileExistsError`. @default false */
  readonly overwrite?: boolean;
  /** Permission bits of the new file. @default 0o644, less the process's umask */
  readonly mode?: number;
  /** Size of the file's blocks; for file systems that have any. @default the server's */
  readonly blockSizeBytes?: number;
  /** Copies of each block; for file systems that keep several. @default the server's */
  readonly replication?: number;
}

/** How a rename treats an existing destination. */
export interface RenameOptions {
  /** Replace a file, or an empty directory; never a directory with something in it. @default false */
  readonly overwrite?: boolean;
}

/** Times of a file; those left out stay. */
export interface FileTimes {
  /** Milliseconds since the epoch. */
  readonly modifiedMs?: number;
  /** Milliseconds since the epoch. */
  readonly accessedMs?: number;
}

/** What stands below a path, itself included. */
export interface ContentSummary {
  readonly files: number;
  readonly directories: number;
  /** Bytes of all files, each counted once. */
  readonly sizeBytes: number;
}

/**
 * A file system as the engine uses it. Paths are absolute, without scheme, and taken literally: no
 * globs, no percent-decoding. Failures are `FileNotFoundError`, `FileExistsError`,
 * `AccessDeniedError`, `StorageFullError`, else `FileSystemError`; remote ones also fail with the
 * classes of `hdfs/errors.ts`. Follows the parts of Hadoop's
 * `org.apache.hadoop.fs.FileSystem` (3.4) that inputs, outputs and staging need.
 */
export interface FileSystem {
  /** `file`, `hdfs`, `webhdfs`. */
  readonly scheme: string;
  /** The full name of a path, such as `file:///data/a.txt`; `FileSystemRegistry.resolve` undoes it. */
  uri(path: string): string;
  /** @throws FileNotFoundError */
  status(path: string): Promise<FileStatus>;
  /** Names in a directory, sorted by code unit, without looking at them. @throws FileNotFoundError */
  listNames(directory: string): Promise<string[]>;
  /** What stands in a directory, sorted by name; what vanishes meanwhile is left out. @throws FileNotFoundError */
  list(directory: string): Promise<FileStatus[]>;
  /** @throws FileNotFoundError */
  openRead(path: string, range?: ReadRange): Promise<FileReader>;
  /** Creates a file in an existing directory. @throws FileExistsError, StorageFullError */
  create(path: string, options?: CreateOptions): Promise<FileWriter>;
  /** Writes on at the end of an existing file. `abort` leaves what was written. @throws FileNotFoundError */
  append(path: string): Promise<FileWriter>;
  /** Makes the directory and those above it; fine when it exists. @throws FileExistsError when a file is in the way */
  makeDirectories(path: string, mode?: number): Promise<void>;
  /**
   * Gives a file or directory another name, in one step. The destination must not exist (without
   * `overwrite` it is never replaced, and it is never moved *into*) and its parent must.
   * @throws FileNotFoundError, FileExistsError
   */
  rename(source: string, destination: string, options?: RenameOptions): Promise<void>;
  /** Deletes a path with everything below it; resolves to whether it was there. Links are not followed. */
  delete(path: string): Promise<boolean>;
  /** Where the bytes of a range are, in order of offset; an unknown place has no hosts. */
  blockLocations(path: string, offset: number, length: number): Promise<BlockLocation[]>;
  setPermission(path: string, mode: number): Promise<void>;
  /** @throws FileNotFoundError */
  setTimes(path: string, times: FileTimes): Promise<void>;
  /** Sums up everything at and below a path. @throws FileNotFoundError */
  contentSummary(path: string): Promise<ContentSummary>;
  /** Makes the bytes of a file, or the entries of a directory, survive a crash of the machine. */
  sync(path: string): Promise<void>;
}
