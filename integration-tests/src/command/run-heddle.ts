import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository. */
export const repositoryRoot = fileURLToPath(new URL('../../../../', import.meta.url));

/** The command, as npm links it. */
export const heddleCommand = join(repositoryRoot, 'client/bin/heddle.js');

/** How a run of the command ended, and what it wrote. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** With `--json`: the last line of stderr. */
  readonly report: Readonly<Record<string, unknown>> | undefined;
}

export interface RunOptions {
  /** @default the repository's root */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with everything that stdout holds so far, whenever there is more. */
  onOutput?(stdout: string, kill: (signal: NodeJS.Signals) => void): void;
  /** Called with everything that stderr holds so far, whenever there is more. */
  onErrorOutput?(stderr: string, kill: (signal: NodeJS.Signals) => void): void;
  /** Called with the id of the command's process as soon as it runs. */
  onStarted?(pid: number): void;
  /** After this long the command is killed: a test must not leave it behind. @default 60 s */
  readonly timeoutMs?: number;
  /** Node that runs the command. @default the one that runs the tests */
  readonly node?: string;
  /** Words before the command's own, for Node. */
  readonly nodeArguments?: readonly string[];
  /** What Node runs. @default the `heddle` command */
  readonly script?: string;
}

/** Runs `heddle <words>` in a process of its own. */
export async function runHeddle(
  words: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const child = spawn(
    options.node ?? process.execPath,
    [...(options.nodeArguments ?? []), options.script ?? heddleCommand, ...words],
    {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  if (child.pid !== undefined) options.onStarted?.(child.pid);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    options.onOutput?.(stdout, (signal) => child.kill(signal));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    options.onErrorOutput?.(stderr, (signal) => child.kill(signal));
  });
  const ended = Promise.withResolvers<readonly [number | null, NodeJS.Signals | null]>();
  child.once('error', ended.reject);
  child.once('close', (code, signal) => ended.resolve([code, signal]));
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
  const [exitCode, signal] = await ended.promise;
  clearTimeout(timer);
  return { exitCode, signal, stdout, stderr, report: lastReport(stderr) };
}

/** A folder for one test: programs and their data; local directories and event logs go into it too. */
export class Scratch {
  /** Below the repository's own folders, so that programs find `heddle` as a project would. */
  readonly path: string;
  /** Where applications put their private directories. */
  readonly localDirectory: string;

  /** @param parent where it is made @default the machine's folder of temporary files */
  constructor(parent = tmpdir()) {
    this.path = mkdtempSync(join(parent, 'heddle-test-'));
    this.localDirectory = join(this.path, 'local');
  }

  /** Writes a file and returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }

  /** Words for `heddle` that keep everything of a run inside this folder. */
  submit(...words: string[]): readonly string[] {
    return [
      'submit',
      ...['--conf', `heddle.local.dir=${this.localDirectory}`],
      ...['--conf', `heddle.eventLog.dir=${join(this.path, 'events')}`],
      ...words,
    ];
  }

  /** What applications left in their local directories. */
  leftovers(): readonly string[] {
    try {
      return readdirSync(this.localDirectory);
    } catch {
      return [];
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Makes a folder a project that has installed the engine, and TypeScript. */
export function linkEngine(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of ['heddle', 'typescript']) {
    symlinkSync(join(repositoryRoot, 'node_modules', name), join(modules, name));
  }
}

function lastReport(stderr: string): Readonly<Record<string, unknown>> | undefined {
  const line = stderr.trimEnd().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) return undefined;
  const parsed = JSON.parse(line) as Record<string, unknown>;
  return parsed['kind'] === 'report' ? parsed : undefined;
}
