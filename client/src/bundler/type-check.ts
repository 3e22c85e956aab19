import { createRequire } from 'node:module';
import { dirname } from 'node:path';

import { ConfigError } from '@heddle/common';
import type TypeScript from 'typescript';

import { ProgramBuildError, type BuildProblem } from './build-error.js';

/**
 * Checks the types of a program and of the files that it imports with the TypeScript compiler of the
 * program's own project, under the options of its nearest `tsconfig.json`; without one under strict
 * options for Node's modules. Nothing is written.
 *
 * @throws ProgramBuildError with every type error
 * @throws ConfigError when the project has no TypeScript
 */
export function checkTypes(entry: string): void {
  const ts = loadCompiler(entry);
  const { options, errors } = compilerOptions(ts, entry);
  const program = ts.createProgram({
    rootNames: [entry],
    options,
    configFileParsingDiagnostics: errors,
  });
  const problems = [...errors, ...ts.getPreEmitDiagnostics(program)]
    .filter((diagnostic) => diagnostic.category === ts.DiagnosticCategory.Error)
    .map((diagnostic) => toProblem(ts, diagnostic));
  if (problems.length > 0) throw new ProgramBuildError(problems);
}

function loadCompiler(entry: string): typeof TypeScript {
  try {
    return createRequire(entry)('typescript') as typeof TypeScript;
  } catch (error) {
    throw new ConfigError(
      '--check',
      "checking types needs the TypeScript compiler in the program's project: " +
        `run 'npm install --save-dev typescript' in ${dirname(entry)}`,
      { cause: error },
    );
  }
}

interface CompilerOptions {
  readonly options: TypeScript.CompilerOptions;
  readonly errors: readonly TypeScript.Diagnostic[];
}

/** "No inputs were found": only the program itself is checked, whatever `include` matches. */
const noInputsCode = 18003;

function compilerOptions(ts: typeof TypeScript, entry: string): CompilerOptions {
  const always: TypeScript.CompilerOptions = {
    noEmit: true,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    skipLibCheck: true,
    allowJs: true,
    allowImportingTsExtensions: true,
  };
  const configFile = ts.findConfigFile(dirname(entry), (file) => ts.sys.fileExists(file));
  if (configFile === undefined) {
    const options: TypeScript.CompilerOptions = {
      ...always,
      strict: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    };
    return { options, errors: [] };
  }
  const read = ts.readConfigFile(configFile, (file) => ts.sys.readFile(file));
  const parsed = ts.parseJsonConfigFileContent(read.config, ts.sys, dirname(configFile), always);
  const options = { ...parsed.options };
  for (const name of ['tsBuildInfoFile', 'rootDir', 'outDir', 'declarationDir'] as const) {
    Reflect.deleteProperty(options, name);
  }
  const errors = [...(read.error === undefined ? [] : [read.error]), ...parsed.errors];
  return { options, errors: errors.filter(({ code }) => code !== noInputsCode) };
}

function toProblem(ts: typeof TypeScript, diagnostic: TypeScript.Diagnostic): BuildProblem {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  const text = `TS${diagnostic.code}: ${message}`;
  if (diagnostic.file === undefined || diagnostic.start === undefined) {
    return { text, file: '', line: 0, column: 0 };
  }
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
  return { text, file: diagnostic.file.fileName, line: line + 1, column: character + 1 };
}
