import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MiniCluster } from '@heddle/integration-tests/cluster';
import { readWholeFile } from '@heddle/webhdfs';
import type { CommandResult } from '../command/run-heddle.js';
import { YarnUser, smallExecutor, type DeployMode, type SubmitWords } from './yarn-user.js';

/** Executors of which a node of the test cluster has room for one: they come on different nodes. */
export const executorOnEachNode: readonly string[] = [
  '--num-executors',
  '3',
  '--executor-memory',
  '2000m',
];

/** How a program is submitted. */
export interface SubmitOptions extends SubmitWords {
  /** Settings, on top of the words. */
  readonly conf?: Readonly<Record<string, string>>;
}

/** A process in one of an application's containers. */
export interface ContainerProcess {
  readonly pid: number;
  readonly kind: 'master' | 'driver' | 'executor' | 'other';
  /** Name of the container, such as `container_e01_…_000002`. */
  readonly container: string;
  /** Host of the cluster that it belongs to. */
  readonly host: string;
}

/** A submitted program that runs. */
export interface RunningProgram {
  readonly id: string;
  readonly result: Promise<CommandResult>;
  /** Sends the command's own process a signal. */
  signal(signal: NodeJS.Signals): void;
}

const endPatienceMs = 30_000;

/**
 * A user's programs on the cluster while harm is done to them: their processes, their reports, what
 * they say to this process and hear from it.
 */
export class YarnPrograms {
  readonly account: YarnUser;
  /** For the present test: this process, drivers and executors see it. */
  folder: string;
  readonly #runs = new Set<number>();
  #tests = 0;

  private constructor(account: YarnUser) {
    this.account = account;
    this.folder = this.#newFolder();
  }

  /** @param user whose home is made when it is missing */
  static async open(user: string): Promise<YarnPrograms> {
    return new YarnPrograms(await YarnUser.open(user));
  }

  get cluster(): MiniCluster {
    return this.account.cluster;
  }

  get user(): string {
    return this.account.name;
  }

