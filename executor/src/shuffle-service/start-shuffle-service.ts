import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HeddleError, type Logger } from '@heddle/common';
import { jobIdOf } from '../shuffle/remote/stock-protocol.js';
import { STOP_LINE, type ServiceStart, type ServiceStarted } from './service-messages.js';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;

export interface ShuffleServiceOptions {
  readonly applicationId: string;
  /** `stockShuffleSecret` of the attempt's key. */
  readonly secret: Uint8Array;
  /** Address to listen on. @default 127.0.0.1 */
  readonly host?: string;
  /** @default 0, a free one */
  readonly port?: number;
  /** The application's directories on this host. */
  readonly localDirectories: readonly string[];
  /** What the service removes when this process was killed and no executor is left. */
  readonly ownedDirectories: readonly string[];
  /** @default the engine's own `shuffle-service-main.js` */
  readonly entry?: string;
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** It ended although nobody stopped it. */
  ended?(exitCode: number | null): void;
}

/** A shuffle service that runs beside the executors of this host. */
export interface ShuffleServiceHandle {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it; it removes the application's local directories, unless an executor still lives. */
  stop(): Promise<void>;
}

/** The shuffle service's process did not begin to serve. */
export class ShuffleServiceStartError extends HeddleError {
  readonly code = 'SHUFFLE_SERVICE_START';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `the shuffle service of this host could not be started: ${reason}. Without it map outputs of ended executors are made again`,
      options,
    );
  }
}

/**
 * Starts the process that serves map outputs of executors that are gone, as a NodeManager does. It
 * ends with this process, however that ends. @throws ShuffleServiceStartError
 */
export async function startShuffleService(
  options: ShuffleServiceOptions,
): Promise<ShuffleServiceHandle> {
  const host = options.host ?? '127.0.0.1';
  const entry = options.entry ?? fileURLToPath(new URL('shuffle-service-main.js', import.meta.url));
  const child = spawn(process.execPath, [...serviceFlags, entry], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: options.environment,
  });
  const channel = child.stdio[3] as Socket;
  channel.on('error', () => undefined);
  const stderr = child.stderr as Socket;
  stderr.on('error', () => undefined);
  linesOf(stderr).on('line', (line) =>
    options.logger.warn('the shuffle service wrote', { line: line.slice(0, 1_000) }),
  );
  let isStopping = false;
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (exitCode) => resolve(exitCode));
    child.once('error', () => resolve(null));
  });
  const answer = firstLine(channel, ended);
  const start: ServiceStart = {
    jobId: jobIdOf(options.applicationId),
    secret: Buffer.from(options.secret).toString('hex'),
    host,
    port: options.port ?? 0,
    localDirectories: options.localDirectories,
    ownedDirectories: options.ownedDirectories,
  };
  channel.write(`${JSON.stringify(start)}\n`);
  let port: number;
  try {
    port = portOf(await answer);
  } catch (error) {
    isStopping = true;
    child.kill('SIGKILL');
    throw error;
  }
  void ended.then((exitCode) => {
    if (!isStopping) options.ended?.(exitCode);
  });
  // It is no reason for this process to stay.
  child.unref();
  channel.unref();
  stderr.unref();
  return {
    host,
    port,
    pid: child.pid!,
    stop: async () => {
      if (isStopping) return;
      isStopping = true;
      channel.end(`${STOP_LINE}\n`);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      child.ref();
      await ended;
      clearTimeout(timer);
    },
  };
}

const serviceFlags = [
  '--disable-sigusr1',
  '--max-old-space-size=128',
  '--disable-warning=ExperimentalWarning',
];

/** Lines of a process that may be killed: its pipes break then, and a reader of lines says so, too. */
function linesOf(input: Socket): Interface {
  return createInterface({ input }).on('error', () => undefined);
}

async function firstLine(channel: Socket, ended: Promise<number | null>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new ShuffleServiceStartError(`it has not answered for ${START_TIMEOUT_MS} ms`)),
      START_TIMEOUT_MS,
    );
    linesOf(channel).once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
    void ended.then((exitCode) => {
      clearTimeout(timer);
      reject(new ShuffleServiceStartError(`its process ended with code ${String(exitCode)}`));
    });
  });
}

function portOf(line: string): number {
  const answer = JSON.parse(line) as ServiceStarted;
  if ('port' in answer) return answer.port;
  throw new ShuffleServiceStartError(answer.error);
}
