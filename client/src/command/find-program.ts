import { realpath, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { HeddleError } from '@heddle/common';

/** File name endings of programs. */
const programExtensions = new Set(['.ts', '.mts', '.tsx', '.js', '.mjs', '.jsx']);

/** Whether a word has the ending of a program's file. */
export function isProgramName(word: string): boolean {
  return !word.startsWith('-') && programExtensions.has(extname(word));
}

/** A submission that was refused before the program began; its message is complete. */
export class SubmissionError extends HeddleError {
  readonly code = 'SUBMISSION';
}

/**
 * The absolute path of a program's first file.
 *
 * @throws SubmissionError when it is missing or no module
 */
export async function findProgram(app: string): Promise<string> {
  const entry = resolve(app);
  const found = await stat(entry).catch(() => undefined);
  if (found === undefined) {
    throw new SubmissionError(`there is no program ${app} (looked for ${entry})`);
  }
  if (!found.isFile()) {
    throw new SubmissionError(`${app} is not a file; name the program's first file`);
  }
  if (!programExtensions.has(extname(entry))) {
    const hint = /\.c[jt]s$/.test(entry) ? ': CommonJS is not supported, use ES modules' : '';
    throw new SubmissionError(
      `${basename(entry)} is no TypeScript or JavaScript module (.ts .mts .tsx .js .mjs .jsx)${hint}`,
    );
  }
  return realpath(entry);
}
