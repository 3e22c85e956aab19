import type { SchedulerBackend, BackendEvents } from '@heddle/scheduler';
import { SchedulerRunner } from '@heddle/scheduler';
import type {
  JobRequest,
  LineageNode,
  Split,
  StageCompiler,
  StagePlan,
  TaskDescription,
  TaskMetrics,
} from 'heddle/internal';

/**
 * What scheduling costs by itself: a stage of many tasks, each with data on three hosts, over many
 * executors that do nothing but say that a task ended. No processes, threads or messages.
 *
 * `node benchmarks/dist/src/scheduler-simulation.js [tasks] [executors] [slots of each]`
 */
const [tasks = 100_000, executors = 1_000, slots = 4] = process.argv.slice(2).map(Number);

const callSite = { operator: 'count', file: 'simulation.ts', line: 1, column: 1 };

const metrics: TaskMetrics = {
  deserializeMs: 0,
  runMs: 1,
  cpuMs: 1,
  resultSizeBytes: 0,
  inputBytes: 0,
  inputRecords: 0,
  outputBytes: 0,
  outputRecords: 0,
  shuffleReadLocalBytes: 0,
  shuffleReadRemoteBytes: 0,
  shuffleReadRecords: 0,
  shuffleWriteBytes: 0,
  shuffleWriteRecords: 0,
  spilledBytes: 0,
  spills: 0,
  peakHeapBytes: 0,
};

/** Plans with nothing in them. */
const compiler: StageCompiler = {
  resultPlan: (_node, sink): StagePlan => ({
    nodes: [],
    closures: [],
    sink: sink.build(() => 0),
  }),
  shuffleMapPlan: (): StagePlan => ({ nodes: [], closures: [], sink: { kind: 'count' } }),
  split: (_node: LineageNode, index: number): Split => ({ index }),
};

/** Executors that end their tasks in the order in which these were launched. */
class InstantBackend implements SchedulerBackend {
  readonly #queue: { readonly executorId: string; readonly taskAttemptId: number }[] = [];
  #events: BackendEvents | undefined;
  launched = 0;

  start(events: BackendEvents): Promise<void> {
    this.#events = events;
    for (let host = 0; host < executors; host++) {
      events.executorAdded({ executorId: `e${host}`, host: `h${host}`, slots });
    }
    return Promise.resolve();
  }

  launch(executorId: string, { taskAttemptId }: TaskDescription): void {
    this.launched++;
    this.#queue.push({ executorId, taskAttemptId });
  }

  /** Ends tasks until none runs. */
  runAll(): void {
    const bytes = new Uint8Array(0);
    for (let position = 0; position < this.#queue.length; position++) {
      const { executorId, taskAttemptId } = this.#queue[position]!;
      this.#events?.taskUpdate({
        kind: 'succeeded',
        taskAttemptId,
        executorId,
        result: { kind: 'value', bytes },
        metrics,
        accumulators: [],
        blocks: [],
      });
    }
    this.#queue.length = 0;
  }

  registerStage(): void {}
  unregisterStage(): void {}
  kill(): void {}
  addBroadcast(): void {}
  setLogLevel(): void {}
  removeRdd = (): Promise<void> => Promise.resolve();
  removeShuffle = (): Promise<void> => Promise.resolve();
  removeBroadcast = (): Promise<void> => Promise.resolve();
  stop = (): Promise<void> => Promise.resolve();
}

const input: LineageNode = {
  rddId: 0,
  name: undefined,
  callSite,
  partitionCount: tasks,
  dependencies: [],
  storageLevel: undefined,
  determinacy: 'determinate',
  preferredLocations: (partition) => [1, 7, 13].map((step) => `h${(partition * step) % executors}`),
};

const backend = new InstantBackend();
const runner = new SchedulerRunner({ backend, compiler, localityWaitMs: 0 });
await runner.start();
let results = 0;
const request: JobRequest = {
  finalNode: input,
  sink: { build: () => ({ kind: 'count' }) },
  partitions: Array.from({ length: tasks }, (_, index) => index),
  callSite,
  description: undefined,
  jobGroup: undefined,
  tags: [],
  properties: {},
  signal: undefined,
  onResult: () => {
    results++;
  },
};
const heapBefore = process.memoryUsage().heapUsed;
const cpuBefore = process.cpuUsage();
const job = runner.runJob(request);
const submitted = process.cpuUsage(cpuBefore);
backend.runAll();
await job;
const { user, system } = process.cpuUsage(cpuBefore);
const { heapUsed, rss } = process.memoryUsage();
await runner.stop();
if (results !== tasks) throw new Error(`${results} results of ${tasks} tasks`);
const seconds = (microseconds: number): string => (microseconds / 1e6).toFixed(2);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
process.stdout.write(
  `${tasks} tasks on ${executors} executors of ${slots} slots: ${seconds(user + system)} s of CPU ` +
    `(${((user + system) / tasks).toFixed(1)} µs a task; ${seconds(submitted.user + submitted.system)} s until the first slots were full), ` +
    `heap ${mebibytes(heapUsed - heapBefore)} MiB more at the end, ${mebibytes(rss)} MiB resident\n`,
);
