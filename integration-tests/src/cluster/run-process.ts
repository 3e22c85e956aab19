import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * The environment of this process, for daemons and tools of the cluster. They are who they run as: a
 * `HADOOP_USER_NAME` that somebody has set for other clusters would make a stranger of them.
 */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, HADOOP_USER_NAME: undefined };
}

/** How a process ended and what it said. */
export interface ProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 * @throws Error when it cannot be started or does not end within the bound
 */
export async function runProcess(
  argv: readonly [string, ...string[]],
  options: {
    environment?: Readonly<Record<string, string>>;
    timeoutMs: number;
    input?: string;
    directory?: string;
  },
): Promise<ProcessResult> {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    env: { ...ownEnvironment(), ...options.environment },
    cwd: options.directory,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => chunks.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.stderr.push(chunk));
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  deadline.addEventListener('abort', kill);
  // A program that does not read its input may end before it has been written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    const stdout = Buffer.concat(chunks.stdout).toString();
    const stderr = Buffer.concat(chunks.stderr).toString();
    if (deadline.aborted) {
      throw new Error(
        `${program} did not end within ${options.timeoutMs} ms: ${stderr.slice(-2000)}`,
      );
    }
    return { code: code ?? -1, stdout, stderr };
  } finally {
    deadline.removeEventListener('abort', kill);
  }
}
