import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { Scratch, runHeddle, type CommandResult, type RunOptions } from '../command/run-heddle.js';

/** Where the driver of a program is. */
export type DeployMode = 'client' | 'cluster';

export const deployModes: readonly DeployMode[] = ['client', 'cluster'];

/** One executor in a small container: several builders may share the machine. */
export const smallExecutor: readonly string[] = [
  '--num-executors',
  '1',
  '--executor-memory',
  '256m',
];

/** Executors of which a node of the test cluster has room for one: they come on different nodes. */
export const executorOnEachNode: readonly string[] = [
  '--num-executors',
  '3',
  '--executor-memory',
  '2000m',
];

/** How a program is submitted. */
export interface SubmitOptions extends RunOptions {
  /** Words for the command. @default `smallExecutor` */
  readonly words?: readonly string[];
  /** Settings, on top of the words. */
  readonly conf?: Readonly<Record<string, string>>;
  /** Arguments of the program. */
  readonly args?: readonly string[];
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

const commandTimeoutMs = 240_000;
const endPatienceMs = 30_000;

/**
 * Runs programs on the test cluster as a user whose home is there, and looks at what becomes of them:
 * processes, reports, logs, staged files.
 */
export class YarnPrograms {
  readonly cluster: MiniCluster;
  readonly user: string;
  /** A folder for the present test that this process, drivers and executors see. */
  scratch = new Scratch();
  readonly #runs = new Set<number>();

  private constructor(cluster: MiniCluster, user: string) {
    this.cluster = cluster;
    this.user = user;
  }

  /** Makes the user's home, on the cluster that all tests share unless another one is given. */
  static async open(user = 'weaver', cluster?: MiniCluster): Promise<YarnPrograms> {
    const programs = new YarnPrograms(cluster ?? (await sharedCluster()), user);
    const { superUser } = programs.cluster;
    const url = `${await programs.cluster.webHdfsUrl()}/user/${user}`;
    await send(`${url}?op=MKDIRS&user.name=${superUser}`, 'PUT');
    await send(`${url}?op=SETOWNER&owner=${user}&user.name=${superUser}`, 'PUT');
    return programs;
  }

