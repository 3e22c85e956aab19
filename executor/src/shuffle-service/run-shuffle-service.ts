import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeThrown } from '@heddle/common';
import { hasLivingProcess, removeAbandoned } from '../process/process-directories.js';
import {
  CHANNEL_DESCRIPTOR,
  STOP_LINE,
  type ServiceStart,
  type ServiceStarted,
} from './service-messages.js';
import { ServiceServer } from './service-server.js';

/** How long executors have to end and clean up after their driver is gone. */
const EXECUTORS_END_MS = 120_000;
const LOOK_MS = 250;

/**
 * The life of the service's process: it is told what to serve through descriptor 3 and serves until
 * the other end of it is closed, which happens at the latest when the process that started it ends.
 */
export async function runShuffleService(): Promise<void> {
  const channel = new Socket({ fd: CHANNEL_DESCRIPTOR });
  channel.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
  const lines = createInterface({ input: channel });
  lines.on('error', () => undefined);
  const started = new Promise<ServiceStart | undefined>((resolve) => {
    lines.once('line', (line) => resolve(JSON.parse(line) as ServiceStart));
    lines.once('close', () => resolve(undefined));
  });
  const start = await started;
  if (start === undefined) return;
  const told = new Set<string>();
  lines.on('line', (line) => told.add(line));
  const server = new ServiceServer({ ...start, secret: Buffer.from(start.secret, 'hex') });
  const answer = await server.listen(start.host, start.port).then(
    (port): ServiceStarted => ({ port }),
    (error: unknown): ServiceStarted => ({ error: describeThrown(error) }),
  );
  channel.write(`${JSON.stringify(answer)}\n`);
  channel.resume();
  if ('port' in answer) {
    await closed;
    await server.close();
    const { localDirectories, ownedDirectories } = start;
    await cleanUp(localDirectories, told.has(STOP_LINE) ? localDirectories : ownedDirectories);
  }
  channel.destroy();
}

/** Whoever ends last of an application whose driver was killed removes its folders. */
async function cleanUp(
  localDirectories: readonly string[],
  removed: readonly string[],
): Promise<void> {
  const endsMs = performance.now() + EXECUTORS_END_MS;
  while (localDirectories.some(hasLivingProcess) && performance.now() < endsMs) {
    await sleep(LOOK_MS);
  }
  removeAbandoned(localDirectories, removed);
}
