import { ArgumentError, readOptionalSetting, settings } from '@heddle/common';
import type { DriverAccumulator, Accumulator } from '../accumulator/accumulator.js';
import type { AccumulatorParam } from '../accumulator/accumulator-param.js';
import { AccumulatorRegistry } from '../accumulator/accumulator-registry.js';
import { createAccumulator } from '../accumulator/create-accumulator.js';
import { DriverBroadcast, type Broadcast } from '../broadcast/broadcast.js';
import { flushClosureWarnings } from '../closures/index.js';
import { HeddleConf, confOfOptions, type ContextOptions } from '../conf/heddle-conf.js';
import { runFunction } from '../rdd/actions/effects.js';
import { choosePartitions } from '../rdd/actions/choose-partitions.js';
import { checkBoolean, checkText, isActionOptions, type ActionOptions } from '../rdd/arguments.js';
import { rddOf } from '../rdd/facade.js';
import {
  binaryRecordsNode,
  emptyNode,
  fileNode,
  objectFileNode,
  parallelizeNode,
  rangeNode,
  sequenceFileNode,
  type SequenceFileOptions,
} from '../rdd/operators/sources.js';
import { unionNode } from '../rdd/operators/partitions.js';
import { nodeOf } from '../rdd/rdd-metadata.js';
import type { RDD } from '../rdd/rdd.js';
// Registers the class, for rddOf.
import '../rdd/rdd.js';
import { stageCompiler } from '../rdd/stage-compiler.js';
import type { It } from '../rdd/types.js';
import { version } from '../version.js';
import { activeOrCreate } from './active-context.js';
import { DriverCore } from './driver-core.js';
import {
  checkJobGroupOptions,
  checkTag,
  withProperties,
  withTags,
  type JobGroupOptions,
} from './job-control.js';
import { requireLauncher } from './launcher.js';
import { driverOnlySymbol } from './reference.js';
import { StatusTracker } from './status-tracker.js';
import type { TaskContext } from './task-context.js';

/** What `addFile` takes. */
export interface AddFileOptions {
  /** Takes a directory with everything below it. @default false */
  readonly recursive?: boolean | undefined;
}

const logLevels = ['error', 'warn', 'info', 'debug'] as const;

/**
 * The connection of a program to what runs its jobs; one for each process.
 *
 * Job groups, tags and local properties belong to the current asynchronous flow: setting them
 * changes that flow from there on, and what it starts. Source: Spark 4.0 `SparkContext`.
 */
export class HeddleContext implements AsyncDisposable {
  readonly statusTracker: StatusTracker;
  /** The master that was asked for, when that differs from the one that is used (`local[*]`). @internal */
  readonly requestedMaster: string | undefined;
  readonly #core: DriverCore;
  #settings: Map<string, string>;
  #stopping: Promise<void> | undefined;

  private constructor(core: DriverCore, texts: ReadonlyMap<string, string>) {
    this.#core = core;
    this.#settings = new Map(texts);
    this.requestedMaster = texts.get(settings.master.key);
    this.statusTracker = new StatusTracker(core);
    core.context = this;
  }

