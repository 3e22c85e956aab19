import { HeddleError } from '@heddle/common';
import type { NetworkAddress } from '../control/messages.js';

/** What an executor process can begin with before its program is known. */
export interface LaunchOutline {
  /** Tasks that run at once. */
  readonly slots: number;
  /** `heddle.executor.memory`: everything that the program and the engine may use. */
  readonly memoryBytes: number;
}

/** A process of this host, told from all others that may have its number one day. */
export interface ProcessIdentity {
  readonly pid: number;
  /** `processStart`. */
  readonly started: string;
}

/**
 * Everything that an executor process must know at its start, as JSON. Holds no secret: the key comes
 * beside it, never in arguments, environment or logs.
 */
export interface ExecutorLaunchSpec extends LaunchOutline {
  readonly formatVersion: 1;
  /** Unique in the application attempt; never reused. */
  readonly executorId: string;
  /** Name of the node, for locality. */
  readonly host: string;
  /** Address that the executor's own server listens on. */
  readonly bindHost: string;
  readonly applicationId: string;
  readonly applicationAttemptId: string;
  /** The control hub. */
  readonly driver: NetworkAddress;
  /**
   * The process that has the hub and started this one on its own host: while it lives its silence says
   * that it is busy. @default it is somewhere else, and its silence is all that can be known
   */
  readonly driverProcess?: ProcessIdentity;
  readonly program: {
    readonly taskFile: string;
    /** Of the table of functions; task threads compare it with what they loaded. */
    readonly hash: string;
    /** SHA-256 of the task file, in hex; compared before anything is loaded. */
    readonly fileHash: string;
  };
  /**
   * The application's directories on this node. Map outputs go to `<dir>/output/<mapId>` and outlive
   * the executor; everything else goes to `<dir>/executor-<id>`, removed when it ends.
   */
  readonly localDirectories: readonly string[];
  /**
   * Directories of the application that the last process on this node removes when the driver was
   * killed. @default `localDirectories`; none where YARN cleans up
   */
  readonly ownedDirectories?: readonly string[];
  readonly filesDirectory?: string;
  /** Settings of the application that its executors read. */
  readonly settings: Readonly<Record<string, string>>;
  readonly shuffleService?: NetworkAddress;
}

/** The launch specification of an executor is not one: the launcher and the executor differ in version. */
export class LaunchSpecError extends HeddleError {
  readonly code = 'LAUNCH_SPEC';

  constructor(reason: string, options?: ErrorOptions) {
    super(
      `the executor cannot be started: its launch specification ${reason}; launcher and executor must be of one version of the engine`,
      options,
    );
  }
}

const idPattern = /^[A-Za-z0-9_-]{1,100}$/;

/** Reads an outline. @throws LaunchSpecError when something is missing or out of range */
export function parseLaunchOutline(text: string): LaunchOutline {
  const outline = parseObject(text);
  checkOutline(outline);
  return outline as unknown as LaunchOutline;
}

/** Reads a specification. @throws LaunchSpecError when something is missing or out of range */
export function parseLaunchSpec(text: string): ExecutorLaunchSpec {
  const spec = parseObject(text);
  if (spec['formatVersion'] !== 1) {
    throw new LaunchSpecError(`has version ${JSON.stringify(spec['formatVersion'])}, not 1`);
  }
  for (const name of ['host', 'bindHost', 'applicationId', 'applicationAttemptId'] as const) {
    requireThat(isText(spec[name]), name);
  }
  requireThat(isText(spec['executorId']) && idPattern.test(spec['executorId']), 'executorId');
  requireThat(isAddress(spec['driver']), 'driver');
  checkOutline(spec);
  const program = spec['program'];
  requireThat(
    isRecord(program) && ['taskFile', 'hash', 'fileHash'].every((name) => isText(program[name])),
    'program',
  );
  const directories = spec['localDirectories'];
  requireThat(isTexts(directories) && directories.length > 0, 'localDirectories');
  const { ownedDirectories, filesDirectory, shuffleService, settings, driverProcess } = spec;
  requireThat(driverProcess === undefined || isProcessIdentity(driverProcess), 'driverProcess');
  requireThat(ownedDirectories === undefined || isTexts(ownedDirectories), 'ownedDirectories');
  requireThat(filesDirectory === undefined || isText(filesDirectory), 'filesDirectory');
  requireThat(shuffleService === undefined || isAddress(shuffleService), 'shuffleService');
  requireThat(isRecord(settings) && Object.values(settings).every(isText), 'settings');
  return spec as unknown as ExecutorLaunchSpec;
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new LaunchSpecError('is not JSON', { cause: error });
  }
  if (!isRecord(parsed)) throw new LaunchSpecError('is not an object');
  return parsed;
}

function checkOutline(outline: Record<string, unknown>): void {
  requireThat(isCount(outline['slots'], 1, 1_024), 'slots');
  requireThat(isCount(outline['memoryBytes'], 2 ** 26, 2 ** 50), 'memoryBytes');
}

function requireThat(condition: boolean, name: string): void {
  if (!condition) throw new LaunchSpecError(`has no usable '${name}'`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isProcessIdentity(value: unknown): boolean {
  return isRecord(value) && isCount(value['pid'], 1, 2 ** 31) && isText(value['started']);
}

function isAddress(value: unknown): boolean {
  return isRecord(value) && isText(value['host']) && isCount(value['port'], 1, 65_535);
}
