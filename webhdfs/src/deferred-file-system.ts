import type {
  BlockLocation,
  ContentSummary,
  CreateOptions,
  FileReader,
  FileStatus,
  FileSystem,
  FileTimes,
  FileWriter,
  ReadRange,
  RenameOptions,
} from './file-system.js';

/**
 * A file system that is opened by the first call, so that programs without Hadoop load nothing of it.
 * Every call fails with what opening it failed with; the next call tries again.
 */
export class DeferredFileSystem implements FileSystem {
  readonly scheme: string;
  readonly #authority: string;
  readonly #open: () => Promise<FileSystem>;
  #opened: Promise<FileSystem> | undefined;

  /** @param authority may be empty: the file system knows what that means */
  constructor(scheme: string, authority: string, open: () => Promise<FileSystem>) {
    this.scheme = scheme;
    this.#authority = authority;
    this.#open = open;
  }

  uri(path: string): string {
    return `${this.scheme}://${this.#authority}${path}`;
  }

  async status(path: string): Promise<FileStatus> {
    return (await this.#get()).status(path);
  }

  async listNames(directory: string): Promise<string[]> {
    return (await this.#get()).listNames(directory);
  }

  async list(directory: string): Promise<FileStatus[]> {
    return (await this.#get()).list(directory);
  }

  async openRead(path: string, range?: ReadRange): Promise<FileReader> {
    return (await this.#get()).openRead(path, range);
  }

  async create(path: string, options?: CreateOptions): Promise<FileWriter> {
    return (await this.#get()).create(path, options);
  }

  async append(path: string): Promise<FileWriter> {
    return (await this.#get()).append(path);
  }

  async makeDirectories(path: string, mode?: number): Promise<void> {
    await (await this.#get()).makeDirectories(path, mode);
  }

  async rename(source: string, destination: string, options?: RenameOptions): Promise<void> {
    await (await this.#get()).rename(source, destination, options);
  }

  async delete(path: string): Promise<boolean> {
    return (await this.#get()).delete(path);
  }

  async blockLocations(path: string, offset: number, length: number): Promise<BlockLocation[]> {
    return (await this.#get()).blockLocations(path, offset, length);
  }

  async setPermission(path: string, mode: number): Promise<void> {
    await (await this.#get()).setPermission(path, mode);
  }

  async setTimes(path: string, times: FileTimes): Promise<void> {
    await (await this.#get()).setTimes(path, times);
  }

  async contentSummary(path: string): Promise<ContentSummary> {
    return (await this.#get()).contentSummary(path);
  }

  async sync(path: string): Promise<void> {
    await (await this.#get()).sync(path);
  }

  #get(): Promise<FileSystem> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }
}