  /**
   * The context of this process; a new one when there is none, or the last one was stopped. Settings
   * given here win over those of `heddle submit` and of the defaults file.
   *
   * @throws LauncherMissingError when the process was not started by Heddle
   * @throws ContextExistsError when there is one with another master
   * @throws ConfigError for unknown or malformed settings
   *
   * @example
   * (await HeddleContext.getOrCreate()) === sc; // true
   */
  static async getOrCreate(options?: HeddleConf | ContextOptions): Promise<HeddleContext> {
    const conf = confOfOptions(options);
    return await activeOrCreate(conf, () => HeddleContext.#create(conf));
  }

  static async #create(conf: HeddleConf): Promise<HeddleContext> {
    const launcher = requireLauncher();
    const merged = new Map([...launcher.submittedSettings, ...conf.getAll()]);
    const texts = new Map([...merged].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
    const accumulators = new AccumulatorRegistry();
    const application = await launcher.launch(
      {
        master: texts.get(settings.master.key),
        appName: texts.get(settings.appName.key),
        settings: texts,
      },
      { compiler: stageCompiler, accumulators },
    );
    accumulators.logger = application.logger;
    const parallelism = readOptionalSetting(texts, settings.defaultParallelism);
    const core = new DriverCore(application, accumulators, parallelism);
    await core.files.adoptGiven();
    return new HeddleContext(core, texts);
  }

  /** Why a function cannot take it along to a task. */
  get [driverOnlySymbol](): string {
    return 'the context lives on the driver only: a function that runs in tasks cannot use it';
  }

  /** `local-…` in local modes, else YARN's `application_…`. */
  get applicationId(): string {
    return this.#core.application.applicationId;
  }

  get applicationAttemptId(): string | undefined {
    return this.#core.application.applicationAttemptId;
  }

  get appName(): string {
    return this.#core.application.appName;
  }

  get master(): string {
    return this.#core.application.master;
  }

  get deployMode(): 'client' | 'cluster' {
    return this.#core.application.deployMode;
  }

  /** Version of the engine. */
  get version(): string {
    return version;
  }

  get user(): string {
    return this.#core.application.user;
  }

  /** Milliseconds since the epoch. */
  get startTime(): number {
    return this.#core.application.startTime;
  }

  get uiWebUrl(): string | undefined {
    return this.#core.application.uiWebUrl;
  }

  /** Partitions of sources whose call names no number. */
  get defaultParallelism(): number {
    return this.#core.application.defaultParallelism;
  }

  /** `min(defaultParallelism, 2)`: least partitions of files whose call names no number. */
  get defaultMinPartitions(): number {
    return Math.min(this.defaultParallelism, 2);
  }

  /** A copy of the settings: changing it changes nothing. */
  get conf(): HeddleConf {
    return HeddleConf.fromTexts(this.#settings);
  }

  get isStopped(): boolean {
    return this.#core.isStopped;
  }

  /** Settings of a later `getOrCreate` become visible in `conf`; they change nothing that runs. @internal */
  adopt(conf: HeddleConf): void {
    const fixed: readonly string[] = [settings.master.key, settings.appName.key];
    for (const [key, text] of conf.getAll()) {
      if (!fixed.includes(key)) this.#settings.set(key, text);
    }
  }

  /**
   * The data as an RDD, slice i with the elements from `floor(i·length/n)`. Encoded now: later
   * changes are not seen.
   *
   * @throws ArgumentError, UnsupportedValueError
   *
   * @example
   * await sc.parallelize([1, 2, 3], 2).glom().collect(); // [[1], [2, 3]]
   */
  parallelize<T>(data: Iterable<T>, numSlices?: number): RDD<T> {
    return rddOf(parallelizeNode(this.#core, data, numSlices));
  }

  /**
   * `start, start + step, …` up to but without `end`; from 0 with one argument. Computed in the tasks.
   *
   * @throws ArgumentError for a step of 0, and bounds that are no whole numbers
   *
   * @example
   * await sc.range(0, 10, 3).collect(); // [0, 3, 6, 9]
   */
  range(start: number, end?: number, step = 1, numSlices?: number): RDD<number> {
    const bounds = end === undefined ? { start: 0, end: start, step } : { start, end, step };
    return rddOf(rangeNode(this.#core, bounds, numSlices));
  }

  /**
   * No records in no partitions.
   *
   * @example
   * await sc.emptyRDD<string>().getNumPartitions(); // 0
   */
  emptyRDD<T = never>(): RDD<T> {
    return rddOf(emptyNode(this.#core));
  }

  /**
   * The lines of a file, of the files of a directory, of a glob, or of a comma list of these; without
   * their line ends. Listed with the first action. Compressed files are one partition each.
   *
   * @param minPartitions least number of partitions; never fewer than there are blocks
   * @throws ArgumentError for no path; InputNotFoundError, from the action, when nothing is there
   *
   * @example
   * await sc.parallelize(['one', 'two'], 1).saveAsTextFile(`${dir}/in`);
   * await sc.textFile(`${dir}/in`).collect(); // ['one', 'two']
   */
  textFile(path: string, minPartitions?: number): RDD<string> {
    return rddOf(fileNode(this.#core, { kind: 'textFile' }, path, minPartitions));
  }

  /**
   * `[name, content]` for each file of the input; several small files are one partition.
   *
   * @throws ArgumentError for no path; InputNotFoundError, from the action, when nothing is there;
   *   InputTooLargeError when a file does not fit
   *
   * @example
   * await sc.parallelize(['one', 'two'], 1).saveAsTextFile(`${dir}/in`);
   * await sc.wholeTextFiles(`${dir}/in`).values().collect(); // ['one\ntwo\n']
   */
  wholeTextFiles(path: string, minPartitions?: number): RDD<[string, string]> {
    return rddOf(fileNode(this.#core, { kind: 'wholeTextFiles' }, path, minPartitions));
  }

  /**
   * `[name, bytes]` for each file of the input; several small files are one partition.
   *
   * @throws ArgumentError for no path; InputNotFoundError, from the action, when nothing is there;
   *   InputTooLargeError when a file does not fit
   *
   * @example
   * await sc.parallelize(['one', 'two'], 1).saveAsTextFile(`${dir}/in`);
   * await sc.binaryFiles(`${dir}/in`).mapValues((bytes) => bytes.length).values().collect(); // [8]
   */
  binaryFiles(path: string, minPartitions?: number): RDD<[string, Uint8Array]> {
    return rddOf(fileNode(this.#core, { kind: 'binaryFiles' }, path, minPartitions));
  }

  /**
   * Records of `recordLength` bytes each. A file whose length is no multiple of it fails the first
   * action with `InputFormatError`.
   *
   * @throws ArgumentError for a length that is no whole number from 1; InputNotFoundError,
   *   InputFormatError from the action
   *
   * @example
   * await sc.parallelize(['one', 'two'], 1).saveAsTextFile(`${dir}/in`);
   * await sc.binaryRecords(`${dir}/in`, 4).map((bytes) => bytes[0]).collect(); // [111, 116]
   */
  binaryRecords(path: string, recordLength: number): RDD<Uint8Array> {
    return rddOf(binaryRecordsNode(this.#core, path, recordLength));
  }

  /**
   * The `[key, value]` records of Hadoop's SequenceFiles, of any compression by deflate, gzip or zstd.
   * Texts become strings, ints, floats and doubles numbers, longs as `longs` says, bytes `Uint8Array`,
   * null `null`. Large files are split at their sync markers.
   *
   * Actions reject with `JobFailedError` caused by `InputFormatError` (no SequenceFile, damaged, cut
   * short), `UnsupportedFormatError` (a class or codec that is not known), `InputTooLargeError`.
   *
   * @throws ArgumentError for no path
   *
   * @example
   * const pairs: [string, bigint][] = [['a', 1n]];
   * await sc.parallelize(pairs).saveAsSequenceFile(`${dir}/in`);
   * await sc.sequenceFile<string, number>(`${dir}/in`).collect(); // [['a', 1]]
   */
  sequenceFile<K, V>(
    path: string,
    minPartitions?: number,
    options: SequenceFileOptions = {},
  ): RDD<[K, V]> {
    return rddOf(sequenceFileNode(this.#core, path, minPartitions, options));
  }

  /**
   * The records that `saveAsObjectFile` wrote.
   *
   * @throws ArgumentError for no path; InputNotFoundError, from the action, when nothing is there;
   *   InputFormatError for other files
   *
   * @example
   * await sc.parallelize([new Set(['a'])]).saveAsObjectFile(`${dir}/in`);
   * await sc.objectFile<Set<string>>(`${dir}/in`).collect(); // [new Set(['a'])]
   */
  objectFile<T>(path: string, minPartitions?: number): RDD<T> {
    return rddOf(objectFileNode(this.#core, path, minPartitions));
  }

  /**
   * All records of all RDDs, flat; of none it is `emptyRDD`.
   *
   * @throws ArgumentError for an element that is no RDD, or one of another context
   *
   * @example
   * await sc.union([sc.range(2), sc.range(5, 7)]).collect(); // [0, 1, 5, 6]
   */
  union<T>(rdds: readonly RDD<T>[]): RDD<T> {
    const [only] = rdds;
    if (only === undefined) return rddOf(emptyNode(this.#core));
    if (rdds.length === 1) return rddOf(nodeOf(only, 'union: an element'));
    const nodes = rdds.map((rdd) => nodeOf(rdd, 'union: an element'));
    return rddOf(unionNode(this.#core, nodes));
  }

  /**
   * A read-only value that each executor gets once. Encoded now: later changes are not seen.
   *
   * @throws UnsupportedValueError for a value that cannot travel; ContextStoppedError
   *
   * @example
   * const names = sc.broadcast(new Map([['de', 'Germany']]));
   * await sc.parallelize(['de']).map((code) => names.value.get(code)).collect(); // ['Germany']
   */
  broadcast<T>(value: T): Broadcast<T> {
    this.#core.checkRunning();
    return new DriverBroadcast(this.#core, value);
  }

  /**
   * A number that tasks add to, beginning with `initial`.
   *
   * @throws ArgumentError for what is neither a number nor has `zero`, `add`, `merge`;
   *   ContextStoppedError
   *
   * @example
   * const total = sc.accumulator(10);
   * await sc.range(5).foreach((x) => total.add(x));
   * total.value; // 20
   */
  accumulator(initial: number, name?: string): Accumulator<number, number>;
  /** Something that tasks add to, by functions of the program. */
  accumulator<A, V>(param: AccumulatorParam<A, V>, name?: string): Accumulator<A, V>;
  accumulator(
    start: number | AccumulatorParam<unknown, unknown>,
    name?: string,
  ): Accumulator<never, never> {
    const made = createAccumulator(this.#core, 'accumulator', start, name);
    return made as unknown as Accumulator<never, never>;
  }

  /**
   * A number that tasks add to, from 0.
   *
   * @throws ContextStoppedError after `stop()`
   *
   * @example
   * const total = sc.longAccumulator('total');
   * await sc.range(5).foreach((x) => total.add(x));
   * total.value; // 10
   */
  longAccumulator(name?: string): Accumulator<number, number> {
    return this.accumulator(0, name);
  }

  /**
   * The same as `longAccumulator`: JavaScript has one type of number.
   *
   * @throws ContextStoppedError after `stop()`
   *
   * @example
   * const total = sc.doubleAccumulator();
   * await sc.range(3).foreach(() => total.add(0.5));
   * total.value; // 1.5
   */
  doubleAccumulator(name?: string): Accumulator<number, number> {
    return this.accumulator(0, name);
  }

  /**
   * A list that tasks add elements to; their order is that in which tasks end.
   *
   * @throws ContextStoppedError after `stop()`
   *
   * @example
   * const odd = sc.collectionAccumulator<number>();
   * await sc.range(5).foreach((x) => (x % 2 === 1 ? odd.add(x) : undefined));
   * [...odd.value].sort(); // [1, 3]
   */
  collectionAccumulator<T>(name?: string): Accumulator<T[], T> {
    const made = createAccumulator(this.#core, 'collectionAccumulator', 'collection', name);
    return made as unknown as DriverAccumulator<T[], T>;
  }

  /**
   * What `f` returns for each of the partitions (all by default), in the order of `partitions`, which
   * may repeat an index.
   *
   * @throws ArgumentError for a partition that the RDD has not
   * @throws JobFailedError when a task fails for good; ClosureError; JobCancelledError
   *
   * @example
   * await sc.runJob(sc.range(0, 6, 1, 3), (records) => records.toArray().length, [0, 2]); // [2, 2]
   */
  async runJob<T, U>(
    rdd: RDD<T>,
    f: (records: It<T>, context: TaskContext) => U,
    partitions?: readonly number[] | ActionOptions,
    options?: ActionOptions,
  ): Promise<U[]> {
    const chosen = isActionOptions(partitions) ? undefined : partitions;
    const given = isActionOptions(partitions) ? partitions : options;
    return await runFunction<U>(nodeOf(rdd, 'runJob: rdd'), f, choosePartitions(chosen), given);
  }

  /**
   * Jobs that this flow starts from here on belong to a group, which `cancelJobGroup` cancels.
   *
   * @throws ArgumentError for an empty id
   *
   * @example
   * sc.setJobGroup('nightly', 'the nightly run');
   * await sc.range(3).count();
   * sc.statusTracker.getJobIdsForGroup('nightly').length; // 1
   */
  setJobGroup(id: string, description?: string, options: JobGroupOptions = {}): void {
    checkJobGroupOptions(options);
    checkText(id, 'setJobGroup', 'id');
    this.#core.flow.change({ jobGroup: id, description });
  }

  /**
   * Undoes `setJobGroup` in this flow.
   *
   * @example
   * sc.setJobGroup('cleared');
   * sc.clearJobGroup();
   * await sc.range(3).count();
   * sc.statusTracker.getJobIdsForGroup('cleared'); // []
   */
  clearJobGroup(): void {
    this.#core.flow.change({ jobGroup: undefined, description: undefined });
  }

  /**
   * What pages and logs show for the jobs of this flow.
   *
   * @example
   * sc.setJobDescription('counts to three');
   * await sc.range(3).count(); // 3
   */
  setJobDescription(text: string | undefined): void {
    this.#core.flow.change({ description: text });
  }

  /**
   * Runs `fn` in a flow whose jobs belong to the group; this flow stays as it is.
   *
   * @throws ArgumentError for an empty id
   *
   * @example
   * await sc.withJobGroup('report', () => sc.range(3).count()); // 3
   */
  withJobGroup<R>(id: string, fn: () => R): R {
    checkText(id, 'withJobGroup', 'id');
    return this.#core.flow.within({ jobGroup: id, description: undefined }, fn);
  }

  /**
   * Cancels the running jobs of a group, of all flows.
   *
   * @throws ArgumentError for an empty id; ContextStoppedError
   *
   * @example
   * await sc.cancelJobGroup('nightly'); // undefined
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- a promise by contract: on a cluster the driver asks
  async cancelJobGroup(id: string): Promise<void> {
    this.#core.checkRunning();
    checkText(id, 'cancelJobGroup', 'id');
    this.#core.application.runner.cancelJobGroup(id, `job group ${id} was cancelled`);
  }

  /**
   * @throws ArgumentError for an empty tag and one with a comma
   *
   * @example
   * sc.addJobTag('etl');
   * [...sc.getJobTags()]; // ['etl']
   * sc.addJobTag('a,b'); // throws ArgumentError
   */
  addJobTag(tag: string): void {
    this.#core.flow.change({ tags: withTags(this.#core, [tag], 'addJobTag') });
  }

  /**
   * Takes a tag from this flow; one that it has not is no error.
   *
   * @throws ArgumentError for an empty tag and one with a comma
   *
   * @example
   * sc.addJobTag('etl');
   * sc.removeJobTag('etl');
   * sc.getJobTags().size; // 0
   */
  removeJobTag(tag: string): void {
    const tags = new Set(this.#core.flow.current.tags);
    tags.delete(checkTag(tag, 'removeJobTag'));
    this.#core.flow.change({ tags });
  }

  /**
   * A copy of the tags of this flow.
   *
   * @example
   * sc.withJobTags(['etl', 'daily'], () => sc.getJobTags().size); // 2
   */
  getJobTags(): Set<string> {
    return new Set(this.#core.flow.current.tags);
  }

  /**
   * Takes all tags from this flow.
   *
   * @example
   * sc.addJobTag('etl');
   * sc.clearJobTags();
   * sc.getJobTags().size; // 0
   */
  clearJobTags(): void {
    this.#core.flow.change({ tags: new Set() });
  }

  /**
   * Runs `fn` in a flow with these tags too; this flow stays as it is.
   *
   * @throws ArgumentError for an empty tag and one with a comma
   *
   * @example
   * await sc.withJobTags(['etl'], () => sc.range(3).count()); // 3
   */
  withJobTags<R>(tags: Iterable<string>, fn: () => R): R {
    return this.#core.flow.within({ tags: withTags(this.#core, tags, 'withJobTags') }, fn);
  }

  /**
   * Cancels the running jobs that have the tag, of all flows.
   *
   * @throws ArgumentError for an empty tag and one with a comma; ContextStoppedError
   *
   * @example
   * await sc.cancelJobsWithTag('etl'); // undefined
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- as cancelJobGroup
  async cancelJobsWithTag(tag: string): Promise<void> {
    this.#core.checkRunning();
    checkTag(tag, 'cancelJobsWithTag');
    this.#core.application.runner.cancelJobsWithTag(tag, `jobs with tag ${tag} were cancelled`);
  }

  /**
   * Cancels all running jobs.
   *
   * @throws ContextStoppedError after `stop()`
   *
   * @example
   * await sc.cancelAllJobs(); // undefined
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- as cancelJobGroup
  async cancelAllJobs(): Promise<void> {
    this.#core.checkRunning();
    this.#core.application.runner.cancelAllJobs('all jobs were cancelled');
  }

  /**
   * A property that jobs of this flow take along, such as the scheduler pool; `undefined` removes it.
   *
   * @throws ArgumentError for an empty key and a value that is no text
   *
   * @example
   * sc.setLocalProperty('team', 'red');
   * sc.getLocalProperty('team'); // 'red'
   */
  setLocalProperty(key: string, value: string | undefined): void {
    const properties = withProperties(this.#core, { [key]: value }, 'setLocalProperty');
    this.#core.flow.change({ properties });
  }

  /**
   * A property of this flow; undefined when it was never set.
   *
   * @example
   * sc.getLocalProperty('never set'); // undefined
   */
  getLocalProperty(key: string): string | undefined {
    return this.#core.flow.current.properties.get(key);
  }

  /**
   * Runs `fn` in a flow with these properties too; this flow stays as it is.
   *
   * @throws ArgumentError for an empty key and a value that is no text
   *
   * @example
   * sc.withLocalProperties({ team: 'blue' }, () => sc.getLocalProperty('team')); // 'blue'
   */
  withLocalProperties<R>(properties: Readonly<Record<string, string | undefined>>, fn: () => R): R {
    const all = withProperties(this.#core, properties, 'withLocalProperties');
    return this.#core.flow.within({ properties: all }, fn);
  }

  /**
   * Least severity of log lines, here and on the executors: error, warn, info or debug.
   *
   * @throws ArgumentError for another level; ContextStoppedError
   *
   * @example
   * sc.setLogLevel('warn'); // undefined
   * sc.setLogLevel('loud'); // throws ArgumentError
   */
  setLogLevel(level: string): void {
    this.#core.checkRunning();
    const lower = typeof level === 'string' ? level.toLowerCase() : '';
    if (!logLevels.some((known) => known === lower)) {
      throw new ArgumentError(
        `setLogLevel: level must be one of ${logLevels.join(', ')}, and is ${level}`,
      );
    }
    this.#core.application.runner.setLogLevel(lower);
  }

  /**
   * Where `checkpoint()` writes: a directory of this application's own is made below `path`, which
   * all executors must reach. Nothing is deleted at the end.
   *
   * @throws ArgumentError, AccessDeniedError, FileSystemError
   *
   * @example
   * await sc.setCheckpointDir(dir);
   * sc.getCheckpointDir()?.startsWith('file:'); // true
   */
  async setCheckpointDir(path: string): Promise<void> {
    this.#core.checkRunning();
    await this.#core.checkpoints.setDirectory(
      this.#core,
      checkText(path, 'setCheckpointDir', 'path'),
    );
  }

  /**
   * URI of the directory that `setCheckpointDir` made.
   *
   * @example
   * await sc.setCheckpointDir(dir);
   * typeof sc.getCheckpointDir(); // 'string'
   */
  getCheckpointDir(): string | undefined {
    return this.#core.checkpoints.directory;
  }

  /**
   * Gives a file to all tasks of stages that are planned from now on: `HeddleFiles.get(name)` finds
   * it by its last name, on the driver too. Every executor gets it once. The same content again is
   * fine, other content under a name that is taken is not.
   *
   * Source: Spark 4.0 `SparkContext.addFile`.
   *
   * @param path of any known file system; without a scheme a path of the machine that the driver runs on
   * @throws InputNotFoundError, FileChangedError, ArgumentError (a directory without `recursive`)
   *
   * @example
   * await sc.parallelize(['one', 'two'], 1).saveAsTextFile(`${dir}/in`);
   * await sc.addFile(`${dir}/in`, { recursive: true });
   * const found = sc.range(0, 1, 1, 1).map(() => HeddleFiles.get('in').endsWith('/in'));
   * await found.collect(); // [true]
   */
  async addFile(path: string, options: AddFileOptions = {}): Promise<void> {
    this.#core.checkRunning();
    const { recursive = false } = options;
    checkBoolean(recursive, 'addFile', 'recursive');
    await this.#core.files.addFile(checkText(path, 'addFile', 'path'), recursive);
  }

  /**
   * The same with an archive (`.zip`, `.jar`, `.tar`, `.tar.gz`, `.tgz`), which is unpacked:
   * `HeddleFiles.get(name)` is the directory. `path#name` gives it another name.
   *
   * @throws InputNotFoundError, FileChangedError, ArchiveError
   *
   * @example
   * const pack = `cd ${dir} && echo hi >file && tar -cf data.tar file`;
   * await sc.range(0, 1, 1, 1).pipe(['sh', '-c', pack]).count();
   * await sc.addArchive(`${dir}/data.tar`);
   * sc.listArchives().map((uri) => uri.split('/').at(-1)); // ['data.tar']
   */
  async addArchive(path: string): Promise<void> {
    this.#core.checkRunning();
    await this.#core.files.addArchive(checkText(path, 'addArchive', 'path'));
  }

  /**
   * URIs of the files and directories that were added.
   *
   * @example
   * sc.listFiles().every((uri) => uri.startsWith('file:')); // true
   */
  listFiles(): string[] {
    return this.#core.files.list('file', 'directory');
  }

  /**
   * URIs of the archives that were added.
   *
   * @example
   * sc.listArchives().every((uri) => uri.startsWith('file:')); // true
   */
  listArchives(): string[] {
    return this.#core.files.list('archive');
  }

  /**
   * Ends the application: running jobs fail, executors end, local files are removed. Idempotent.
   *
   * @example
   * await sc.stop();
   * sc.isStopped; // true
   */
  stop(): Promise<void> {
    this.#core.markStopped();
    flushClosureWarnings();
    this.#stopping ??= this.#core.application.runner.stop();
    return this.#stopping;
  }

  /** For `await using sc = await HeddleContext.getOrCreate()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
