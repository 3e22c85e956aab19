import { metricsOfRun } from '../thread/packed-runs.js';
import type { ExecutorMessage } from './messages.js';

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Check>>;

const MAX_TEXT = 256 * 1024;
const MAX_ITEMS = 10_000_000;

const text: Check = (value) => typeof value === 'string' && value.length <= MAX_TEXT;
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** `undefined`-free numbers of metrics and sizes; never NaN. */
const amount: Check = (value) => typeof value === 'number' && value >= 0;
const flag: Check = (value) => typeof value === 'boolean';
const bytes: Check = (value) => value instanceof Uint8Array;
const sizes: Check = (value) =>
  value instanceof Float64Array && value.every((size) => Number.isSafeInteger(size) && size >= 0);

const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length <= MAX_ITEMS && value.every(check);
const record =
  (fields: Fields): Check =>
  (value) =>
    isRecord(value) && hasFields(value, fields);
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    texts.includes(value as string);
/** An object whose `kind` says which fields it has. */
const union =
  (kinds: Readonly<Record<string, Fields>>): Check =>
  (value) => {
    if (!isRecord(value) || typeof value['kind'] !== 'string') return false;
    const fields = Object.hasOwn(kinds, value['kind']) ? kinds[value['kind']] : undefined;
    return fields !== undefined && hasFields(value, fields);
  };

const metrics: Check = (value) =>
  value instanceof Float64Array && value.length <= MAX_ITEMS && value.every(amount);

const blockStatus = record({
  rddId: whole,
  partition: whole,
  memoryBytes: amount,
  diskBytes: amount,
  isGone: optional(flag),
});

const result = union({
  mapOutput: {
    status: record({
      mapId: text,
      shuffleId: whole,
      mapPartition: whole,
      generation: whole,
      localDirectory: text,
      partSizesBytes: sizes,
      partSizeClasses: optional(bytes),
      records: amount,
    }),
  },
  value: { bytes },
  stored: { resultId: text, sizeBytes: whole },
});

/** `PackedValues`. */
const values: Check = (value) =>
  isRecord(value) &&
  bytes(value['bytes']) &&
  value['sizesBytes'] instanceof Uint32Array &&
  value['sizesBytes'].reduce((sum, size) => sum + size, 0) ===
    (value['bytes'] as Uint8Array).length;

const failure = union({
  exception: { error: bytes, summary: text, retryable: flag },
  fetchFailed: {
    shuffleId: whole,
    mapPartition: whole,
    mapId: text,
    generation: whole,
    summary: text,
    scope: optional(oneOf('output', 'executor', 'host')),
  },
  threadLost: { reason: oneOf('heapLimit', 'exit', 'crash'), summary: text },
  killed: { reason: text, notBegun: optional((value) => value === true) },
  commitDenied: { summary: text },
});

const update = union({
  succeeded: {
    taskAttemptId: whole,
    result,
    accumulators: listOf(record({ accumulatorId: whole, value: bytes })),
    blocks: listOf(blockStatus),
  },
  failed: { taskAttemptId: whole, failure },
});

const messages: Readonly<Record<ExecutorMessage['kind'], Fields>> = {
  register: {
    executorId: text,
    host: text,
    slots: whole,
    pid: whole,
    port: whole,
    programHash: text,
  },
  heartbeat: { runningTasks: listOf(whole), cacheBytes: amount },
  taskUpdates: { updates: listOf((value) => whole(value) || update(value)), values, metrics },
  mayCommit: {
    requestId: whole,
    saveId: whole,
    generation: whole,
    partition: whole,
    taskAttemptId: whole,
  },
  blocksChanged: { statuses: listOf(blockStatus) },
  done: { requestId: whole },
  draining: { reason: text },
  goodbye: { exitCode: whole, reason: text },
};

/** The value as a message, or what is wrong with it. */
export function checkExecutorMessage(value: unknown): ExecutorMessage | string {
  if (!isRecord(value) || typeof value['kind'] !== 'string') {
    return 'a message is no object with a kind';
  }
  const { kind } = value;
  if (!Object.hasOwn(messages, kind))
    return `a message is of the unknown kind ${kind.slice(0, 100)}`;
  const fields = messages[kind as ExecutorMessage['kind']];
  const wrong = Object.entries(fields).find(([name, check]) => !check(value[name]));
  if (wrong !== undefined) return `the field ${wrong[0]} of a message ${kind} is missing or wrong`;
  const message = value as unknown as ExecutorMessage;
  if (message.kind !== 'taskUpdates') return message;
  const { updates, values: packed, metrics: all } = message;
  if (all.length !== updates.length * metricsOfRun) {
    return 'a message taskUpdates does not have the metrics of its updates';
  }
  const alone = updates.filter((each) => typeof each === 'number').length;
  if (packed.sizesBytes.length !== alone) {
    return 'a message taskUpdates does not have the results of its updates';
  }
  return message;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasFields(value: Record<string, unknown>, fields: Fields): boolean {
  for (const name in fields) {
    if (!fields[name]!(value[name])) return false;
  }
  return true;
}
