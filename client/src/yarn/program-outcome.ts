import type { ProgramOutcome } from '@heddle/am';
import { describeThrown } from '@heddle/common';
import type { ProgramEnd } from '../command/program-process.js';

/** How a program's end is told to YARN. */
export function outcomeOf(end: ProgramEnd): ProgramOutcome {
  const { exitCode, signal, error } = end;
  if (signal !== undefined) {
    return { status: 'killed', exitCode, diagnostics: `the driver was ended by ${signal}` };
  }
  if (exitCode === 0) return { status: 'succeeded', exitCode, diagnostics: '' };
  const why =
    error === undefined
      ? `the driver ended with exit code ${exitCode}`
      : `the program failed: ${describeThrown(error.thrown, 4_000)}`;
  return { status: 'failed', exitCode, diagnostics: why };
}
