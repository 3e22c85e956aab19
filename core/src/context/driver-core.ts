import type { CallSite, Logger } from '@heddle/common';
import type { AccumulatorRegistry } from '../accumulator/accumulator-registry.js';
import { ContextStoppedError } from '../errors/index.js';
import type { JobSink } from '../plan/index.js';
import { ApplicationFiles } from '../files/application-files.js';
import { checkpointMarked, Checkpoints } from '../rdd/checkpoint.js';
import { prepareLineage } from '../rdd/prepare.js';
import type { RddNode } from '../rdd/rdd-node.js';
import { ContextCleaner } from './context-cleaner.js';
import { FlowProperties, type FlowState } from './flow-properties.js';
import type { HeddleContext } from './heddle-context.js';
import type { LaunchedApplication } from './launcher.js';

/** What an action fixes at its call, before anything asynchronous happens. */
export interface ActionCall {
  readonly callSite: CallSite;
  readonly flow: FlowState;
  readonly signal: AbortSignal | undefined;
}

/** One job of an action. */
export interface DriverJob {
  readonly node: RddNode;
  readonly sink: JobSink;
  readonly partitions: readonly number[];
  /** `position` is the place in `partitions`; called in any order. */
  onResult(position: number, bytes: Uint8Array): void;
}

class IdCounters {
  #rdd = 0;
  #shuffle = 0;
  #broadcast = 0;
  #save = 0;

  nextRdd(): number {
    return this.#rdd++;
  }

  nextShuffle(): number {
    return this.#shuffle++;
  }

  nextBroadcast(): number {
    return this.#broadcast++;
  }

  nextSave(): number {
    return this.#save++;
  }
}

/** What the context and all its RDDs share: the application, ids, flow-local properties, the way to a job. */
export class DriverCore {
  readonly ids = new IdCounters();
  readonly flow = new FlowProperties();
  readonly application: LaunchedApplication;
  readonly accumulators: AccumulatorRegistry;
  readonly cleaner: ContextCleaner;
  readonly checkpoints = new Checkpoints();
  readonly files: ApplicationFiles;
  /** Counts the cuts of lineages: what was derived from the whole of one is worth nothing after. */
  lineageEpoch = 0;
  /** `heddle.default.parallelism` when it is set: shuffles look at it before they look at parents. */
  readonly configuredParallelism: number | undefined;
  #context: HeddleContext | undefined;
  #isStopped = false;

  constructor(
    application: LaunchedApplication,
    accumulators: AccumulatorRegistry,
    configuredParallelism: number | undefined,
  ) {
    this.application = application;
    this.accumulators = accumulators;
    this.files = new ApplicationFiles(application);
    this.cleaner = new ContextCleaner(application.runner, application.logger);
    this.configuredParallelism = configuredParallelism;
  }

  get context(): HeddleContext {
    return this.#context!;
  }

  set context(context: HeddleContext) {
    this.#context = context;
  }

  get logger(): Logger {
    return this.application.logger;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  markStopped(): void {
    this.#isStopped = true;
    this.cleaner.stop();
  }

  /** @throws ContextStoppedError after `stop()` */
  checkRunning(): void {
    if (this.#isStopped) throw new ContextStoppedError(this.application.applicationId);
  }

  /** Prepares a node in the flow of an action: its sampling jobs belong to the action's group. */
  async prepare(node: RddNode, call: ActionCall): Promise<void> {
    this.checkRunning();
    await this.flow.within(call.flow, () => prepareLineage(node, { signal: call.signal }));
  }

  /**
   * Runs a job over a prepared node; none when there are no partitions. Writes the checkpoints after
   * it that were asked for.
   */
  async runJob(job: DriverJob, call: ActionCall): Promise<void> {
    await this.runPlainJob(job, call);
    await checkpointMarked(this, job.node, call);
  }

  /** The job alone. */
  async runPlainJob(job: DriverJob, call: ActionCall): Promise<void> {
    this.checkRunning();
    if (job.partitions.length === 0) return;
    await this.application.runner.runJob({
      finalNode: job.node,
      sink: job.sink,
      partitions: job.partitions,
      callSite: call.callSite,
      description: call.flow.description,
      jobGroup: call.flow.jobGroup,
      tags: [...call.flow.tags],
      properties: Object.fromEntries(call.flow.properties),
      signal: call.signal,
      onResult: (position, bytes) => job.onResult(position, bytes),
    });
  }
}
