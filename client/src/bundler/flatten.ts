import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { BuildFailure, Message, OnResolveArgs, Plugin, PluginBuild } from 'esbuild';

import { ProgramBuildError, type BuildProblem } from './build-error.js';
import { isNodeModule, ImportTable } from './import-table.js';
import { IMPORT_META_NAME } from './pass/units.js';

/** All of the user's own modules as one JavaScript text. */
export interface FlatProgram {
  readonly text: string;
  /** Source map as JSON; sources are absolute paths. */
  readonly map: string;
  readonly imports: ImportTable;
  /** Absolute paths of the user's files that went in. */
  readonly inputs: readonly string[];
  readonly warnings: readonly string[];
  /** URLs behind the names that stand for `import.meta`. */
  readonly metaUrls: readonly string[];
}

export interface FlattenOptions {
  readonly entry: string;
  /** Packages that are not bundled but imported at run time. */
  readonly external: readonly string[];
}

/** In the path of every file of a package. */
export const NODE_MODULES = /[\\/]node_modules[\\/]/;

/**
 * Bundles the user's own modules, and only these, into one text: types are gone, imports between
 * them resolved. Imports of packages, of Node and of `heddle` stay, under numbers.
 *
 * @throws ProgramBuildError on syntax errors and modules that cannot be found
 */
export async function flattenProgram(options: FlattenOptions): Promise<FlatProgram> {
  const esbuild = await import('esbuild');
  const imports = new ImportTable();
  const metaUrls: string[] = [];
  try {
    const result = await esbuild.build({
      entryPoints: [options.entry],
      absWorkingDir: dirname(options.entry),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'esnext',
      // Lowered, since they are not part of JavaScript yet; the class and its decorators stay one unit.
      supported: { decorators: false },
      outdir: dirname(options.entry),
      write: false,
      sourcemap: 'external',
      sourcesContent: true,
      charset: 'utf8',
      legalComments: 'none',
      metafile: true,
      logLevel: 'silent',
      plugins: [ownModules(options, imports, metaUrls)],
    });
    const text = result.outputFiles.find((file) => file.path.endsWith('.js'))!.text;
    const map = result.outputFiles.find((file) => file.path.endsWith('.map'))!.text;
    const root = dirname(options.entry);
    return {
      text,
      map: absoluteSources(map, root),
      imports,
      inputs: Object.keys(result.metafile.inputs)
        .filter((input) => !input.startsWith('<'))
        .map((input) => resolveInput(root, input)),
      warnings: result.warnings.map(describeMessage),
      metaUrls,
    };
  } catch (error) {
    const problems = problemsOf(error, dirname(options.entry));
    if (problems !== undefined) throw new ProgramBuildError(problems);
    throw error;
  }
}

const RESOLVED_HERE = { heddle: true };

/** Leaves everything that is not the user's own outside, and gives `import.meta` a name per module. */
function ownModules(options: FlattenOptions, imports: ImportTable, metaUrls: string[]): Plugin {
  return {
    name: 'heddle-own-modules',
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => resolveModule(build, args, options, imports));
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async (args) => {
        const source = await readFile(args.path, 'utf8');
        if (!source.includes('import.meta')) return undefined;
        const name = IMPORT_META_NAME + String(metaUrls.length);
        metaUrls.push(pathToFileURL(args.path).href);
        const extension = /\.[cm]?([jt]sx?)$/.exec(args.path)![1] as 'js' | 'ts' | 'jsx' | 'tsx';
        const { transform } = await import('esbuild');
        try {
          const { code } = await transform(source, {
            loader: extension,
            sourcefile: args.path,
            sourcemap: 'inline',
            target: 'esnext',
            define: { 'import.meta': name },
          });
          return { contents: code, loader: 'js' };
        } catch {
          // The same syntax error comes again, with its place, when esbuild reads the file itself.
          return undefined;
        }
      });
    },
  };
}

async function resolveModule(
  build: PluginBuild,
  args: OnResolveArgs,
  options: FlattenOptions,
  imports: ImportTable,
): Promise<{ path: string; external?: boolean; sideEffects?: boolean } | undefined> {
  if (args.pluginData === RESOLVED_HERE || args.kind === 'entry-point') return undefined;
  const { path: specifier } = args;
  const outside = (kind: 'node' | 'engine' | 'package' | 'external', path: string) => ({
    path: imports.placeholderFor(kind, specifier, path),
    external: true,
  });
  if (specifier === 'heddle' || specifier.startsWith('heddle/')) return outside('engine', '');
  if (isNodeModule(specifier)) return outside('node', '');
  const resolved = await build.resolve(specifier, {
    kind: args.kind,
    importer: args.importer,
    resolveDir: args.resolveDir,
    namespace: args.namespace,
    pluginData: RESOLVED_HERE,
  });
  const isExternal = options.external.some(
    (name) => specifier === name || specifier.startsWith(`${name}/`),
  );
  if (isExternal) {
    const path = resolved.errors.length > 0 ? '' : resolved.path;
    return outside('external', path);
  }
  if (resolved.errors.length > 0 || resolved.external) return undefined;
  if (NODE_MODULES.test(resolved.path)) return outside('package', resolved.path);
  return undefined;
}

function absoluteSources(map: string, root: string): string {
  const parsed = JSON.parse(map) as { sources: string[]; sourceRoot?: string };
  parsed.sources = parsed.sources.map((source) => resolveInput(root, source));
  return JSON.stringify(parsed);
}

function resolveInput(root: string, input: string): string {
  if (input.startsWith('/') || /^[a-z]+:/.test(input)) return input;
  return new URL(input, `${pathToFileURL(root).href}/`).pathname;
}

/** esbuild's messages as problems; undefined when the error is none of its own. */
export function problemsOf(error: unknown, root: string): BuildProblem[] | undefined {
  const errors = (error as Partial<BuildFailure>).errors;
  if (!Array.isArray(errors)) return undefined;
  return errors.map((message) => ({
    text: message.text,
    file: message.location === null ? '' : resolveInput(root, message.location.file),
    line: message.location?.line ?? 0,
    column: message.location === null ? 0 : message.location.column + 1,
  }));
}

export function describeMessage(message: Message): string {
  const { location, text } = message;
  return location === null
    ? text
    : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