  /** For `afterEach`: a new folder; nothing may run or stand staged. @throws Error naming what is left */
  async tidy(): Promise<void> {
    for (const pid of this.#runs) kill(pid, 'SIGKILL');
    this.#runs.clear();
    this.scratch.remove();
    this.scratch = new Scratch();
    await this.until(
      async () => (await this.stagedApplications()).length === 0,
      'staged files are removed',
      endPatienceMs,
    );
  }

  /** Runs the command to its end. */
  run(words: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return runHeddle(words, {
      timeoutMs: commandTimeoutMs,
      ...options,
      env: { HADOOP_CONF_DIR: this.cluster.confDir, HADOOP_USER_NAME: this.user, ...options.env },
    });
  }

  /** Runs a program, given as its text or as a `.ts` file, to its end. */
  submit(mode: DeployMode, program: string, options: SubmitOptions = {}): Promise<CommandResult> {
    const file = program.includes('\n') ? this.scratch.write('program.ts', program) : program;
    const { words = smallExecutor, conf = {}, args = [], ...rest } = options;
    const settings = Object.entries(conf).flatMap(([key, value]) => ['--conf', `${key}=${value}`]);
    return this.run(
      [
        ...['submit', '--master', 'yarn', '--deploy-mode', mode, '--json'],
        ...words,
        ...settings,
        file,
        ...args,
      ],
      rest,
    );
  }

  /** Starts a program and returns when its id is known. @throws Error when it ended before */
  async start(
    mode: DeployMode,
    program: string,
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

  /** What the driver printed: by the command in client mode, in its container's log in cluster mode. */
  async printed(mode: DeployMode, result: CommandResult): Promise<string> {
    if (mode === 'client') return result.stdout;
    return this.log(String(result.report?.['applicationId']), '_000001');
  }

  /** Everything that containers wrote. @param container end of the id of one; all of them by default */
  async log(id: string, container?: string): Promise<string> {
    const part = container === undefined ? [] : ['--container', container];
    return (await this.run(['logs', id, ...part])).stdout;
  }

  /** What the driver and the ApplicationMaster told, wherever they told it. */
  async told(mode: DeployMode, result: CommandResult): Promise<string> {
    const id = String(result.report?.['applicationId']);
    return `${result.stderr}\n${mode === 'client' ? '' : await this.log(id, '_000001')}`;
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

  /** Applications whose staged files are there. */
  async stagedApplications(): Promise<string[]> {
    const url = await this.cluster.webHdfsUrl();
    const path = `/user/${this.user}/.heddle/staging`;
    const answer = await fetch(`${url}${path}?op=LISTSTATUS&user.name=${this.user}`);
    if (answer.status === 404) return [];
    const body = (await answer.json()) as {
      FileStatuses: { FileStatus: { pathSuffix: string }[] };
    };
    return body.FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix);
  }

  /** Puts a file into the user's home. @param parameters of WebHDFS, such as `{ replication: '1' }` */
  async put(
    name: string,
    content: string | Uint8Array,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const query = new URLSearchParams({
      op: 'CREATE',
      overwrite: 'true',
      'user.name': this.user,
      ...parameters,
    });
    const url = `${await this.cluster.webHdfsUrl()}/user/${this.user}/${name}?${query.toString()}`;
    const redirect = await fetch(url, { method: 'PUT', redirect: 'manual' });
    const location = redirect.headers.get('location');
    if (location === null) throw new Error(`${url}: ${redirect.status} ${await redirect.text()}`);
    const body = typeof content === 'string' ? content : Buffer.from(content);
    await send(location, 'PUT', body);
  }

  /** Hosts of each block of a file in the user's home. */
  async blockHosts(name: string): Promise<string[][]> {
    const url = `${await this.cluster.webHdfsUrl()}/user/${this.user}/${name}`;
    const answer = await fetch(`${url}?op=GETFILEBLOCKLOCATIONS&user.name=${this.user}`);
    const body = (await answer.json()) as {
      BlockLocations: { BlockLocation: { hosts: string[] }[] };
    };
    return body.BlockLocations.BlockLocation.map(({ hosts }) => hosts);
  }

  /** Reads the parts of an output in the user's home; undefined while there is no `_SUCCESS`. */
  async output(name: string): Promise<string | undefined> {
    const base = `${await this.cluster.webHdfsUrl()}/user/${this.user}/${name}`;
    const listed = await fetch(`${base}?op=LISTSTATUS&user.name=${this.user}`);
    if (!listed.ok) return undefined;
    const body = (await listed.json()) as {
      FileStatuses: { FileStatus: { pathSuffix: string }[] };
    };
    const names = body.FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix).sort();
    if (!names.includes('_SUCCESS')) return undefined;
    const parts = names.filter((one) => one.startsWith('part-'));
    const texts = await Promise.all(
      parts.map(async (part) =>
        (await fetch(`${base}/${part}?op=OPEN&user.name=${this.user}`)).text(),
      ),
    );
    return texts.join('');
  }

  /** Says to a program that waits for a file of that name that it may go on. */
  say(name: string): void {
    writeFileSync(join(this.scratch.path, name), '');
  }

  /** Waits until a program has made a file of that name. */
  async heard(name: string, timeoutMs = 120_000): Promise<void> {
    const file = join(this.scratch.path, name);
    await this.until(() => existsSync(file), `the program says ${name}`, timeoutMs);
  }

  /** Names in the test's folder that begin so. */
  marks(start: string): string[] {
    return readdirSync(this.scratch.path).filter((name) => name.startsWith(start));
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

async function send(url: string, method: string, body?: string | Buffer): Promise<void> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}
