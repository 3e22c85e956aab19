import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ArgumentError } from '@heddle/common';
import {
  FileNotFoundError,
  InputNotFoundError,
  type FileSystem,
  type ResolvedPath,
} from '@heddle/webhdfs';
import type { FilesPlace, LaunchedApplication } from '../context/launcher.js';
import { FileChangedError } from '../errors/index.js';
import type { ApplicationFile, FileEntry } from '../plan/index.js';
import { copyTree, listTree } from './copy-tree.js';
import { isArchiveName, unpackArchive } from './unpack/unpack-archive.js';

interface AddedFile extends ApplicationFile {
  /** URI that it was added from. */
  readonly source: string;
}

/**
 * The files of an application on the driver: copies what programs add into the directory that
 * `HeddleFiles` looks into, and tells stages where their executors get it.
 */
export class ApplicationFiles {
  readonly #application: LaunchedApplication;
  readonly #added = new Map<string, AddedFile>();
  /** Additions run one after another: names are taken in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #forExecutors: readonly ApplicationFile[] = [];

  constructor(application: LaunchedApplication) {
    this.#application = application;
  }

  /** What executors have to fetch; empty where they look into the driver's own directory. */
  get forExecutors(): readonly ApplicationFile[] {
    return this.#forExecutors;
  }

  /** URIs that were added, of these kinds. */
  list(...kinds: readonly ApplicationFile['kind'][]): string[] {
    return [...this.#added.values()]
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ source }) => source);
  }

  /** Takes over what the launcher has put into the directory (`--files`). */
  async adoptGiven(): Promise<void> {
    const place = this.#application.files;
    if (place === undefined || place.executors === 'here') return;
    if (place.executorsHaveGiven === true) return;
    const names = await readdir(place.directory).catch(() => []);
    for (const name of names.sort()) {
      const path = join(place.directory, name);
      const local = this.#local();
      const entries = await listTree(local, path);
      const kind = (await stat(path)).isDirectory() ? 'directory' : 'file';
      await this.#register(place, { name, kind, entries, source: local.uri(path) });
    }
  }

  /** @throws InputNotFoundError, ArgumentError, FileChangedError */
  async addFile(path: string, recursive: boolean): Promise<void> {
    await this.#inTurn(async () => {
      const { fileSystem, path: absolute } = this.#resolve(path);
      const status = await statusOf(fileSystem, absolute, path);
      if (status.kind === 'directory' && !recursive) {
        throw new ArgumentError(`addFile: ${path} is a directory; add it with { recursive: true }`);
      }
      const kind = status.kind === 'directory' ? 'directory' : 'file';
      const from = { fileSystem, path: absolute };
      await this.#add('addFile', nameOf(absolute, 'addFile'), kind, from);
    });
  }

  /** @throws InputNotFoundError, ArgumentError, FileChangedError, ArchiveError */
  async addArchive(given: string): Promise<void> {
    await this.#inTurn(async () => {
      const cut = given.lastIndexOf('#');
      const path = cut < 0 ? given : given.slice(0, cut);
      const { fileSystem, path: absolute } = this.#resolve(path);
      const status = await statusOf(fileSystem, absolute, path);
      const name = cut < 0 ? nameOf(absolute, 'addArchive') : given.slice(cut + 1);
      checkName(name, 'addArchive');
      if (status.kind === 'directory' || !isArchiveName(absolute)) {
        throw new ArgumentError(
          `addArchive: ${path} is none of .zip, .jar, .tar, .tar.gz and .tgz`,
        );
      }
      await this.#add('addArchive', name, 'archive', { fileSystem, path: absolute });
    });
  }

  /** Unlike inputs, files without a scheme are the driver's own, whatever the default file system is. */
  #resolve(path: string): ResolvedPath {
    const { fileSystems } = this.#application;
    return hasScheme(path)
      ? fileSystems.resolve(path)
      : { ...fileSystems.resolve('file:///'), path: resolve(path) };
  }

  async #inTurn(add: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(add);
    this.#last = turn.catch(() => undefined);
    await turn;
  }

  async #add(
    operator: string,
    name: string,
    kind: ApplicationFile['kind'],
    from: { fileSystem: FileSystem; path: string },
  ): Promise<void> {
    const place = this.#application.files;
    if (place === undefined) {
      throw new ArgumentError(`${operator}: this master has no place for files of the application`);
    }
    await mkdir(place.directory, { recursive: true, mode: 0o700 });
    const source = from.fileSystem.uri(from.path);
    // Beside its place under another name, so that nobody ever sees a part of it.
    const temporary = join(dirname(place.directory), `.adding-${randomUUID()}`);
    const local = this.#local();
    try {
      const entries = await copyTree(from, { fileSystem: local, path: temporary });
      const before = this.#added.get(name);
      if (before !== undefined) {
        checkSame(name, source, before, { kind, entries });
        return;
      }
      const target = join(place.directory, name);
      if (kind === 'archive') {
        // Executors unpack it themselves: one file crosses, not thousands.
        const packed = join(
          dirname(place.directory),
          'archives',
          `${this.#added.size}-${basename(from.path)}`,
        );
        await mkdir(dirname(packed), { recursive: true, mode: 0o700 });
        await rename(temporary, packed);
        await unpackArchive(packed, target);
        await this.#register(place, { name, kind, entries, source }, packed);
      } else {
        await renameNew(name, source, temporary, target);
        await this.#register(place, { name, kind, entries, source });
      }
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** Brings it to where executors read it, and tells stages from now on. */
  async #register(
    place: FilesPlace,
    file: Omit<AddedFile, 'uri'>,
    packed = join(place.directory, file.name),
  ): Promise<void> {
    const local = this.#local();
    if (place.executors === 'here') {
      this.#added.set(file.name, { ...file, uri: local.uri(packed) });
      return;
    }
    const uri = await this.#publish(place.executors.folder, file, packed);
    const added = { ...file, uri };
    this.#added.set(file.name, added);
    const { name, kind, entries } = added;
    this.#forExecutors = [...this.#forExecutors, { name, kind, uri, entries }];
  }

  async #publish(folder: string, file: Omit<AddedFile, 'uri'>, packed: string): Promise<string> {
    const local = this.#local();
    const { fileSystem, path } = this.#application.fileSystems.resolve(folder);
    if (fileSystem.scheme === 'file') return local.uri(packed);
    // What all executors can read already needs no copy.
    if (!file.source.startsWith('file:')) return file.source;
    await fileSystem.makeDirectories(path, 0o700);
    const target = `${path}/${basename(packed)}`;
    await copyTree({ fileSystem: local, path: packed }, { fileSystem, path: target });
    return fileSystem.uri(target);
  }

  #local(): FileSystem {
    return this.#application.fileSystems.resolve('file:///').fileSystem;
  }
}

