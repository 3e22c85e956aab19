import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { PROGRAM_FORMAT } from 'heddle/internal';

import { BuildInputs, stampFile, type InputRecord } from './build-inputs.js';
import type { BuiltProgram } from './bundle-program.js';
import { dropStaleBuilds, listBuilds } from './cache-eviction.js';
import { MANIFEST, UNFINISHED } from './cache-names.js';

const PROGRAM_FILES = [
  'driver.mjs',
  'task.mjs',
  'sources.json',
  'packages-driver.mjs',
  'packages-task.mjs',
] as const;

interface Manifest {
  readonly program: Omit<
    BuiltProgram,
    'driverFile' | 'driverUrl' | 'taskFile' | 'sources' | 'isCached'
  >;
  /** SHA-256 of each file of the build. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly inputs: InputRecord;
}

/** A program that was just built, with everything that it was made from. */
export interface FreshBuild {
  readonly program: BuiltProgram;
  readonly packageFiles: readonly string[];
  readonly startedMs: number;
}

/** What a program is asked for with; another request is another build. */
export interface CacheRequest {
  readonly entry: string;
  readonly external: readonly string[];
  readonly engineUrl: string;
  readonly engineTaskUrl: string;
}

/**
 * Built programs by everything that goes into them: a folder for each request, in it one for each
 * state of the inputs. What is found is linked into the caller's own folder and verified there, so
 * that nobody's clearing up or damage reaches a program that runs. Several processes may use one
 * cache: a build appears by one rename. A cache that cannot be used only costs time.
 */
export class BuildCache {
  readonly #directory: string | undefined;
  readonly #request: CacheRequest;
  #folder: string | undefined;

  constructor(directory: string | undefined, request: CacheRequest) {
    this.#directory = directory;
    this.#request = request;
  }

  /** Puts a build whose every input still is what it was into `workDirectory`. */
  async find(workDirectory: string): Promise<BuiltProgram | undefined> {
    if (this.#directory === undefined || !(await isPrivate(this.#directory))) return undefined;
    this.#folder = join(this.#directory, await keyOf(this.#request));
    for (const { folder, manifest } of await keptBuilds<Manifest>(this.#folder)) {
      if (!isManifest(manifest)) await rm(folder, { recursive: true, force: true });
      else if (await BuildInputs.areCurrent(manifest.inputs)) {
        const program = await this.#take(folder, manifest, workDirectory);
        if (program !== undefined) return program;
      }
    }
    return undefined;
  }

  async #take(
    folder: string,
    { program, outputs }: Manifest,
    workDirectory: string,
  ): Promise<BuiltProgram | undefined> {
    try {
      for (const name of PROGRAM_FILES) {
        await linkOrCopy(join(folder, name), join(workDirectory, name));
        if ((await hashFile(join(workDirectory, name))) !== outputs[name]) {
          throw new Error(`${name} is not what was built`);
        }
      }
      const now = new Date();
      await utimes(join(folder, MANIFEST), now, now);
      return { ...program, ...placesIn(workDirectory), isCached: true };
    } catch {
      // Damaged, or being cleared away by another process: built again.
      await Promise.all(
        PROGRAM_FILES.map((name) => rm(join(workDirectory, name), { force: true })),
      );
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      return undefined;
    }
  }

  /** Makes a build findable, unless a file changed meanwhile. */
  async keep(build: FreshBuild): Promise<void> {
    const folder = this.#folder;
    if (folder === undefined) return;
    const fresh = join(folder, UNFINISHED + randomBytes(8).toString('hex'));
    try {
      const { tableHash, hash, warnings, externals, inputs } = build.program;
      const described = await BuildInputs.describe({
        own: inputs,
        packages: build.packageFiles,
        externals: externals.map(({ path }) => path).filter((path) => path !== ''),
      });
      if (described.newestMs >= build.startedMs) return;
      await mkdir(fresh, { recursive: true, mode: 0o700 });
      const outputs: Record<string, string> = {};
      const built = build.program.driverFile.slice(0, -basename(build.program.driverFile).length);
      for (const name of PROGRAM_FILES) {
        await copyFile(join(built, name), join(fresh, name));
        outputs[name] = await hashFile(join(fresh, name));
      }
      const manifest: Manifest = {
        program: { tableHash, hash, warnings, externals, inputs },
        outputs,
        inputs: described.record,
      };
      await writeFile(join(fresh, MANIFEST), JSON.stringify(manifest), { mode: 0o600 });
      await rename(fresh, fresh.replace(UNFINISHED, ''));
      await dropStaleBuilds(this.#directory!);
    } catch {
      // No room, no right to write, or another process clearing up: the program runs without.
      await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

/** Builds in the folder of one request, the one that was used last first. */
async function keptBuilds<T>(
  folder: string,
): Promise<{ folder: string; manifest: T | undefined }[]> {
  const builds = await listBuilds(folder);
  return await Promise.all(
    builds.map(async (build) => ({
      folder: build.folder,
      manifest: await readJson<T>(join(build.folder, MANIFEST)),
    })),
  );
}

async function readJson<T>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Whether what was read has the shape of a manifest: anything may stand in a damaged file. */
function isManifest(value: Manifest | undefined): value is Manifest {
  const isRecord = (one: unknown): one is Record<string, unknown> =>
    typeof one === 'object' && one !== null;
  return (
    isRecord(value) &&
    isRecord(value.program) &&
    typeof value.program.hash === 'string' &&
    typeof value.program.tableHash === 'string' &&
    [value.program.warnings, value.program.externals, value.program.inputs].every(Array.isArray) &&
    isRecord(value.outputs) &&
    BuildInputs.isRecord(value.inputs)
  );
}

/**
 * Makes the cache's folder, for its user alone. One that others may write to is not used: whoever
 * writes there would choose what this user runs.
 */
async function isPrivate(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const found = await stat(directory);
    if (found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) return false;
    if ((found.mode & 0o077) !== 0) await chmod(directory, 0o700);
    return true;
  } catch {
    return false;
  }
}

/** Names a request, and the engine that builds for it. */
async function keyOf(request: CacheRequest): Promise<string> {
  const engine = await Promise.all(
    [import.meta.url, request.engineUrl, request.engineTaskUrl].map(async (url) =>
      url.startsWith('file:') ? await stampFile(fileURLToPath(url)) : url,
    ),
  );
  const parts = [PROGRAM_FORMAT, process.version, request, engine];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  // Another file system has no links to here.
  await link(from, to).catch(() => copyFile(from, to));
}

async function hashFile(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

/** Where the files of a program are, in the folder that it was built in. */
export function placesIn(
  workDirectory: string,
): Pick<BuiltProgram, 'driverFile' | 'driverUrl' | 'taskFile' | 'sources'> {
  const driverFile = join(workDirectory, 'driver.mjs');
  return {
    driverFile,
    driverUrl: pathToFileURL(driverFile).href,
    taskFile: join(workDirectory, 'task.mjs'),
    sources: join(workDirectory, 'sources.json'),
  };
}
