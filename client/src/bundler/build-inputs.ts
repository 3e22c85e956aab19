import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { packageRoot } from './package-bundle.js';

/** Everything that a build depends on, as it was. */
export interface InputRecord {
  /** Content hash of every file of the user, and of what configures the build; empty for absent ones. */
  readonly contents: Readonly<Record<string, string>>;
  /** Size and time of change of files of packages, of lock files, of `node_modules` folders. */
  readonly stamps: Readonly<Record<string, string>>;
  /** Hash of the names of modules and folders beside the user's: a new one may be meant by an import. */
  readonly listings: Readonly<Record<string, string>>;
}

/** Files that went into a build. */
export interface InputFiles {
  readonly own: readonly string[];
  readonly packages: readonly string[];
  /** What is imported from its own folder at run time. */
  readonly externals: readonly string[];
}

/** Written by package managers whenever what is installed changes. */
const LOCK_FILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'node_modules',
  'node_modules/.package-lock.json',
  'node_modules/.yarn-state.yml',
  'node_modules/.modules.yaml',
];

/** Describes the inputs of a build, and tells whether they still are what they were. */
export const BuildInputs = {
  /** @returns the record, and when the newest of the files was changed, ms since the epoch */
  async describe(files: InputFiles): Promise<{ record: InputRecord; newestMs: number }> {
    const folders = new Set(files.own.map((file) => dirname(file)));
    const around = new Set<string>();
    for (const folder of folders) for (const one of ancestors(folder)) around.add(one);
    const configuration = await configurationFiles([...around]);
    const packages = new Set([...files.packages, ...files.externals]);
    for (const file of [...packages]) {
      const root = packageRoot(file);
      if (root !== '') packages.add(join(root, 'package.json'));
    }
    for (const folder of around) for (const name of LOCK_FILES) packages.add(join(folder, name));
    const [contents, stamps, listings, times] = await Promise.all([
      describeEach([...files.own, ...configuration], hashFile),
      describeEach([...packages], stampFile),
      describeEach([...folders], listFolder),
      Promise.all([...files.own, ...files.packages].map(changedMs)),
    ]);
    return { record: { contents, stamps, listings }, newestMs: Math.max(0, ...times) };
  },

  async areCurrent({ contents, stamps, listings }: InputRecord): Promise<boolean> {
    const checks = await Promise.all([
      areAs(stamps, stampFile),
      areAs(listings, listFolder),
      areAs(contents, hashFile),
    ]);
    return checks.every(Boolean);
  },

  isRecord(value: unknown): value is InputRecord {
    if (typeof value !== 'object' || value === null) return false;
    return ['contents', 'stamps', 'listings'].every((part) => {
      const record: unknown = Reflect.get(value, part);
      return (
        typeof record === 'object' &&
        record !== null &&
        Object.values(record).every((one) => typeof one === 'string')
      );
    });
  },
};

function ancestors(folder: string): string[] {
  const found = [folder];
  for (let at = folder; at !== dirname(at); at = dirname(at)) found.push(dirname(at));
  return found;
}

/** Files that change how the program is built, whether they exist or not. */
async function configurationFiles(folders: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const folder of folders) {
    found.add(join(folder, 'package.json'));
    await addTypeScriptConfiguration(join(folder, 'tsconfig.json'), found);
  }
  return [...found];
}

/** A configuration may build on others beside it; those of packages are covered by lock files. */
async function addTypeScriptConfiguration(file: string, found: Set<string>): Promise<void> {
  if (found.has(file)) return;
  found.add(file);
  const text = await readFile(file, 'utf8').catch(() => '');
  const base = /"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(text)?.[1] ?? '';
  for (const [, path] of base.matchAll(/"(\.{1,2}\/[^"]*|\/[^"]*)"/g)) {
    const named = resolve(dirname(file), path!);
    await addTypeScriptConfiguration(named.endsWith('.json') ? named : `${named}.json`, found);
  }
}

async function describeEach(
  files: readonly string[],
  describe: (file: string) => Promise<string>,
): Promise<Record<string, string>> {
  const entries = files.map(async (file) => [file, await describe(file)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function areAs(
  record: Readonly<Record<string, string>>,
  describe: (file: string) => Promise<string>,
): Promise<boolean> {
  const checks = Object.entries(record).map(async ([file, was]) => (await describe(file)) === was);
  return (await Promise.all(checks)).every(Boolean);
}

function shortHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

/** Hash of a file's content; empty when there is no file. */
async function hashFile(file: string): Promise<string> {
  return await readFile(file).then(shortHash, () => '');
}

/** Size and time of change of a file or folder; empty when there is none. */
export async function stampFile(file: string): Promise<string> {
  return await stat(file).then(
    ({ size, mtimeMs, ino }) => `${size} ${mtimeMs} ${ino}`,
    () => '',
  );
}

async function listFolder(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter(({ name }) => !name.startsWith('.'))
    .filter((entry) => entry.isDirectory() || /\.(?:[cm]?[jt]sx?|json)$/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  return shortHash(JSON.stringify(names));
}

async function changedMs(file: string): Promise<number> {
  return await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
}