function hasScheme(path: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(path);
}

/** A name that is taken by something of the launcher's (`--files`) stays with it. */
async function renameNew(name: string, source: string, from: string, to: string): Promise<void> {
  const taken = await stat(to).then(
    () => true,
    () => false,
  );
  if (taken) throw new FileChangedError(name, source, 'that name is taken by a file of --files');
  await rename(from, to);
}

async function statusOf(
  fileSystem: FileSystem,
  path: string,
  given: string,
): Promise<{ kind: 'file' | 'directory' | 'other' }> {
  try {
    return await fileSystem.status(path);
  } catch (error) {
    if (error instanceof FileNotFoundError) {
      throw new InputNotFoundError(given, 'it does not exist', { cause: error });
    }
    throw error;
  }
}

function nameOf(path: string, operator: string): string {
  const name = basename(path);
  checkName(name, operator);
  return name;
}

/** Names are parts of paths on every executor. */
function checkName(name: string, operator: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
    throw new ArgumentError(`${operator}: '${name}' is no usable name of a file`);
  }
}

function checkSame(
  name: string,
  source: string,
  before: AddedFile,
  now: { kind: ApplicationFile['kind']; entries: readonly FileEntry[] },
): void {
  if (before.kind !== now.kind) {
    throw new FileChangedError(name, source, `that name belongs to a ${before.kind}`);
  }
  const changed = now.entries.find((entry, i) => before.entries[i]?.sha256 !== entry.sha256);
  if (changed !== undefined || now.entries.length !== before.entries.length) {
    throw new FileChangedError(
      name,
      source,
      `it has other contents than ${before.source} had when that was added`,
    );
  }
}
