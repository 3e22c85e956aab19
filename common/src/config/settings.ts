import {
  atLeast,
  booleanEntry,
  bytesEntry,
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
    doc: 'Where the program runs: `local` (one task at a time), `local[N]` (N task threads), `local[*]` (one for each core), `local[N,F]` (a task may fail F times).',
    defaultText: '`local[*]`',
  }),
  appName: stringEntry('heddle.app.name', {
    doc: 'Name of the application in logs, the event log and messages.',
    defaultText: 'file name of the program',
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
  driverMemory: bytesEntry('heddle.driver.memory', 'm', {
    doc: 'Heap limit of the driver. Read before the driver starts: by `--driver-memory`, `--conf` or the properties file, not from code.',
    defaultText: "Node's own",
    validate: (value) => (value >= 2 ** 26 ? undefined : 'a driver needs at least 64m'),
  }),
  executorMemory: bytesEntry('heddle.executor.memory', 'm', {
    doc: 'Memory that the tasks of an executor may use together; shared evenly by its task threads. In local modes it is what all task threads of the process may use.',
    defaultText: 'half of the machine, but 512m to 2g for each task thread',
    validate: (value) => (value >= 2 ** 27 ? undefined : 'an executor needs at least 128m'),
  }),
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
    defaultText: '`heddle-events` in the directory for temporary files',
  }),
  logLevel: enumEntry('heddle.log.level', ['error', 'warn', 'info', 'debug'], {
    doc: 'Least severity of the log lines on stderr.',
    default: 'warn',
  }),
  shuffleCompress: booleanEntry('heddle.shuffle.compress', {
    doc: 'Whether map outputs and spills are compressed.',
    default: true,
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
  showConsoleProgress: booleanEntry('heddle.ui.showConsoleProgress', {
    doc: 'Whether a progress bar is drawn on stderr; only ever on a terminal.',
    default: true,
  }),
} as const;

/** The registry over `settings`. */
export const settingsRegistry = new ConfigRegistry(Object.values(settings));
