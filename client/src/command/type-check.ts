import { createRequire } from 'node:module';
import { dirname, relative } from 'node:path';
import type TypeScript from 'typescript';

/** Outcome of checking the types of a program. */
export type TypeCheckResult =
  | { readonly kind: 'passed' }
  /** One line for each error: `app.ts:3:7 - error TS2322: …`. */
  | { readonly kind: 'failed'; readonly errors: readonly string[] }
  | { readonly kind: 'noCompiler'; readonly reason: string };

/**
 * Checks the types of a program and of the files that it imports with the TypeScript compiler of the
 * program's own project, under the options of its nearest `tsconfig.json`. Nothing is written.
 */
export function checkTypes(entry: string): TypeCheckResult {
  let ts: typeof TypeScript;
  try {
    ts = createRequire(entry)('typescript') as typeof TypeScript;
  } catch {
    return {
      kind: 'noCompiler',
      reason: `--check needs the TypeScript compiler in the program's project: run 'npm install --save-dev typescript' in ${dirname(entry)}`,
    };
  }
  const { options, errors } = compilerOptions(ts, entry);
  const program = ts.createProgram({
    rootNames: [entry],
    options,
    configFileParsingDiagnostics: errors,
  });
  const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(program)].filter(
    (diagnostic) => diagnostic.category === ts.DiagnosticCategory.Error,
  );
  if (diagnostics.length === 0) return { kind: 'passed' };
  return { kind: 'failed', errors: diagnostics.map((diagnostic) => describe(ts, diagnostic)) };
}

function compilerOptions(
  ts: typeof TypeScript,
  entry: string,
): { options: TypeScript.CompilerOptions; errors: readonly TypeScript.Diagnostic[] } {
  const configFile = ts.findConfigFile(dirname(entry), (file) => ts.sys.fileExists(file));
  const always: TypeScript.CompilerOptions = {
    noEmit: true,
    composite: false,
    incremental: false,
    skipLibCheck: true,
    allowJs: true,
  };
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
  // `include` may match no file; only the program itself is checked, so that does not matter.
  const errors = [...(read.error === undefined ? [] : [read.error]), ...parsed.errors].filter(
    (diagnostic) => diagnostic.code !== 18003,
  );
  const options = { ...parsed.options };
  for (const name of ['tsBuildInfoFile', 'rootDir', 'outDir', 'declarationDir'] as const) {
    Reflect.deleteProperty(options, name);
  }
  Object.assign(options, { declaration: false, declarationMap: false });
  return { options, errors };
}

function describe(ts: typeof TypeScript, diagnostic: TypeScript.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  const message = `error TS${diagnostic.code}: ${text}`;
  if (diagnostic.file === undefined || diagnostic.start === undefined) return message;
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
  const file = relative(process.cwd(), diagnostic.file.fileName);
  return `${file}:${line + 1}:${character + 1} - ${message}`;
}
