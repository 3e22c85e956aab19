import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { writeOutline } from './launch-input.js';
import type { LaunchOutline } from './launch-spec.js';
import { planExecutorMemory } from './memory-plan.js';

/** How an executor process of this host is started. */
export interface ExecutorSpawnOptions extends LaunchOutline {
  /** What the process starts with. */
  readonly entry: string;
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A process that waits for its specification. */
export interface SpawnedExecutor {
  readonly process: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Takes the specification and the key; the process ends when it is closed without them. */
  readonly input: Writable;
}

/** Starts a process that loads the engine and its task threads, and waits for its specification. */
export function spawnExecutor(options: ExecutorSpawnOptions): SpawnedExecutor {
  const { entry, environment, slots, memoryBytes } = options;
  const { mainHeapMb } = planExecutorMemory(memoryBytes, slots);
  const child = spawn(process.execPath, [...nodeFlags(mainHeapMb), entry], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: environment,
  });
  // An idle executor is no reason for the driver's process to stay.
  child.unref();
  const [, stdout, stderr, input] = child.stdio as [null, Readable, Readable, Writable, undefined];
  for (const stream of [stdout, stderr, input]) if (stream instanceof Socket) stream.unref();
  input.on('error', () => undefined);
  writeOutline(input, options);
  return { process: child, stdout, stderr, input };
}

/** Flags of Node for an executor process; YARN's containers use the same. */
export function nodeFlags(mainHeapMb: number): string[] {
  return [
    // Whoever may send signals must not be able to open a debugger in it.
    '--disable-sigusr1',
    `--max-old-space-size=${mainHeapMb}`,
    '--disable-warning=ExperimentalWarning',
  ];
}
