import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { PROGRAM_FORMAT } from 'heddle/internal';

import type { BuiltProgram } from './bundle-program.js';

const MANIFEST = 'manifest.json';
/** Builds of one program that are kept. */
const MAX_BUILDS = 4;

interface Manifest {
  readonly program: Omit<BuiltProgram, 'driverFile' | 'driverUrl' | 'taskFile' | 'sources'>;
  /** Content hash of every file of the user. */
  readonly files: Readonly<Record<string, string>>;
}

/** Built programs by content: a folder for each, with the hashes of the files that went in. */
export class BuildCache {
  readonly #folder: string | undefined;
  #fresh: string | undefined;

  constructor(directory: string | undefined, request: object) {
    if (directory === undefined) return;
    const key = createHash('sha256')
      .update(JSON.stringify([PROGRAM_FORMAT, process.version, request]))
      .digest('hex')
      .slice(0, 24);
    this.#folder = join(directory, key);
  }

  /** A build whose every input still has the same content. */
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
    this.#fresh = join(this.#folder, randomBytes(8).toString('hex'));
    await mkdir(this.#fresh, { recursive: true });
    return this.#fresh;
  }

  /** Makes what was built in `newDirectory` findable. */
  async keep(program: BuiltProgram): Promise<BuiltProgram | undefined> {
    if (this.#folder === undefined || this.#fresh === undefined) return undefined;
    const files: Record<string, string> = {};
    for (const input of program.inputs) files[input] = await hashFile(input);
    const { tableHash, hash, warnings, externals, inputs } = program;
    const manifest: Manifest = { program: { tableHash, hash, warnings, externals, inputs }, files };
    const temporary = join(this.#fresh, `${MANIFEST}.new`);
    await writeFile(temporary, JSON.stringify(manifest));
    await rename(temporary, join(this.#fresh, MANIFEST));
    await this.#dropOld();
    return program;
  }

  async #dropOld(): Promise<void> {
    const names = await readdir(this.#folder!);
    if (names.length <= MAX_BUILDS) return;
    for (const name of names) {
      const folder = join(this.#folder!, name);
      if (folder === this.#fresh) continue;
      const manifest = await readManifest(folder);
      if (manifest === undefined || !(await isCurrent(manifest))) {
        await rm(folder, { recursive: true, force: true });
      }
    }
  }
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
    if ((await hashFile(file).catch(() => '')) !== hash) return false;
  }
  return true;
}

async function hashFile(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
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
