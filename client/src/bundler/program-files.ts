import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

import { openProgramKey, PROGRAM_FORMAT } from 'heddle/internal';

import { engineSource, type ProgramImport } from './import-table.js';
import type { ImportRewrite } from './imports-rewrite.js';
import type { ProgramModel } from './pass/program-model.js';
import { IMPORT_META_NAME } from './pass/units.js';

export interface DriverHeaderOptions {
  readonly model: ProgramModel;
  /** Program metadata as JSON. */
  readonly metadata: string;
  readonly engineUrl: string;
  readonly imports: readonly ProgramImport[];
  readonly packagesFile: string;
  readonly metaUrls: readonly string[];
  readonly rewrite: ImportRewrite;
}

/** The first line of a driver copy: imports, and what registers the program with the engine. */
export function driverHeader(options: DriverHeaderOptions): string {
  const { model, imports, rewrite } = options;
  const p = model.prefix;
  const packages = `./${basename(options.packagesFile)}`;
  const sourceOf = (index: number): string => {
    const { kind, specifier, path } = imports[index]!;
    if (kind === 'package') return packages;
    if (kind === 'engine') return engineSource(specifier, options.engineUrl);
    if (kind === 'node') return specifier;
    return path === '' ? specifier : pathToFileURL(path).href;
  };
  const dynamic = imports
    .filter((one) => one.isDynamic)
    .map(({ index, kind }) => {
      const load =
        kind === 'package'
          ? `${p}packages.i${index}_dynamic()`
          : `import(${JSON.stringify(sourceOf(index))})`;
      return `${index}:()=>${load}`;
    });
  const required = imports
    .filter((one) => one.isRequired)
    .map(({ index, kind }) => {
      const load =
        kind === 'package'
          ? `${p}packages.i${index}_required()`
          : `process.getBuiltinModule(${JSON.stringify(sourceOf(index))})`;
      return `${index}:()=>${load}`;
    });
  const needsPackages = imports.some(
    (one) => one.kind === 'package' && (one.isDynamic || one.isRequired),
  );
  // Asked when the copy runs: it may have been built in another folder.
  const files = '{driverFile:import.meta.filename,sourcesFile:import.meta.dirname+"/sources.json"}';
  return [
    `import${JSON.stringify(options.engineUrl)};`,
    needsPackages ? `import*as ${p}packages from${JSON.stringify(packages)};` : '',
    rewrite.driverImports(sourceOf),
    `const ${p}open=globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(openProgramKey))})](${PROGRAM_FORMAT},${JSON.stringify(options.metadata)},${files}),`,
    ...['f', 'c', 'o', 'm', 's', 'k', 'P', 'Q'].map((name) => `${p}${name}=${p}open.${name},`),
    `${p}d=i=>({${dynamic.join(',')}})[i](),${p}q=i=>({${required.join(',')}})[i]();`,
    `let ${p}raw=false;${p}open.raw(v=>{${p}raw=v});`,
    ...[...rewrite.bindings].map(([index, locals]) => {
      const entries = locals.map(
        ({ exportName, local }) => `get ${JSON.stringify(exportName)}(){return ${local}}`,
      );
      return `${p}open.imports(${index},()=>({${entries.join(',')}}));`;
    }),
    ...options.metaUrls.map(
      (url, i) => `const ${IMPORT_META_NAME}${i}=${p}open.meta(${JSON.stringify(url)});`,
    ),
  ].join('');
}

export interface TaskFileOptions {
  readonly metadata: string;
  readonly script: string;
  readonly engineTaskUrl: string;
  readonly imports: readonly ProgramImport[];
  readonly packagesFile: string;
}

/** The module that a task thread loads. Packages are evaluated when a function that uses them is made. */
export function taskFileText(options: TaskFileOptions): string {
  const statements: string[] = [];
  const namespaces: string[] = [];
  const required: string[] = [];
  for (const { index, kind, specifier, path, isRequired } of options.imports) {
    switch (kind) {
      case 'engine':
        statements.push(
          `import*as e${index} from${JSON.stringify(engineSource(specifier, options.engineTaskUrl))};`,
        );
        namespaces.push(`${index}:()=>({...e${index},"*":e${index}})`);
        break;
      case 'external': {
        const source = path === '' ? specifier : pathToFileURL(path).href;
        statements.push(`import*as e${index} from${JSON.stringify(source)};`);
        namespaces.push(`${index}:()=>({...e${index},"*":e${index}})`);
        break;
      }
      case 'node':
        namespaces.push(`${index}:()=>builtin(${JSON.stringify(specifier)})`);
        if (isRequired)
          required.push(`${index}:()=>process.getBuiltinModule(${JSON.stringify(specifier)})`);
        break;
      case 'package':
        namespaces.push(`${index}:packages.i${index}`);
        if (isRequired) required.push(`${index}:packages.i${index}_required`);
    }
  }
  const sideEffects = options.imports
    .filter((one) => one.isSideEffect && one.names.size === 0 && one.kind !== 'engine')
    .map((one) => one.index);
  return [
    `import*as packages from${JSON.stringify(`./${basename(options.packagesFile)}`)};`,
    ...statements,
    'const builtin=name=>{const module=process.getBuiltinModule(name);const whole={...module,default:module};return{...whole,"*":whole}};',
    `export default{format:${PROGRAM_FORMAT},metadata:${JSON.stringify(options.metadata)},`,
    `script:${JSON.stringify(options.script)},imports:{${namespaces.join(',')}},`,
    `required:{${required.join(',')}},sideEffects:${JSON.stringify(sideEffects)}};\n`,
  ].join('\n');
}
