import { describeThrown } from '@heddle/common';

/** An error of a program, ready for people and for machines. */
export interface ErrorReport {
  /** Stable code of engine errors, else the name of the class. */
  readonly code: string;
  readonly message: string;
  /** Where in the user's own files the error came from. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** What a person reads on stderr. */
  readonly text: string;
}

const maxMessageLength = 4_000;
const maxCauses = 8;

/** What to look at next, for errors whose message does not say it. */
const hints: Readonly<Record<string, string>> = {
  JOB_FAILED: 'each attempt is shown with --conf heddle.log.level=info',
  LAUNCHER_MISSING: 'run the program with: npx heddle submit app.ts',
};

/** Stack frames that are no lines of the user's program: Node's, JavaScript's and the engine's own. */
const foreignFrame =
  /\(?(node:|internal\/|heddle:)|\/heddle-engine-[^/]+\/|\/client\/dist\/bundle\/|\/(?:am|common|core|hadoop-conf|hadoop-rpc|scheduler|executor|client|webhdfs)\/dist\/src\/|^\s*at (?:async )?(?:new )?Promise\b|\(<anonymous>\)$/;

/**
 * How an error that ended a program is told: the error at the bottom (mostly the user's own) with
 * its place first, then the failed job and what is above it, then what to do next.
 */
export function reportError(thrown: unknown): ErrorReport {
  const chain = causeChain(thrown);
  const root = chain.at(-1);
  const [file, line] = placeOf(root) ?? firstPlace(chain) ?? [];
  const code = codeOf(thrown);
  // These list their places themselves, each problem with its own.
  if (code === 'PROGRAM_BUILD') {
    const text = `heddle: the program cannot be built:\n${(thrown as Error).message}`;
    return { code, message: (thrown as Error).message, file, line, text };
  }
  const lines: string[] = [];
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `;
  lines.push(`heddle: ${place}${describeThrown(root, maxMessageLength)}`);
  lines.push(...userFrames(root));
  for (const error of chain.slice(0, -1).reverse()) {
    lines.push(`  which ended: ${describeThrown(error, maxMessageLength)}`);
  }
  const hint = hints[code];
  if (hint !== undefined) lines.push(`  next: ${hint}`);
  return {
    code,
    message: describeThrown(thrown, maxMessageLength),
    file,
    line,
    text: lines.join('\n'),
  };
}

function causeChain(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [thrown];
  let current = thrown;
  while (current instanceof Error && current.cause !== undefined && chain.length < maxCauses) {
    current = current.cause;
    if (chain.includes(current)) break;
    chain.push(current);
  }
  return chain;
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'THROWN_VALUE';
  const { code } = thrown as { code?: unknown };
  return typeof code === 'string' ? code : thrown.name;
}

type Place = readonly [file: string, line: number | undefined];

/** Errors of the engine carry their place; others have it in their stack. */
function placeOf(thrown: unknown): Place | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { file, line } = thrown as { file?: unknown; line?: unknown };
  if (typeof file === 'string') return [file, typeof line === 'number' ? line : undefined];
  for (const frame of userFrames(thrown)) {
    const match = /\(?((?:file:\/\/)?[^\s()]+):(\d+):\d+\)?$/.exec(frame);
    if (match !== null) return [match[1]!.replace(/^file:\/\//, ''), Number(match[2])];
  }
  return undefined;
}

function firstPlace(chain: readonly unknown[]): Place | undefined {
  for (const error of chain) {
    const place = placeOf(error);
    if (place !== undefined) return place;
  }
  return undefined;
}

function userFrames(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error)) return [];
  let stack: unknown;
  try {
    stack = thrown.stack;
  } catch {
    return [];
  }
  if (typeof stack !== 'string') return [];
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !foreignFrame.test(line))
    .slice(0, 12);
}
