import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Plugin } from 'esbuild';

import { ProgramBuildError } from './build-error.js';
import { NODE_MODULES, problemsOf } from './flatten.js';
import { engineSource, type ProgramImport } from './import-table.js';

export interface PackageBundles {
  /** What the driver imports: every used export under a name of its own. */
  readonly driverFile: string;
  /** What tasks import: namespaces behind functions, evaluated when first asked for. */
  readonly taskFile: string;
  readonly warnings: readonly string[];
  /** Files of packages that went in. */
  readonly inputs: readonly string[];
  /** Packages that could not be bundled, and are imported from their own folders. */
  readonly leftOut: readonly string[];
}

export interface PackageBundleOptions {
  readonly imports: readonly ProgramImport[];
  readonly workDirectory: string;
  /** What `heddle` means to packages, in the driver and in tasks: never another copy of the engine. */
  readonly engineUrl: string;
  readonly engineTaskUrl: string;
  /** Whether CommonJS packages are imported as Node does it, or as bundlers do. */
  readonly nodeInterop: boolean;
}

const BANNER =
  "import { createRequire as heddleCreateRequire } from 'node:module'; const require = heddleCreateRequire(import.meta.url);";

/**
 * Bundles the packages that the program imports: once so that the driver's imports work as ever, and
 * once so that a task thread evaluates only what its functions use.
 *
 * Packages with native addons, WebAssembly or files of their own are found and left out.
 */
export async function bundlePackages(options: PackageBundleOptions): Promise<PackageBundles> {
  const extension = options.nodeInterop ? 'mjs' : 'js';
  const driverEntry = join(options.workDirectory, `packages-driver-entry.${extension}`);
  const taskEntry = join(options.workDirectory, `packages-task-entry.${extension}`);
  const driverFile = join(options.workDirectory, 'packages-driver.mjs');
  const taskFile = join(options.workDirectory, 'packages-task.mjs');
  const packages = options.imports.filter((one) => one.kind === 'package');
  if (packages.length === 0) {
    // Nothing to bundle: two builds less on the way to the first job.
    await Promise.all([driverFile, taskFile].map((file) => writeFile(file, 'export {};\n')));
    return { driverFile, taskFile, warnings: [], inputs: [], leftOut: [] };
  }
  await Promise.all([
    writeFile(driverEntry, driverEntryText(packages)),
    writeFile(taskEntry, taskEntryText(packages, new Set())),
  ]);
  const leftOut = new Set<string>();
  let inputs: string[];
  for (;;) {
    const before = leftOut.size;
    const built = await Promise.all([
      build(driverEntry, driverFile, options.engineUrl, options.imports, leftOut),
      build(taskEntry, taskFile, options.engineTaskUrl, options.imports, leftOut),
    ]);
    inputs = [...new Set(built.flat())].filter((input) => NODE_MODULES.test(input));
    if (leftOut.size === before) break;
  }
  const awaiting = awaitingPackages(await readFile(taskFile, 'utf8'));
  if (awaiting.size > 0) {
    await writeFile(taskEntry, taskEntryText(packages, awaiting));
    await build(taskEntry, taskFile, options.engineTaskUrl, options.imports, leftOut);
  }
  return {
    driverFile,
    taskFile,
    warnings: [...leftOut].map(
      (root) =>
        `package ${packageName(root)} has native addons, WebAssembly or files of its own: it is not bundled but imported from ${root} (--external ${packageName(root)} says the same)`,
    ),
    inputs,
    leftOut: [...leftOut],
  };
}

/** Name under which the driver's package bundle exports an export. */
export function exportAlias(index: number, name: string): string {
  if (name === '*') return `i${index}_ns`;
  return `i${index}_x${/^[\w$]+$/.test(name) ? name : Buffer.from(name).toString('hex')}`;
}

function driverEntryText(packages: readonly ProgramImport[]): string {
  const lines: string[] = [];
  for (const { index, names, isSideEffect, isRequired, isDynamic } of packages) {
    const from = `'heddle-import:${index}'`;
    if (isSideEffect) lines.push(`import ${from};`);
    if (names.has('*')) lines.push(`export * as ${exportAlias(index, '*')} from ${from};`);
    for (const name of names) {
      if (name === '*') continue;
      lines.push(`export { ${JSON.stringify(name)} as ${exportAlias(index, name)} } from ${from};`);
    }
    if (isDynamic) lines.push(`export const i${index}_dynamic = () => import(${from});`);
    if (isRequired) lines.push(`export const i${index}_required = () => require(${from});`);
  }
  return lines.join('\n') + '\n';
}

/** @param awaiting packages with top-level await, which can only be evaluated at once */
function taskEntryText(packages: readonly ProgramImport[], awaiting: ReadonlySet<number>): string {
  return packages
    .map(
      ({ index, isRequired }) =>
        (awaiting.has(index)
          ? `import * as n${index} from 'heddle-names:${index}';\nexport const i${index} = () => n${index};\n`
          : `export const i${index} = () => require('heddle-names:${index}');\n`) +
        (isRequired
          ? `export const i${index}_required = () => require('heddle-import:${index}');\n`
          : ''),
    )
    .join('');
}

/** Packages whose evaluation esbuild had to make asynchronous. */
function awaitingPackages(text: string): Set<number> {
  const found = text.matchAll(/\basync "heddle-names:heddle-names:(\d+)"\(\)/g);
  return new Set([...found].map(([, index]) => Number(index)));
}