  /** For `afterEach`: a new folder; nothing may stand staged. @throws Error when something does */
  async tidy(): Promise<void> {
    for (const pid of this.#runs) kill(pid, 'SIGKILL');
    this.#runs.clear();
    rmSync(this.folder, { recursive: true, force: true });
    this.folder = this.#newFolder();
    await this.until(
      async () => (await this.account.list('.heddle/staging')).length === 0,
      'staged files are removed',
      endPatienceMs,
    );
  }

  /** For `after`. */
  close(): void {
    this.account.close();
  }

  /** Runs a program, given as its text or its file, to its end. */
  submit(
    mode: DeployMode,
    program: string | { readonly file: string },
    options: SubmitOptions = {},
  ): Promise<CommandResult> {
    const { words = smallExecutor, conf = {}, ...rest } = options;
    const settings = Object.entries(conf).flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
    return this.account.submit(mode, program, { ...rest, words: [...words, ...settings] });
  }

  /** Starts a program and returns when its id is known. @throws Error when it ended before */
  async start(
    mode: DeployMode,
    program: string | { readonly file: string },
    options: SubmitOptions = {},
  ): Promise<RunningProgram> {
    let pid = 0;
    const known = new Set(await this.#applications());
    const result = this.submit(mode, program, {
      ...options,
      onStarted: (started) => {
        pid = started;
        this.#runs.add(started);
      },
    });
    let ended: CommandResult | undefined;
    void result.then((value) => {
      ended = value;
      this.#runs.delete(pid);
    });
    let id: string | undefined;
    await this.until(
      async () => {
        if (ended !== undefined) throw new Error(`the program ended at once: ${ended.stderr}`);
        id = (await this.#applications()).find((one) => !known.has(one));
        return id !== undefined;
      },
      'an application is submitted',
      60_000,
    );
    return { id: id!, result, signal: (signal) => kill(pid, signal) };
  }

  /** Everything that containers wrote. @param container end of the id of one, or `am`; all of them by default */
  async log(id: string, container?: string): Promise<string> {
    const part = container === undefined ? [] : ['--container', container];
    return (await this.account.run(['logs', id, ...part])).stdout;
  }

  /** What the driver and the ApplicationMaster told, wherever they told it. */
  async told(mode: DeployMode, result: CommandResult): Promise<string> {
    const id = String(result.report?.['applicationId']);
    return `${result.stderr}\n${mode === 'client' ? '' : await this.log(id, 'am')}`;
  }

  /** What the ResourceManager says of an application. */
  async rest<T>(path: string): Promise<T> {
    const url = `${await this.cluster.resourceManagerUrl()}/ws/v1/cluster/${path}`;
    const answer = await fetch(url, { headers: { accept: 'application/json' } });
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Processes in the application's containers now. */
  processes(id: string): ContainerProcess[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => this.#processOf(Number(name), id) ?? []);
  }

  /** Waits until there are at least so many executors that have registered, as their threads show. */
  async executors(id: string, count: number): Promise<ContainerProcess[]> {
    let found: ContainerProcess[] = [];
    await this.until(
      () => {
        found = this.processes(id).filter(({ kind }) => kind === 'executor');
        return found.length >= count;
      },
      `${count} executors of ${id}`,
      90_000,
    );
    return found;
  }

  /** The one process of that kind. @throws Error when there is none */
  one(id: string, kind: ContainerProcess['kind'], container = ''): ContainerProcess {
    const found = this.processes(id).find(
      (one) => one.kind === kind && one.container.endsWith(container),
    );
    if (found === undefined) throw new Error(`${id} has no ${kind}`);
    return found;
  }

  /** Processes that are still there when they have had time to end. */
  async leftProcesses(id: string): Promise<ContainerProcess[]> {
    await this.until(() => this.processes(id).length === 0, '', endPatienceMs).catch(
      () => undefined,
    );
    return this.processes(id);
  }

  /** Hosts of each block of a file in the user's home. */
  async blockHosts(name: string): Promise<string[][]> {
    const { fileSystem, path } = this.account.files.registry.resolve(name);
    const { sizeBytes } = await fileSystem.status(path);
    const blocks = await fileSystem.blockLocations(path, 0, sizeBytes);
    return blocks.map(({ hosts }) => [...hosts]);
  }

  /** All parts of an output in the user's home; undefined while there is no `_SUCCESS`. */
  async output(name: string): Promise<string | undefined> {
    const names = (await this.account.list(name)).sort();
    if (!names.includes('_SUCCESS')) return undefined;
    const parts = names.filter((one) => one.startsWith('part-'));
    const texts = await Promise.all(parts.map((part) => this.#read(`${name}/${part}`)));
    return texts.join('');
  }

  async #read(name: string): Promise<string> {
    const { fileSystem, path } = this.account.files.registry.resolve(name);
    const { sizeBytes } = await fileSystem.status(path);
    return (await readWholeFile(fileSystem, path, sizeBytes)).toString('utf8');
  }

  /** Says to a program that waits for a file of that name that it may go on. */
  say(name: string): void {
    writeFileSync(join(this.folder, name), '');
  }

  /** Waits until a program has made a file of that name. */
  async heard(name: string, timeoutMs = 120_000): Promise<void> {
    const file = join(this.folder, name);
    await this.until(() => existsSync(file), `the program says ${name}`, timeoutMs);
  }

  /** Names in the test's folder that begin so. */
  marks(start: string): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith(start));
  }

  /** @throws Error naming what did not come in time */
  async until(
    condition: () => boolean | Promise<boolean>,
    what: string,
    timeoutMs = 60_000,
  ): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!(await condition())) {
      if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
      await delay(100);
    }
  }

  #newFolder(): string {
    this.#tests += 1;
    const folder = join(this.account.scratch.path, `test-${this.#tests}`);
    mkdirSync(folder);
    return folder;
  }

  async #applications(): Promise<string[]> {
    const { apps } = await this.rest<{ apps: { app: { id: string }[] } | null }>(
      `apps?user=${this.user}`,
    );
    return (apps?.app ?? []).map(({ id }) => id);
  }

  #processOf(pid: number, id: string): ContainerProcess | undefined {
    try {
      const directory = readlinkSync(`/proc/${pid}/cwd`);
      if (!directory.includes(id)) return undefined;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      const container = /container_[e\d_]+/.exec(directory)?.[0] ?? '';
      const host = this.cluster.plan.hosts.find(({ name }) => directory.includes(`/${name}/`));
      return { pid, container, host: host?.name ?? '', kind: kindOf(command) };
    } catch {
      // It has ended meanwhile, or belongs to somebody else.
      return undefined;
    }
  }
}

function kindOf(command: string): ContainerProcess['kind'] {
  // The shell that a container's script runs in has the same words.
  if (!command.split('\0', 1)[0]!.endsWith('/node')) return 'other';
  if (command.includes('yarn-am-main')) return 'master';
  if (command.includes('yarn-driver-main')) return 'driver';
  return command.includes('yarn-executor-main') ? 'executor' : 'other';
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
