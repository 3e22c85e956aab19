import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';

import { PROGRAM_FORMAT, type ImportMetadata, type SourcesFile } from 'heddle/internal';

import { ProgramBuildError } from './build-error.js';
import { BuildCache, placesIn, type CacheRequest, type FreshBuild } from './build-cache.js';
import { flattenProgram, type FlatProgram } from './flatten.js';
import { rewriteImports, type ImportRewrite } from './imports-rewrite.js';
import { bundlePackages, type PackageBundles } from './package-bundle.js';
import { analyzeProgram } from './pass/analyze.js';
import { writeDriverCopy } from './pass/driver-copy.js';
import { lexicalDeclarations } from './pass/lexical.js';
import { describeProgram } from './pass/metadata.js';
import { restoreNames } from './pass/names.js';
import type { ProgramModel } from './pass/program-model.js';
import type { SourceWriter } from './pass/source-writer.js';
import { writeCheckedTaskCopy } from './pass/task-copy.js';
import { driverHeader, taskFileText } from './program-files.js';
import { FlatPositions } from './flat-positions.js';
import { checkTypes } from './type-check.js';

/** What `bundleProgram` is given. */
export interface BundleOptions {
  /** The program's first file, TypeScript or JavaScript. */
  readonly entry: string;
  /** Packages that are not bundled, but imported from the program's folder at run time. */
  readonly external?: readonly string[] | undefined;
  /** Where the files are written. @default a new folder below the system's temporary one */
  readonly workDirectory?: string | undefined;
  /**
   * Folder of built programs, made for this user alone; a program whose modules, packages and
   * configuration did not change is taken from it. @default none
   */
  readonly cacheDirectory?: string | undefined;
  /** Checks types with the program's own TypeScript. @default false */
  readonly check?: boolean | undefined;
  /** What `import 'heddle'` means in the driver. @default this engine */
  readonly engineUrl?: string | undefined;
  /** What `import 'heddle'` means in task threads. @default the same */
  readonly engineTaskUrl?: string | undefined;
}

/** A program made ready to run. */
export interface BuiltProgram {
  /** The driver's copy; importing it runs the program. */
  readonly driverFile: string;
  readonly driverUrl: string;
  /** The task threads' copy, for `TaskProgram.load`. */
  readonly taskFile: string;
  /** Of the program's code: driver and task threads must agree on it. */
  readonly tableHash: string;
  /** The same as `tableHash`. */
  readonly hash: string;
  /** What translates positions to the user's files. */
  readonly sources: string;
  readonly warnings: readonly string[];
  /** Packages that are imported from their own folders, with these. */
  readonly externals: readonly { readonly specifier: string; readonly path: string }[];
  /** The user's own files. */
  readonly inputs: readonly string[];
  /** It was taken from the folder of built programs. */
  readonly isCached: boolean;
}

/**
 * Builds a program: all of its modules in one file for the driver, and a copy for task threads from
 * which any of its functions can be made without running the program.
 *
 * @throws ProgramBuildError with file, line and text: syntax errors, missing modules, what tasks cannot have
 */
export async function bundleProgram(options: BundleOptions): Promise<BuiltProgram> {
  const entry = resolve(options.entry);
  const engineUrl = options.engineUrl ?? import.meta.resolve('heddle');
  const request = {
    entry,
    external: options.external ?? [],
    engineUrl,
    engineTaskUrl: options.engineTaskUrl ?? engineUrl,
  };
  if (options.check === true) checkTypes(entry);
  const workDirectory = options.workDirectory ?? (await mkdtemp(join(tmpdir(), 'heddle-program-')));
  await mkdir(workDirectory, { recursive: true });
  const cache = new BuildCache(options.cacheDirectory, request);
  const cached = await cache.find(workDirectory);
  if (cached !== undefined) return cached;
  const fresh = await build(request, workDirectory);
  await cache.keep(fresh);
  return fresh.program;
}

