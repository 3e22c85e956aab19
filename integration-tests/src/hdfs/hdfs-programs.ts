import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { readWholeFile, type CreateOptions } from '@heddle/webhdfs';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';
import {
  Scratch,
  linkEngine,
  runHeddle,
  type CommandResult,
  type RunOptions,
} from '../command/run-heddle.js';

/** What became of a step of a program: its value, or its error and the causes, from the outside in. */
export interface StepOutcome {
  readonly value?: unknown;
  readonly errors?: readonly {
    readonly name: string;
    readonly code: string;
    readonly message: string;
  }[];
}

const runTimeoutMs = 240_000;
const prelude = `import { existsSync, writeFileSync } from 'node:fs';
import { HeddleContext } from 'heddle';
const sc = await HeddleContext.getOrCreate();
const [root, folder] = process.argv.slice(2) as [string, string];
async function step(name: string, action: () => unknown): Promise<void> {
  let outcome: object;
  try {
    outcome = { value: await action() };
  } catch (thrown) {
    const errors: object[] = [];
    for (let error: any = thrown; error instanceof Error && errors.length < 6; error = error.cause) {
      errors.push({ name: error.name, code: (error as any).code, message: error.message });
    }
    outcome = { errors };
  }
  console.log(JSON.stringify([name, outcome]));
}
`;

/**
 * Somebody whose programs run on this machine and whose data is in the cluster's HDFS: a folder in
 * each, and Hadoop's own tools.
 */
export class HdfsPrograms {
  readonly cluster: MiniCluster;
  readonly user: string;
  readonly files: WebHdfsFileSystem;
  /** Absolute path in HDFS. */
  readonly root: string;
  readonly scratch = new Scratch();
  readonly #admin: WebHdfsFileSystem;

  private constructor(cluster: MiniCluster, user: string) {
    const conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
    const as = (name: string): WebHdfsFileSystem =>
      new WebHdfsFileSystem(webHdfsOptions({ conf, user: name }, 'hdfs', ''));
    this.cluster = cluster;
    this.user = user;
    this.files = as(user);
    this.#admin = as(cluster.superUser);
    this.root = `/user/${user}/programs-${process.pid}`;
    linkEngine(this.scratch.path);
  }

  /** On the shared cluster. */
  static async open(user: string): Promise<HdfsPrograms> {
    const programs = new HdfsPrograms(await sharedCluster(), user);
    await programs.#admin.makeDirectories(programs.root);
    await programs.#admin.setOwner(programs.root, user);
    return programs;
  }

  /** Removes both folders. */
  async close(): Promise<void> {
    await this.#admin.delete(this.root);
    await this.#admin.delete(`/user/${this.user}`);
    this.#admin.close();
    this.files.close();
    this.scratch.remove();
  }

  /** Makes a file of HDFS. @param name below the folder in HDFS */
  async write(
    name: string,
    content: string | Uint8Array,
    options: CreateOptions = {},
  ): Promise<void> {
    const writer = await this.files.create(`${this.root}/${name}`, options);
    await writer.write(typeof content === 'string' ? Buffer.from(content) : content);
    await writer.close();
  }

  /** The text of a file of HDFS. @param name below the folder in HDFS */
  async read(name: string): Promise<string> {
    const path = `${this.root}/${name}`;
    const { sizeBytes } = await this.files.status(path);
    return (await readWholeFile(this.files, path, sizeBytes)).toString('utf8');
  }

  /**
   * Runs a program that finds its context in `sc`, its folders in `root` (HDFS, as a full name) and
   * `folder` (this machine), `existsSync` and `writeFileSync`, and may tell what became of its steps: `await step('name', () => …)`.
   */
  run(
    body: string,
    words: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<CommandResult> {
    const program = this.scratch.write('program.ts', `${prelude}${body}\nawait sc.stop();\n`);
    const folders = [this.files.uri(this.root), this.scratch.path];
    return runHeddle(this.scratch.submit('--master', 'local[2]', ...words, program, ...folders), {
      timeoutMs: runTimeoutMs,
      ...options,
      env: {
        HADOOP_CONF_DIR: this.cluster.confDir,
        HADOOP_USER_NAME: this.user,
        ...options.env,
      },
    });
  }

  /** The steps of a program that survives them all. @throws Error with its stderr when it does not */
  async steps(
    body: string,
    words: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<ReadonlyMap<string, StepOutcome>> {
    const { exitCode, stdout, stderr } = await this.run(body, words, options);
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return new Map(lines.map((line) => JSON.parse(line) as [string, StepOutcome]));
  }

  /**
   * Site files of the cluster with other values, for one command.
   * @param file such as `hdfs-site.xml`
   * @returns their directory
   */
  confWith(file: string, values: Readonly<Record<string, string>>): string {
    const directory = join(this.scratch.path, `conf-${Object.keys(values).join('-')}`);
    cpSync(this.cluster.confDir, directory, { recursive: true });
    const properties = Object.entries(values)
      .map(([name, value]) => `<property><name>${name}</name><value>${value}</value></property>`)
      .join('');
    const site = join(directory, file);
    // The last value of a name counts.
    const text = readFileSync(site, 'utf8');
    writeFileSync(site, text.replace('</configuration>', `${properties}</configuration>`));
    return directory;
  }

  /** Runs one of Hadoop's own tools as this user, or as another. @returns what it printed */
  async hadoop(
    mainClass: string,
    words: readonly string[],
    user: string = this.user,
  ): Promise<string> {
    const result = await this.cluster.runHadoop(mainClass, words, { user });
    if (result.code !== 0) throw new Error(`${mainClass}: ${result.stderr}${result.stdout}`);
    return result.stdout;
  }

  /**
   * Files of DataNodes with the block of a file that has one block of a size that no other block has.
   * @param sizeBytes of the block
   */
  replicaFiles(sizeBytes: number): string[] {
    const folder = join(this.cluster.plan.directory, 'hosts');
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /^blk_\d+$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => statSync(path).size === sizeBytes);
  }
}
