import { silentLogger } from '@heddle/common';
import { FileSystemRegistry } from '@heddle/webhdfs';
import { driverCodeTable } from '../../src/closures/index.js';
import { encodeBatches, encodeValue } from '../../src/codec/index.js';
import { HeddleContext } from '../../src/context/heddle-context.js';
import type { JobRequest, JobRunner } from '../../src/context/job-runner.js';
import {
  installLauncher,
  type DriverServices,
  type LaunchedApplication,
  type ResolvedContextSettings,
} from '../../src/context/launcher.js';
import type { Sink, Split, StagePlan } from '../../src/plan/index.js';

/** A job as the fake runner saw it. */
export interface SeenJob {
  readonly request: JobRequest;
  readonly plan: StagePlan;
  readonly sink: Sink;
}

/** Gives the result of one partition: a value, or records of a `collect` or `take`. */
export type Responder = (
  job: SeenJob,
  partition: number,
) => { value: unknown } | { records: unknown[] };

/** An application without executors: jobs are recorded and answered by a function of the test. */
export class FakeApplication {
  readonly jobs: SeenJob[] = [];
  readonly calls: string[] = [];
  readonly launches: ResolvedContextSettings[] = [];
  services: DriverServices | undefined;
  respond: Responder = () => ({ records: [] });
  defaultParallelism = 2;
  readonly fileSystems = new FileSystemRegistry();
  /** Order in which a job's results come. */
  order: (partitions: number) => number[] = (count) => Array.from({ length: count }, (_, i) => i);

  /** Installs a launcher for it. */
  install(submitted: Record<string, string> = {}): void {
    installLauncher({
      submittedSettings: new Map(Object.entries(submitted)),
      launch: (settings, services) => {
        this.launches.push(settings);
        this.services = services;
        return Promise.resolve(this.#application(settings));
      },
    });
  }

  /** Starts a context over it. */
  async start(conf: Record<string, string> = {}): Promise<HeddleContext> {
    this.install();
    return await HeddleContext.getOrCreate({ conf });
  }

  split(job: SeenJob, partition: number): Split {
    return this.services!.compiler.split(job.request.finalNode, partition);
  }

  #application(settings: ResolvedContextSettings): LaunchedApplication {
    return {
      applicationId: `local-${this.launches.length}`,
      master: settings.master === 'local[*]' ? 'local[8]' : (settings.master ?? 'local[2]'),
      appName: settings.appName ?? 'a test',
      deployMode: 'client',
      user: 'someone',
      startTime: 1_700_000_000_000,
      programHash: 'hash',
      fileSystems: this.fileSystems,
      defaultParallelism: this.defaultParallelism,
      logger: { ...silentLogger, warn: (message) => this.calls.push(`warn ${message}`) },
      runner: this.#runner(),
    };
  }

  #runner(): JobRunner {
    const note = (call: string): void => {
      this.calls.push(call);
    };
    const noteAsync = (call: string): Promise<void> => {
      note(call);
      return Promise.resolve();
    };
    return {
      runJob: (request) => this.#runJob(request),
      cancelJobGroup: (group) => note(`cancelJobGroup ${group}`),
      cancelJobsWithTag: (tag) => note(`cancelJobsWithTag ${tag}`),
      cancelAllJobs: () => note('cancelAllJobs'),
      unpersist: (rddId, blocking) => noteAsync(`unpersist ${rddId} ${blocking}`),
      isFullyCached: () => true,
      removeShuffle: (shuffleId) => noteAsync(`removeShuffle ${shuffleId}`),
      addBroadcast: (id, bytes) => note(`addBroadcast ${id} ${bytes.byteLength > 0}`),
      removeBroadcast: (id, blocking) => noteAsync(`removeBroadcast ${id} ${blocking}`),
      activeJobIds: () => [4],
      activeStageIds: () => [7],
      jobIdsForGroup: (group) => (group === undefined ? [1] : [2, 3]),
      jobInfo: (jobId) => ({ jobId, status: 'RUNNING', stageIds: [7] }),
      stageInfo: () => undefined,
      executors: () => [],
      setLogLevel: (level) => note(`setLogLevel ${level}`),
      stop: () => noteAsync('stop'),
    };
  }

  async #runJob(request: JobRequest): Promise<void> {
    const plan = this.services!.compiler.resultPlan(request.finalNode, request.sink);
    const job = { request, plan, sink: plan.sink };
    this.jobs.push(job);
    await Promise.resolve();
    for (const position of this.order(request.partitions.length)) {
      const answer = this.respond(job, request.partitions[position]!);
      const bytes =
        'records' in answer
          ? encodeBatches(answer.records, driverCodeTable())
          : encodeValue(answer.value, driverCodeTable());
      request.onResult(position, bytes);
    }
  }
}