async function build(request: CacheRequest, workDirectory: string): Promise<FreshBuild> {
  const startedMs = Date.now();
  const flat = await flattenProgram(request);
  const positions = new FlatPositions(flat.text, flat.map);
  const { model, problems } = analyzeProgram(flat.text, flat.imports);
  if (problems.length > 0) {
    throw new ProgramBuildError(
      problems.map(({ text, at }) => ({ text, ...(positions.sourceOf(at) ?? NOWHERE) })),
    );
  }
  restoreNames(model, positions);
  const rewrite = rewriteImports(model, flat.imports);
  const packages = await bundlePackages({
    imports: flat.imports.entries,
    workDirectory,
    engineUrl: request.engineUrl,
    engineTaskUrl: request.engineTaskUrl,
    nodeInterop: await usesNodeInterop(request.entry),
  });
  const parts = { flat, model, rewrite, packages, positions };
  const program = await writeProgram(request, workDirectory, parts);
  return { program, packageFiles: packages.inputs, startedMs };
}

const NOWHERE = { file: '', line: 0, column: 0 };

interface Parts {
  readonly flat: FlatProgram;
  readonly model: ProgramModel;
  readonly rewrite: ImportRewrite;
  readonly packages: PackageBundles;
  readonly positions: FlatPositions;
}

async function writeProgram(
  request: CacheRequest,
  workDirectory: string,
  parts: Parts,
): Promise<BuiltProgram> {
  const { flat, model, rewrite, packages, positions } = parts;
  const places = placesIn(workDirectory);
  const { driverFile, taskFile, sources } = places;
  const imports: ImportMetadata[] = flat.imports.entries.map(({ specifier, kind }) => ({
    specifier,
    kind,
  }));
  const hash = hashOf(flat, imports);
  const task = writeCheckedTaskCopy(model, rewrite.taskEdits(model.prefix));
  const metadata = JSON.stringify(describeProgram(model, hash, imports));
  const driver = writeDriverCopy(model, {
    header: driverHeader({
      model,
      metadata,
      engineUrl: request.engineUrl,
      imports: flat.imports.entries,
      packagesFile: packages.driverFile,
      metaUrls: flat.metaUrls,
      rewrite,
    }),
    importEdits: rewrite.driverEdits,
    lexicalDeclarations: lexicalDeclarations(model, positions),
  });
  const sourcesFile: SourcesFile = {
    version: 1,
    map: flat.map,
    flat: lineStarts(flat.text),
    driver: generatedText(driver),
    task: generatedText(task),
  };
  await Promise.all([
    writeFile(driverFile, driver.toString()),
    writeFile(
      taskFile,
      taskFileText({
        metadata,
        script: task.toString(),
        engineTaskUrl: request.engineTaskUrl,
        imports: flat.imports.entries,
        packagesFile: packages.taskFile,
      }),
    ),
    writeFile(sources, JSON.stringify(sourcesFile)),
  ]);
  return {
    ...places,
    tableHash: hash,
    hash,
    isCached: false,
    warnings: [...flat.warnings, ...packages.warnings],
    externals: flat.imports.entries
      .filter(({ kind }) => kind === 'external')
      .map(({ specifier, path }) => ({ specifier, path })),
    inputs: flat.inputs,
  };
}

function hashOf(flat: FlatProgram, imports: readonly ImportMetadata[]): string {
  return createHash('sha256')
    .update(`heddle program ${PROGRAM_FORMAT}\n`)
    .update(JSON.stringify(imports))
    .update(flat.text)
    .digest('hex')
    .slice(0, 32);
}

function generatedText(writer: SourceWriter): SourcesFile['driver'] {
  return { lines: lineStarts(writer.toString()), segments: writer.segments };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Node's way of importing CommonJS holds where Node itself takes the file as a module. */
async function usesNodeInterop(entry: string): Promise<boolean> {
  if (['.mjs', '.mts'].includes(extname(entry))) return true;
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    try {
      const text = await readFile(join(folder, 'package.json'), 'utf8');
      return (JSON.parse(text) as { type?: string }).type === 'module';
    } catch (error) {
      if (!(error instanceof Error) || folder === dirname(folder)) return false;
    }
  }
}

/** Removes what `bundleProgram` wrote into a temporary folder of its own. */
export async function removeBuiltProgram(program: BuiltProgram): Promise<void> {
  await rm(dirname(program.driverFile), { recursive: true, force: true });
}
