import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { PROGRAM_FORMAT } from 'heddle/internal';

import type { BuiltProgram } from './bundle-program.js';

const MANIFEST = 'manifest.json';
/** Builds of one program that are kept, however old. */
const MAX_BUILDS = 4;
/** A build younger than this may be in use by a running application, or be in the making. */
const MIN_AGE_MS = 24 * 3_600_000;

interface Manifest {
  readonly program: Omit<BuiltProgram, 'driverFile' | 'driverUrl' | 'taskFile' | 'sources'>;
  /** Content hash of every file of the user, and of what configures the build; empty for absent ones. */
  readonly files: Readonly<Record<string, string>>;
  /** Size and time of change of every file of a package. */
  readonly packageFiles: Readonly<Record<string, string>>;
}

/** A program that was just built, with everything that it was made from. */
export interface FreshBuild {
  readonly program: BuiltProgram;
  readonly packageFiles: readonly string[];
  readonly startedMs: number;
}

/**
 * Built programs by content: a folder for each, with the hashes of the files that went in. A cache
 * that cannot be written only costs time.
 */
export class BuildCache {
  readonly #entry: string;
  readonly #folder: string | undefined;
  #fresh: string | undefined;

  constructor(directory: string | undefined, request: { readonly entry: string }) {
    this.#entry = request.entry;
    if (directory === undefined) return;
    const key = createHash('sha256')
      .update(JSON.stringify([PROGRAM_FORMAT, process.version, request]))
      .digest('hex')
      .slice(0, 24);
    this.#folder = join(directory, key);
  }

  /** A build whose every input still is what it was. */
  async find(): Promise<BuiltProgram | undefined> {
    if (this.#folder === undefined) return undefined;
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const folder = join(this.#folder, name);
      const manifest = await readManifest(folder);
      if (manifest !== undefined && (await isCurrent(manifest))) return located(manifest, folder);
    }
    return undefined;
  }

  /** A folder to build in; undefined without a cache. */
  async newDirectory(): Promise<string | undefined> {
    if (this.#folder === undefined) return undefined;
    const fresh = join(this.#folder, randomBytes(8).toString('hex'));
    try {
      await mkdir(fresh, { recursive: true });
    } catch {
      return undefined;
    }
    this.#fresh = fresh;
    return fresh;
  }

  /** Makes what was built in `newDirectory` findable, unless a file changed meanwhile. */
  async keep(build: FreshBuild): Promise<void> {
    if (this.#folder === undefined || this.#fresh === undefined) return;
    const { tableHash, hash, warnings, externals, inputs } = build.program;
    const own = [...inputs, ...configurationFiles(this.#entry)];
    const all = [...inputs, ...build.packageFiles];
    const times = await Promise.all(all.map(async (file) => (await stat(file)).mtimeMs));
    if (times.some((timeMs) => timeMs >= build.startedMs)) return;
    const manifest: Manifest = {
      program: { tableHash, hash, warnings, externals, inputs },
      files: await describeFiles(own, hashFile),
      packageFiles: await describeFiles(build.packageFiles, stampFile),
    };
    const temporary = join(this.#fresh, `${MANIFEST}.new`);
    await writeFile(temporary, JSON.stringify(manifest));
    await rename(temporary, join(this.#fresh, MANIFEST));
    await this.#dropOld();
  }

  async #dropOld(): Promise<void> {
    const folders = (await readdir(this.#folder!)).map((name) => join(this.#folder!, name));
    if (folders.length <= MAX_BUILDS) return;
    for (const folder of folders) {
      const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Infinity }));
      if (Date.now() - mtimeMs > MIN_AGE_MS) await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Files beside and above the program that change how it is built, whether they exist or not. */
function configurationFiles(entry: string): string[] {
  const files: string[] = [];
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    files.push(join(folder, 'package.json'), join(folder, 'tsconfig.json'));
    if (folder === dirname(folder)) return files;
  }
}

async function describeFiles(
  files: readonly string[],
  describe: (file: string) => Promise<string>,
): Promise<Record<string, string>> {
  const entries = files.map(async (file) => [file, await describe(file)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest;
  } catch {
    // Being built by somebody else, or cut off: not there for us.
    return undefined;
  }
}

async function isCurrent(manifest: Manifest): Promise<boolean> {
  for (const [file, hash] of Object.entries(manifest.files)) {
    if ((await hashFile(file)) !== hash) return false;
  }
  const stamps = await describeFiles(Object.keys(manifest.packageFiles), stampFile);
  return Object.entries(manifest.packageFiles).every(([file, stamp]) => stamps[file] === stamp);
}

/** Hash of a file's content; empty when there is no file. */
async function hashFile(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  } catch {
    return '';
  }
}

async function stampFile(file: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return '';
  }
}

function located(manifest: Manifest, folder: string): BuiltProgram {
  const driverFile = join(folder, 'driver.mjs');
  return {
    ...manifest.program,
    driverFile,
    driverUrl: pathToFileURL(driverFile).href,
    taskFile: join(folder, 'task.mjs'),
    sources: join(folder, 'sources.json'),
  };
}
