import { HeddleError } from '@heddle/common';

/** One thing that keeps a program from being built, where it stands in the user's source. */
export interface BuildProblem {
  readonly text: string;
  readonly file: string;
  /** From 1; 0 when the problem has no place. */
  readonly line: number;
  /** From 1; 0 when the problem has no place. */
  readonly column: number;
}

/** The program cannot be built: a syntax error, a missing module, or a construct that tasks cannot have. */
export class ProgramBuildError extends HeddleError {
  readonly code = 'PROGRAM_BUILD';
  readonly file: string;
  readonly line: number;

  constructor(
    readonly problems: readonly BuildProblem[],
    options?: ErrorOptions,
  ) {
    super(problems.map(describeProblem).join('\n'), options);
    this.file = problems[0]?.file ?? '';
    this.line = problems[0]?.line ?? 0;
  }
}

/** `app.ts:3:7: Expected ";" but found "x"`. */
export function describeProblem(problem: BuildProblem): string {
  const { file, line, column, text } = problem;
  if (file === '') return text;
  return line === 0 ? `${file}: ${text}` : `${file}:${line}:${column}: ${text}`;
}
