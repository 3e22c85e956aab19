import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import type { StagedResource } from '@heddle/am';
import type { Logger } from '@heddle/common';
import { FileExistsError, FileNotFoundError, type FileSystem } from '@heddle/webhdfs';
import type { RuntimeArchive } from './runtime-archives.js';
import { StagingError } from './yarn-errors.js';

/** Where bytes for a staged file come from. */
export type StagedContent =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string };

/** Brings files to the cluster's file system and describes them to YARN. */
export class Staging {
  readonly #fileSystem: FileSystem;
  readonly #logger: Logger;

  constructor(fileSystem: FileSystem, logger: Logger) {
    this.#fileSystem = fileSystem;
    this.#logger = logger;
  }

  /**
   * An archive that all applications share, uploaded unless it is there; under its content's hash, so
   * that what is there is right. Readable by everybody, so that each node fetches it once for all.
   *
   * @param directory made when it is missing
   * @param mayUpload resolves when uploads are allowed
   */
  async share(
    archive: RuntimeArchive,
    directory: string,
    link: string,
    mayUpload: Promise<unknown> = Promise.resolve(),
  ): Promise<StagedResource> {
    const path = `${directory}/${archive.name}`;
    const there = await this.#statusOf(path);
    if (there === undefined || there.sizeBytes !== archive.sizeBytes) {
      await mayUpload;
      if (there !== undefined) await this.#fileSystem.delete(path);
      await this.#upload(archive, directory, path);
    }
    return this.describe(path, link, 'archive', await this.#visibilityOf(path));
  }

  /** Makes a private directory. What is missing above it is made open: others may stand there too. */
  async makePrivateDirectory(path: string): Promise<void> {
    await this.#fileSystem.makeDirectories(dirname(path), 0o755);
    await this.#fileSystem.makeDirectories(path, 0o700);
    // A directory of that name may have stood there, and parents keep what they had.
    await this.#fileSystem.setPermission(path, 0o700);
  }

  /** Puts a file into a private directory, readable by its owner only. */
  async put(path: string, content: StagedContent): Promise<void> {
    await this.#write(path, content, 0o600);
  }

  /** @throws FileNotFoundError */
  async describe(
    path: string,
    link: string,
    type: StagedResource['type'],
    visibility: StagedResource['visibility'],
  ): Promise<StagedResource> {
    const { sizeBytes, modifiedMs } = await this.#fileSystem.status(path);
    return { link, uri: this.#fileSystem.uri(path), sizeBytes, modifiedMs, type, visibility };
  }

  async remove(path: string): Promise<void> {
    await this.#fileSystem.delete(path);
  }

  async #upload(archive: RuntimeArchive, directory: string, path: string): Promise<void> {
    this.#logger.info('uploading', { from: archive.file, to: this.#fileSystem.uri(path) });
    await this.#fileSystem.makeDirectories(directory, 0o755);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.uploading`;
    try {
      await this.#write(temporary, { kind: 'file', path: archive.file }, 0o644);
      await this.#fileSystem.rename(temporary, path);
    } catch (error) {
      await this.#fileSystem.delete(temporary).catch(() => false);
      // Another submission was faster.
      if (!(error instanceof FileExistsError)) throw error;
    }
  }

  async #write(path: string, content: StagedContent, mode: number): Promise<void> {
    const writer = await this.#fileSystem.create(path, { mode });
    try {
      if (content.kind === 'bytes') await writer.write(content.bytes);
      else {
        for await (const chunk of createReadStream(content.path, { highWaterMark: 2 ** 20 })) {
          await writer.write(chunk as Buffer);
        }
      }
      await writer.close();
    } catch (error) {
      await writer.abort().catch(() => undefined);
      throw error;
    }
    // Some file systems apply a mask of their own to the mode of a new file.
    await this.#fileSystem.setPermission(path, mode);
  }

  async #statusOf(path: string): Promise<{ readonly sizeBytes: number } | undefined> {
    try {
      return await this.#fileSystem.status(path);
    } catch (error) {
      if (error instanceof FileNotFoundError) return undefined;
      throw error;
    }
  }

  /** Public files are fetched by the NodeManager's own user, who must reach them (`ClientDistributedCacheManager`). */
  async #visibilityOf(path: string): Promise<'public' | 'private'> {
    const folders: string[] = [];
    for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) folders.push(folder);
    const modes = await Promise.all(
      folders.map(async (folder) => (await this.#fileSystem.status(folder)).mode),
    );
    return modes.every((mode) => (mode & 0o001) !== 0) ? 'public' : 'private';
  }
}

/** The content of a local file that is to be staged. @throws StagingError when there is none */
export async function localFile(path: string): Promise<StagedContent> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new StagingError(`there is no file ${path} to be staged`);
  if (found.isDirectory()) {
    throw new StagingError(
      `${path} is a directory: pack it (zip or tar.gz) and give it with --archives, which unpacks it on each node`,
    );
  }
  return found.size < 2 ** 20
    ? { kind: 'bytes', bytes: await readFile(path) }
    : { kind: 'file', path };
}
