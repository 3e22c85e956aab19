import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ConfigError } from '@heddle/common';

import { ProgramBuildError, type BuildProblem } from './build-error.js';

const MAX_OUTPUT_BYTES = 16 * 1_024 * 1_024;

/**
 * Checks the program's types with the TypeScript that its own folder has, under its own tsconfig.
 *
 * @throws ProgramBuildError with every type error
 * @throws ConfigError when the program's folder has no TypeScript
 */
export async function checkTypes(entry: string): Promise<void> {
  const compiler = findCompiler(entry);
  const folder = dirname(entry);
  const output = await new Promise<string>((resolve) => {
    const args = [compiler, '--noEmit', '--pretty', 'false', ...programArguments(entry)];
    execFile(
      process.execPath,
      args,
      { cwd: folder, maxBuffer: MAX_OUTPUT_BYTES },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
  const problems = parseProblems(output, folder);
  if (problems.length > 0) throw new ProgramBuildError(problems);
}

function programArguments(entry: string): string[] {
  return [
    '--ignoreConfig',
    '--target',
    'esnext',
    '--module',
    'nodenext',
    '--moduleResolution',
    'nodenext',
    '--strict',
    '--skipLibCheck',
    '--allowImportingTsExtensions',
    '--allowJs',
    entry,
  ];
}

function findCompiler(entry: string): string {
  try {
    return createRequire(pathToFileURL(entry)).resolve('typescript/bin/tsc');
  } catch (error) {
    throw new ConfigError(
      'check',
      `checking types needs TypeScript in the program's own folder: npm install --save-dev typescript in ${dirname(entry)}`,
      { cause: error },
    );
  }
}

const PROBLEM = /^(.+?)\((\d+),(\d+)\): error (TS\d+: .*)$/;

function parseProblems(output: string, folder: string): BuildProblem[] {
  const problems: BuildProblem[] = [];
  for (const line of output.split('\n')) {
    const found = PROBLEM.exec(line);
    if (found !== null) {
      const [, file, at, column, text] = found as unknown as [
        string,
        string,
        string,
        string,
        string,
      ];
      problems.push({
        file: new URL(file, `${pathToFileURL(folder).href}/`).pathname,
        line: Number(at),
        column: Number(column),
        text,
      });
    } else if (line.startsWith('error TS')) {
      problems.push({ file: '', line: 0, column: 0, text: line });
    }
  }
  return problems;
}