async function build(
  entry: string,
  outfile: string,
  engineUrl: string,
  imports: readonly ProgramImport[],
  leftOut: Set<string>,
): Promise<string[]> {
  const esbuild = await import('esbuild');
  try {
    const result = await esbuild.build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'esnext',
      charset: 'utf8',
      legalComments: 'none',
      keepNames: false,
      banner: { js: BANNER },
      metafile: true,
      logLevel: 'silent',
      plugins: [packageModules(engineUrl, imports, leftOut)],
    });
    const [output] = Object.values(result.metafile.outputs);
    if (output === undefined) return [];
    const inputs = Object.keys(output.inputs).map((input) => resolve(input));
    const text = readFileSync(outfile, 'utf8');
    if (
      /\b__dirname\b|\b__filename\b|\bimport\.meta\.(?:url|dirname|filename|resolve)\b/.test(
        text.slice(BANNER.length),
      )
    ) {
      findAssetPackages(inputs, leftOut);
    }
    return inputs;
  } catch (error) {
    if (leftOut.size > 0 && isAddonFailure(error)) return [];
    const problems = problemsOf(error, dirname(entry));
    if (problems === undefined) throw error;
    throw new ProgramBuildError(
      problems.map((problem) => ({ ...problem, text: nameImports(problem.text, imports) })),
    );
  }
}

function isAddonFailure(error: unknown): boolean {
  const problems = problemsOf(error, '/');
  return problems?.every((problem) => problem.text.includes('.node')) === true;
}

function nameImports(text: string, imports: readonly ProgramImport[]): string {
  return text.replace(
    /heddle-(?:import|names):(\d+)/g,
    (whole, index: string) => imports[Number(index)]?.specifier ?? whole,
  );
}

function packageModules(
  engineUrl: string,
  imports: readonly ProgramImport[],
  leftOut: Set<string>,
): Plugin {
  return {
    name: 'heddle-packages',
    setup(build) {
      const fromOwnFolder = (path: string, kind: string) => ({
        path:
          kind === 'require-call' || kind === 'require-resolve' ? path : pathToFileURL(path).href,
        external: true,
      });
      build.onResolve({ filter: /^heddle(?:\/|$)/ }, (args) => ({
        path: engineSource(args.path, engineUrl),
        external: true,
      }));
      build.onResolve({ filter: /^heddle-import:/ }, (args) => {
        const { path } = imports[Number(args.path.slice('heddle-import:'.length))]!;
        const root = packageRoot(path);
        if (isLeftOut(root, leftOut)) return fromOwnFolder(path, args.kind);
        return { path, sideEffects: true };
      });
      build.onResolve({ filter: /^heddle-names:/ }, (args) => ({
        path: args.path,
        namespace: 'heddle-names',
      }));
      build.onLoad({ filter: /.*/, namespace: 'heddle-names' }, (args) => {
        const index = Number(args.path.slice('heddle-names:'.length));
        return { contents: namesText(imports[index]!), loader: 'js', resolveDir: '/' };
      });
      build.onResolve({ filter: /\.node$/ }, (args) => {
        const root = packageRoot(args.importer);
        leftOut.add(root);
        return { path: args.path, external: true };
      });
      build.onResolve({ filter: /^[^.]/ }, async (args) => {
        if (leftOut.size === 0 || args.pluginData === 'heddle' || args.namespace !== 'file')
          return undefined;
        const resolved = await build.resolve(args.path, {
          kind: args.kind,
          importer: args.importer,
          resolveDir: args.resolveDir,
          pluginData: 'heddle',
        });
        if (resolved.errors.length > 0 || resolved.external) return undefined;
        return leftOut.has(packageRoot(resolved.path))
          ? fromOwnFolder(resolved.path, args.kind)
          : undefined;
      });
    },
  };
}

/** A module that imports only the names that the program uses, so that the rest can be dropped. */
function namesText({ index, names, isSideEffect, isDynamic }: ProgramImport): string {
  const from = `'heddle-import:${index}'`;
  const lines: string[] = [];
  if (isSideEffect) lines.push(`import ${from};`);
  if (names.has('*') || isDynamic) {
    lines.push(`import * as whole from ${from};`, 'export { whole as "*" };');
    lines.push(`export * from ${from};`);
  }
  for (const name of names) {
    if (name !== '*') lines.push(`export { ${JSON.stringify(name)} } from ${from};`);
  }
  return lines.join('\n');
}

function isLeftOut(root: string, leftOut: Set<string>): boolean {
  if (leftOut.has(root)) return true;
  if (!hasNativeCode(root)) return false;
  leftOut.add(root);
  return true;
}

/** Whether a package builds or carries compiled code. */
function hasNativeCode(root: string): boolean {
  if (existsSync(join(root, 'binding.gyp')) || existsSync(join(root, 'prebuilds'))) return true;
  try {
    return readdirSync(root).some((name) => name.endsWith('.node') || name.endsWith('.wasm'));
  } catch {
    return false;
  }
}

function findAssetPackages(inputs: readonly string[], leftOut: Set<string>): void {
  for (const input of inputs) {
    const root = packageRoot(input);
    if (root === '' || leftOut.has(root) || !existsSync(input)) continue;
    const text = readFileSync(input, 'utf8');
    if (
      /\b__dirname\b|\b__filename\b|\bimport\.meta\.(?:url|dirname|filename|resolve)\b/.test(text)
    ) {
      leftOut.add(root);
    }
  }
}

/** Folder of the package that a file belongs to; empty for files outside `node_modules`. */
export function packageRoot(path: string): string {
  const at = Math.max(path.lastIndexOf('/node_modules/'), path.lastIndexOf('\\node_modules\\'));
  if (at < 0) return '';
  const start = at + '/node_modules/'.length;
  const parts = path.slice(start).split(/[\\/]/);
  const name = parts[0]!.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
  return path.slice(0, start) + name;
}

function packageName(root: string): string {
  return root.slice(root.lastIndexOf('/node_modules/') + '/node_modules/'.length);
}
