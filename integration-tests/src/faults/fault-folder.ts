import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  repositoryRoot,
  runHeddle,
  Scratch,
  type CommandResult,
  type RunOptions,
} from '../command/run-heddle.js';

/** How a program of this folder ended. */
export interface FaultRun extends CommandResult {
  /** The lines of JSON that it printed, in one object. */
  readonly answers: Readonly<Record<string, unknown>>;
}

export interface FaultRunOptions extends RunOptions {
  readonly master: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Loads `fault-preload.cjs` into the executors. @default false */
  readonly preload?: boolean;
  /** More words of the command. */
  readonly flags?: readonly string[];
  /** Called once the program has printed that it is ready, with the driver's process; then it is terminated. */
  onReady?(pid: number): void | Promise<void>;
}

const preload = join(repositoryRoot, 'integration-tests/src/faults/fault-preload.cjs');

/** A folder in which one program and its test leave notes for each other. */
export class FaultFolder {
  readonly scratch = new Scratch();
  readonly path = join(this.scratch.path, 'notes');

  constructor() {
    mkdirSync(this.path);
  }

  /** Runs `<name>.ts` of this folder with the folder's path, where it wants it, and other words. */
  async run(name: string, words: readonly string[], options: FaultRunOptions): Promise<FaultRun> {
    const { master, settings = {}, preload: usesPreload = false, flags = [] } = options;
    let looking: Promise<void> | undefined;
    const onOutput = (text: string, kill: (signal: NodeJS.Signals) => void): void => {
      options.onOutput?.(text, kill);
      const pid = /"ready":(\d+)/.exec(text)?.[1];
      if (options.onReady === undefined || pid === undefined || looking !== undefined) return;
      looking = Promise.resolve(options.onReady(Number(pid))).finally(() => kill('SIGTERM'));
      looking.catch(() => undefined);
    };
    const all = {
      ...settings,
      ...(usesPreload && {
        'heddle.executorEnv.NODE_OPTIONS': `--require=${preload}`,
        'heddle.executorEnv.HEDDLE_FAULTS': this.path,
      }),
    };
    const program = join(repositoryRoot, `integration-tests/src/faults/${name}.ts`);
    const confs = Object.entries(all).flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
    const result = await runHeddle(
      this.scratch.submit('--master', master, ...confs, ...flags, program, ...words),
      { timeoutMs: 150_000, ...options, onOutput },
    );
    await looking;
    const lines = result.stdout.split('\n').filter((line) => line.startsWith('{'));
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return { ...result, answers: Object.assign({}, ...parsed) as Record<string, unknown> };
  }

  /** Names of notes that begin like this. */
  notes(start: string): string[] {
    return readdirSync(this.path).filter((name) => name.startsWith(start));
  }

  write(name: string, text = ''): void {
    writeFileSync(join(this.path, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  /** Lines of all parts of an output in the folder. */
  lines(output: string): string[] {
    const folder = join(this.path, output);
    return readdirSync(folder)
      .filter((name) => name.startsWith('part-'))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => line !== '');
  }

  remove(): void {
    this.scratch.remove();
  }
}
