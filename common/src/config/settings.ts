import {
  atLeast,
  booleanEntry,
  bytesEntry,
  doubleEntry,
  durationEntry,
  enumEntry,
  intEntry,
  listEntry,
  stringEntry,
} from './config-entry.js';
import { ConfigRegistry } from './config-registry.js';

/** Every setting of the engine, declared once. Only what some code reads stands here. */
export const settings = {
  master: stringEntry('heddle.master', {
    doc: 'Where the program runs: `local` (one task at a time), `local[N]` (N task threads), `local[*]` (one for each core), `local[N,F]` (a task may fail F times), `local-cluster[E,C,M]` (E executor processes on this machine, each with C task threads and M MiB), `yarn`.',
    defaultText: '`local[*]`',
  }),
  appName: stringEntry('heddle.app.name', {
    doc: 'Name of the application in logs, the event log and messages.',
    defaultText: 'file name of the program',
  }),
  submitBuildCache: stringEntry('heddle.submit.buildCache', {
    doc: 'Folder in which the command keeps built programs, for this user alone; `none` builds anew each time. Read before the driver starts: by `--conf` or the properties file, not from code.',
    defaultText: '`heddle/programs` in `$XDG_CACHE_HOME` or `~/.cache`',
  }),
  defaultParallelism: intEntry('heddle.default.parallelism', {
    doc: 'Number of partitions of `parallelize`, `range` and of shuffles whose number nothing else says.',
    defaultText: 'task threads for sources, the largest parent for shuffles',
    validate: atLeast(1),
  }),
  driverMaxResultSize: bytesEntry('heddle.driver.maxResultSize', 'b', {
    doc: 'Encoded results of one action that the driver accepts before it fails the job with `ResultTooLargeError`; 0 for no limit.',
    default: 2 ** 30,
  }),
  taskMaxDirectResultSize: bytesEntry('heddle.task.maxDirectResultSize', 'b', {
    doc: 'Largest encoded result of a task that an executor process sends with the news of its end. A larger one stays there until the driver fetches it.',
    default: 2 ** 20,
    validate: atLeast(0),
  }),
  driverMemory: bytesEntry('heddle.driver.memory', 'm', {
    doc: 'Heap limit of the driver. Read before the driver starts: by `--driver-memory`, `--conf` or the properties file, not from code.',
    defaultText: "Node's own",
    validate: (value) => (value >= 2 ** 26 ? undefined : 'a driver needs at least 64m'),
  }),
  executorMemory: bytesEntry('heddle.executor.memory', 'm', {
    doc: 'Memory that the tasks of an executor may use together; shared evenly by its task threads. In local modes it is what all task threads of the process may use.',
    defaultText: 'half of the machine, but 512m to 2g for each task thread',
    validate: (value) =>
      value >= 2 ** 27 && value <= 2 ** 40
        ? undefined
        : 'an executor needs at least 128m, and takes 1t at most',
  }),
  executorCores: intEntry('heddle.executor.cores', {
    doc: 'Tasks that an executor process runs at once (`--executor-cores`); one thread each.',
    defaultText: '1; in `local-cluster[E,C,M]` what the master says',
    validate: (value) => (value >= 1 && value <= 1_024 ? undefined : 'between 1 and 1024'),
  }),
  executorInstances: intEntry('heddle.executor.instances', {
    doc: 'Number of executor processes (`--num-executors`).',
    defaultText: '2; in `local-cluster[E,C,M]` what the master says',
    validate: atLeast(1),
  }),
  executorHeartbeatInterval: durationEntry('heddle.executor.heartbeatInterval', 'ms', {
    doc: 'How often an executor process tells the driver that it lives.',
    default: 5_000,
    validate: atLeast(100),
  }),
  networkTimeout: durationEntry('heddle.network.timeout', 's', {
    doc: 'How long an executor process may be silent before the driver takes it for lost. An executor does nothing visible when the driver has not answered for nine tenths of it, and ends after one and a half.',
    default: 60_000,
    validate: atLeast(1_000),
  }),
  executorDecommissionTimeout: durationEntry(
    'heddle.executor.decommission.forceKillTimeout',
    'ms',
    {
      doc: 'How long an executor that drains (on SIGTERM) may finish its tasks and serve its map outputs before it ends.',
      default: 30_000,
      validate: atLeast(0),
    },
  ),
  taskMaxFailures: intEntry('heddle.task.maxFailures', {
    doc: 'Failures of one task after which its job fails. In local modes without a number of failures in the master (`local[N,F]`) a task is not tried again.',
    default: 4,
    defaultText: '4; 1 in local modes',
    validate: atLeast(1),
  }),
  stageMaxConsecutiveAttempts: intEntry('heddle.stage.maxConsecutiveAttempts', {
    doc: 'Attempts of one stage in a row, ended by lost map outputs, after which its job fails.',
    default: 4,
    validate: atLeast(1),
  }),
  schedulerMode: enumEntry('heddle.scheduler.mode', ['FIFO', 'FAIR'], {
    doc: 'Order between jobs that run at the same time: the older job first, or shared by pools.',
    default: 'FIFO',
  }),
  schedulerAllocationFile: stringEntry('heddle.scheduler.allocation.file', {
    doc: 'JSON file of the pools of FAIR scheduling: `{ "name": { "mode": "FIFO" | "FAIR", "weight": 1, "minShare": 0 } }`.',
  }),
  adaptiveEnabled: booleanEntry('heddle.adaptive.enabled', {
    doc: 'Whether small neighbouring partitions behind a shuffle, and tasks that prove to be short, are sent to an executor together, which runs them one after another. Nothing that a program can observe depends on it.',
    default: true,
  }),
  adaptiveTargetSize: bytesEntry('heddle.adaptive.targetSize', 'b', {
    doc: 'Input bytes of partitions that are sent together, at most; a partition counts as 16 KiB more than it reads. There are always several launches for each task slot, so larger values change little.',
    default: 4 * 1024 * 1024,
    validate: atLeast(1),
  }),
  executorWaitTimeout: durationEntry('heddle.scheduler.executorWaitTimeout', 's', {
    doc: 'How long jobs wait while there is no executor at all before they fail; a warning tells of it every 15 s. 0 waits for ever.',
    default: 30 * 60_000,
    validate: atLeast(0),
  }),
  speculation: booleanEntry('heddle.speculation', {
    doc: 'Whether a task that is much slower than the others of its stage gets a second copy on another executor; the first one to finish counts.',
    default: false,
  }),
  speculationQuantile: doubleEntry('heddle.speculation.quantile', {
    doc: "Part of a stage's tasks that must have ended before slow ones get a copy.",
    default: 0.75,
    validate: (value) => (value > 0 && value <= 1 ? undefined : 'above 0, at most 1'),
  }),
  speculationMultiplier: doubleEntry('heddle.speculation.multiplier', {
    doc: 'How many times longer than the median a task must have run to get a copy.',
    default: 1.5,
    validate: atLeast(1),
  }),
  speculationInterval: durationEntry('heddle.speculation.interval', 'ms', {
    doc: 'Least time between two looks for slow tasks.',
    default: 100,
    validate: atLeast(1),
  }),
  speculationMinTaskRuntime: durationEntry('heddle.speculation.minTaskRuntime', 'ms', {
    doc: 'A task that has run shorter than this gets no copy.',
    default: 100,
    validate: atLeast(0),
  }),
  excludeEnabled: booleanEntry('heddle.excludeOnFailure.enabled', {
    doc: 'Whether executors and hosts on which tasks keep failing get no more tasks for a while.',
    default: false,
  }),
  excludeTimeout: durationEntry('heddle.excludeOnFailure.timeout', 's', {
    doc: 'How long an executor or host stays excluded for the whole application.',
    default: 3_600_000,
    validate: atLeast(1),
  }),
  excludeTaskPerExecutor: intEntry('heddle.excludeOnFailure.task.maxTaskAttemptsPerExecutor', {
    doc: 'Failures of one task on an executor after which it does not run there again.',
    default: 1,
    validate: atLeast(1),
  }),
  excludeTaskPerNode: intEntry('heddle.excludeOnFailure.task.maxTaskAttemptsPerNode', {
    doc: 'Failures of one task on a host after which it does not run there again.',
    default: 2,
    validate: atLeast(1),
  }),
  excludeStagePerExecutor: intEntry('heddle.excludeOnFailure.stage.maxFailedTasksPerExecutor', {
    doc: 'Tasks of a stage that failed on an executor before the stage avoids it.',
    default: 2,
    validate: atLeast(1),
  }),
  excludeStagePerNode: intEntry('heddle.excludeOnFailure.stage.maxFailedExecutorsPerNode', {
    doc: 'Executors of a host that a stage avoids before it avoids the host.',
    default: 2,
    validate: atLeast(1),
  }),
  excludeApplicationPerExecutor: intEntry(
    'heddle.excludeOnFailure.application.maxFailedTasksPerExecutor',
    {
      doc: 'Failed tasks, of stages that ended well, before all stages avoid an executor.',
      default: 2,
      validate: atLeast(1),
    },
  ),
  excludeApplicationPerNode: intEntry(
    'heddle.excludeOnFailure.application.maxFailedExecutorsPerNode',
    {
      doc: 'Excluded executors of a host before all stages avoid the host.',
      default: 2,
      validate: atLeast(1),
    },
  ),
  excludeFetchFailure: booleanEntry('heddle.excludeOnFailure.application.fetchFailure.enabled', {
    doc: 'Whether an executor whose map outputs could not be read gets no more tasks at once; with a shuffle service in charge of them, its host.',
    default: false,
  }),
  excludeUnschedulableTimeout: durationEntry(
    'heddle.scheduler.excludeOnFailure.unschedulableTaskSetTimeout',
    's',
    {
      doc: 'How long a task that may run on none of the executors waits for another one before its job fails.',
      default: 120_000,
      validate: atLeast(0),
    },
  ),
  dynamicAllocation: booleanEntry('heddle.dynamicAllocation.enabled', {
    doc: 'Whether the number of executors follows the tasks that wait. Only on a cluster that gives and takes executors.',
    default: false,
  }),
  dynamicAllocationMin: intEntry('heddle.dynamicAllocation.minExecutors', {
    doc: 'Least number of executors.',
    default: 0,
    validate: atLeast(0),
  }),
  dynamicAllocationMax: intEntry('heddle.dynamicAllocation.maxExecutors', {
    doc: 'Largest number of executors.',
    defaultText: 'no limit',
    validate: atLeast(1),
  }),
  dynamicAllocationInitial: intEntry('heddle.dynamicAllocation.initialExecutors', {
    doc: 'Executors at the start.',
    defaultText:
      '`heddle.dynamicAllocation.minExecutors`, or `heddle.executor.instances` if larger',
    validate: atLeast(0),
  }),
  dynamicAllocationBacklog: durationEntry('heddle.dynamicAllocation.schedulerBacklogTimeout', 's', {
    doc: 'How long tasks wait before the first executors are asked for because of them.',
    default: 1_000,
    validate: atLeast(0),
  }),
  dynamicAllocationSustained: durationEntry(
    'heddle.dynamicAllocation.sustainedSchedulerBacklogTimeout',
    's',
    {
      doc: 'How long tasks wait before more executors are asked for, each time twice as many.',
      defaultText: '`heddle.dynamicAllocation.schedulerBacklogTimeout`',
      validate: atLeast(1),
    },
  ),
  dynamicAllocationRatio: doubleEntry('heddle.dynamicAllocation.executorAllocationRatio', {
    doc: 'Part of the executors that would run all tasks at once which is asked for.',
    default: 1,
    validate: (value) => (value > 0 && value <= 1 ? undefined : 'above 0, at most 1'),
  }),
  dynamicAllocationIdle: durationEntry('heddle.dynamicAllocation.executorIdleTimeout', 's', {
    doc: 'How long an executor without tasks is kept.',
    default: 60_000,
    validate: atLeast(0),
  }),
  dynamicAllocationCachedIdle: durationEntry(
    'heddle.dynamicAllocation.cachedExecutorIdleTimeout',
    's',
    {
      doc: 'How long an executor without tasks that holds cached blocks is kept.',
      defaultText: 'for ever',
      validate: atLeast(0),
    },
  ),
  dynamicAllocationShuffleIdle: durationEntry(
    'heddle.dynamicAllocation.shuffleTracking.timeout',
    's',
    {
      doc: "How long an executor without tasks is kept that wrote map outputs which nobody else serves. Outputs that the node's shuffle service serves do not count.",
      defaultText: 'for ever',
      validate: atLeast(0),
    },
  ),
  localityWait: durationEntry('heddle.locality.wait', 'ms', {
    doc: 'How long a task waits for a slot near its data before it takes one farther away.',
    default: 3_000,
  }),
  localDir: listEntry('heddle.local.dir', {
    doc: 'Directories for shuffle files, spills and cached blocks; a private one is made in each and removed at the end.',
    defaultText: "the system's directory for temporary files",
    validate: (value) => (value.length > 0 ? undefined : 'at least one directory is needed'),
  }),
  eventLogEnabled: booleanEntry('heddle.eventLog.enabled', {
    doc: 'Whether the application writes an event log (one JSON object a line).',
    default: true,
  }),
  eventLogDir: stringEntry('heddle.eventLog.dir', {
    doc: 'Directory of event logs; made when it is missing.',
    defaultText:
      '`heddle-events` in the directory for temporary files; on YARN `.heddle/events` in the home directory in HDFS',
  }),
  logLevel: enumEntry('heddle.log.level', ['error', 'warn', 'info', 'debug'], {
    doc: 'Least severity of the log lines on stderr.',
    default: 'warn',
  }),
  shuffleCompress: booleanEntry('heddle.shuffle.compress', {
    doc: 'Whether map outputs and spills are compressed.',
    default: true,
  }),
  reducerMaxSizeInFlight: bytesEntry('heddle.reducer.maxSizeInFlight', 'm', {
    doc: 'Bytes of map outputs that all task threads of an executor together fetch ahead from other executors; at most an eighth of the memory of the executor. Larger parts go through files.',
    default: 48 * 1024 * 1024,
    validate: (value) => (value >= 2 ** 20 ? undefined : 'fetching needs at least 1m'),
  }),
  shuffleReadHostLocalDisk: booleanEntry('heddle.shuffle.readHostLocalDisk', {
    doc: 'Whether map outputs of other executors of the same host are read from its disk rather than over HTTP.',
    default: true,
  }),
  shuffleIoMaxRetries: intEntry('heddle.shuffle.io.maxRetries', {
    doc: 'How often a fetch that a network error ended is tried again before its map outputs count as lost. A refused connection counts at once.',
    default: 3,
    validate: atLeast(0),
  }),
  shuffleIoRetryWait: durationEntry('heddle.shuffle.io.retryWait', 'ms', {
    doc: 'About how long to wait before each of these retries.',
    default: 5_000,
  }),
  shuffleIoConnectionTimeout: durationEntry('heddle.shuffle.io.connectionTimeout', 'ms', {
    doc: 'How long an executor that is asked for map outputs may take to begin its answer.',
    default: 30_000,
    validate: atLeast(1),
  }),
  shuffleIoStallTimeout: durationEntry('heddle.shuffle.io.stallTimeout', 'ms', {
    doc: 'How long an answer may stand still before it counts as broken.',
    default: 10_000,
    validate: atLeast(1),
  }),
  shuffleServiceEnabled: booleanEntry('heddle.shuffle.service.enabled', {
    doc: "Whether map outputs of executors that are gone are read from their node's shuffle service (`mapreduce_shuffle` of YARN; a process of its own in `local-cluster`).",
    default: true,
  }),
  broadcastBlockSize: bytesEntry('heddle.broadcast.blockSize', 'k', {
    doc: 'Size of the chunks in which broadcast variables go to executors and from one to another.',
    default: 4 * 1024 * 1024,
    validate: (value) =>
      value >= 4_096 && value <= 2 ** 30 ? undefined : 'it must be from 4k to 1g',
  }),
  files: listEntry('heddle.files', {
    doc: 'Files for every task (`--files`): `path` or `path#name`; found with `HeddleFiles.get(name)`.',
    default: [],
  }),
  localBlockSize: bytesEntry('heddle.files.localBlockSize', 'b', {
    doc: 'Largest split of a file of this machine: each becomes a task of its own.',
    default: 32 * 1024 * 1024,
    validate: (value) => (value >= 1024 ? undefined : 'a split needs at least 1k'),
  }),
  hadoopConfDir: listEntry('heddle.hadoop.confDir', {
    doc: "Directories with the cluster's `core-site.xml`, `hdfs-site.xml` and `yarn-site.xml`; of a file that several have the first counts.",
    defaultText: '`YARN_CONF_DIR`, `HADOOP_CONF_DIR`, `$HADOOP_HOME/etc/hadoop`',
    validate: (value) => (value.length > 0 ? undefined : 'at least one directory is needed'),
  }),
  hadoopHosts: listEntry('heddle.hadoop.hosts', {
    doc: "Addresses of the cluster's host names, as `name=address`, where this machine does not resolve them.",
    default: [],
    validate: (value) =>
      value.every((pair) => /^[^=\s]+=[0-9a-fA-F.:]+$/.test(pair))
        ? undefined
        : 'each item must be a host name, = and an IP address',
  }),
  hadoopTlsCaFile: stringEntry('heddle.hadoop.tls.caFile', {
    doc: "File with the certificates (PEM) of the authorities that sign the cluster's certificates, trusted instead of Node's own.",
    defaultText: "Node's own authorities",
  }),
  showConsoleProgress: booleanEntry('heddle.ui.showConsoleProgress', {
    doc: 'Whether a progress bar is drawn on stderr; only ever on a terminal.',
    default: true,
  }),
  submitDeployMode: enumEntry('heddle.submit.deployMode', ['client', 'cluster'], {
    doc: 'On YARN: whether the driver runs in the `heddle` process (`client`) or in a container of the cluster (`cluster`).',
    default: 'client',
  }),
  submitWaitAppCompletion: booleanEntry('heddle.yarn.submit.waitAppCompletion', {
    doc: 'In cluster mode: whether `heddle submit` stays until the application has ended. Without it, it ends when YARN has accepted the application.',
    default: true,
  }),
  driverMemoryOverhead: bytesEntry('heddle.driver.memoryOverhead', 'm', {
    doc: "In cluster mode: what the driver's container has beyond `heddle.driver.memory`, for the ApplicationMaster and for memory outside of the heap.",
    defaultText: 'a tenth of the memory, at least 384m',
  }),
  driverCores: intEntry('heddle.driver.cores', {
    doc: "In cluster mode: virtual cores of the driver's container.",
    default: 1,
    validate: atLeast(1),
  }),
  executorMemoryOverhead: bytesEntry('heddle.executor.memoryOverhead', 'm', {
    doc: 'On YARN: what the container of an executor has beyond `heddle.executor.memory`, for code, threads and memory outside of the heaps.',
    defaultText: 'a tenth of the memory, at least 384m',
  }),
  executorMaxNumFailures: intEntry('heddle.executor.maxNumFailures', {
    doc: 'Failures of executors after which the application is given up; with `local-cluster` all its jobs fail.',
    defaultText: 'twice the number of executors, at least 3',
    validate: atLeast(1),
  }),
  executorFailuresValidityInterval: durationEntry(
    'heddle.executor.failuresValidityInterval',
    'ms',
    {
      mostMs: Infinity,
      doc: 'On YARN: failures of executors older than this do not count.',
      defaultText: 'all count',
      validate: atLeast(1),
    },
  ),
  yarnQueue: stringEntry('heddle.yarn.queue', {
    doc: 'Queue of the application (`--queue`).',
    default: 'default',
  }),
  yarnTags: listEntry('heddle.yarn.tags', {
    doc: 'Tags by which the application can be found in YARN; at most 10.',
    default: [],
    validate: (value) =>
      value.length <= 10 && value.every((tag) => /^[\x20-\x7e]{1,100}$/.test(tag))
        ? undefined
        : 'at most 10 tags of at most 100 ASCII characters each',
  }),
  yarnPriority: intEntry('heddle.yarn.priority', {
    doc: "Priority of the application in its queue, where the queue's policy looks at it.",
    validate: atLeast(0),
  }),
  yarnMaxAppAttempts: intEntry('heddle.yarn.maxAppAttempts', {
    doc: "How often the ApplicationMaster is started at most; YARN's own limit holds too.",
    defaultText: 'cluster mode: that of YARN; client mode: 1',
    validate: atLeast(1),
  }),
  yarnLifetime: durationEntry('heddle.yarn.lifetime', 's', {
    mostMs: Infinity,
    doc: 'Time after which YARN ends the application, counted from its submission.',
    defaultText: 'none',
    validate: atLeast(1_000),
  }),
  yarnAmMemory: bytesEntry('heddle.yarn.am.memory', 'm', {
    doc: 'In client mode: heap of the ApplicationMaster.',
    default: 256 * 2 ** 20,
    validate: (value) => (value >= 2 ** 26 ? undefined : 'an ApplicationMaster needs at least 64m'),
  }),
  yarnAmMemoryOverhead: bytesEntry('heddle.yarn.am.memoryOverhead', 'm', {
    doc: "In client mode: what the ApplicationMaster's container has beyond `heddle.yarn.am.memory`.",
    defaultText: 'a tenth of the memory, at least 384m',
  }),
  yarnAmCores: intEntry('heddle.yarn.am.cores', {
    doc: "In client mode: virtual cores of the ApplicationMaster's container.",
    default: 1,
    validate: atLeast(1),
  }),
  yarnAmNodeLabelExpression: stringEntry('heddle.yarn.am.nodeLabelExpression', {
    doc: 'Node labels for the ApplicationMaster.',
  }),
  yarnExecutorNodeLabelExpression: stringEntry('heddle.yarn.executor.nodeLabelExpression', {
    doc: 'Node labels for executors.',
  }),
  yarnExcludeNodes: listEntry('heddle.yarn.exclude.nodes', {
    doc: 'Hosts on which no executor shall run.',
    default: [],
  }),
  yarnLocalityEnabled: booleanEntry('heddle.yarn.locality.enabled', {
    doc: "Whether containers are asked for on the hosts that hold the program's inputs; `false` only to compare.",
    default: true,
  }),
  yarnLocalityWait: durationEntry('heddle.yarn.locality.wait', 'ms', {
    doc: 'How long containers are asked for on those hosts alone; then their racks will do, and after half as long again any node.',
    default: 3_000,
  }),
  yarnExecutorStartTimeout: durationEntry('heddle.yarn.executor.startTimeout', 'ms', {
    doc: 'How long an executor may take from the grant of its container until it reports; then it is replaced.',
    default: 120_000,
    validate: atLeast(1_000),
  }),
  yarnStagingDir: stringEntry('heddle.yarn.stagingDir', {
    doc: "Directory in the cluster's file system below which each application's private files are staged.",
    defaultText: "`.heddle/staging` in the user's home",
  }),
  yarnRuntimeDir: stringEntry('heddle.yarn.runtimeDir', {
    doc: "Directory in the cluster's file system for the archives of Node and of the engine, which are uploaded once.",
    defaultText: "`.heddle/runtime` in the user's home",
  }),
  yarnNodeArchive: stringEntry('heddle.yarn.nodeArchive', {
    doc: 'A `.tar.gz` in the cluster with another Node (24 or newer) as `bin/node`, for nodes that cannot run the one that comes with the engine.',
    defaultText: 'the Node that comes with the engine',
  }),
  yarnPreserveStagingFiles: booleanEntry('heddle.yarn.preserve.staging.files', {
    doc: "Whether an application's staged files stay when it has ended, to look at them.",
    default: false,
  }),
  yarnArchives: listEntry('heddle.archives', {
    doc: 'On YARN: archives that are unpacked beside every task (`--archives`): `path` or `path#folder`.',
    default: [],
  }),
  yarnReportInterval: durationEntry('heddle.yarn.report.interval', 'ms', {
    doc: "How often `heddle submit` asks YARN for the application's state.",
    default: 1_000,
    validate: atLeast(50),
  }),
  yarnReportLoggingFrequency: intEntry('heddle.yarn.report.loggingFrequency', {
    doc: 'A line of the report is written at each change of state, and after so many reports without one.',
    default: 30,
    validate: atLeast(1),
  }),
  yarnAmWaitTime: durationEntry('heddle.yarn.am.waitTime', 'ms', {
    doc: 'How long the ApplicationMaster waits for its driver to come; in client mode also how long the client waits for the ApplicationMaster once its container runs.',
    default: 100_000,
    validate: atLeast(1_000),
  }),
  clientReconnectTimeout: durationEntry('heddle.client.reconnectTimeout', 'ms', {
    doc: 'In client mode: how long the ApplicationMaster keeps everything running for a driver whose connection broke.',
    default: 60_000,
    validate: atLeast(1_000),
  }),
} as const;

/** Settings whose keys go on with a name of the user's choice. */
export const settingFamilies = [
  {
    prefix: 'heddle.yarn.appMasterEnv.',
    doc: 'On YARN: an environment variable of the ApplicationMaster, and in cluster mode of the driver.',
  },
  { prefix: 'heddle.executorEnv.', doc: 'On YARN: an environment variable of executors.' },
] as const;

/** The registry over `settings`. */
export const settingsRegistry = new ConfigRegistry(Object.values(settings), settingFamilies);
