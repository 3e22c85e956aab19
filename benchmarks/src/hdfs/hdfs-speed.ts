import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';

/** One way to move bytes, measured. */
export interface HdfsSpeed {
  readonly way: 'heddle' | 'curl' | 'hadoop';
  readonly direction: 'read' | 'write';
  readonly bytes: number;
  /** Median of the rounds. */
  readonly seconds: number;
  /** MB (10^6 bytes) for each second of wall clock, one stream. */
  readonly megabytesPerSecond: number;
  /** CPU time of the client (user and system, its start included where it is a process), mean of the rounds. */
  readonly cpuSeconds: number;
  /** MB for each second of CPU time: what one core would move if nothing else held it up. */
  readonly megabytesPerCpuSecond: number;
}

interface Measured {
  readonly seconds: number[];
  cpuSeconds: number;
}

/** What to measure, and where. */
export interface HdfsSpeedOptions {
  /** Site files of the cluster. */
  readonly confDir: string;
  readonly user: string;
  readonly bytes: number;
  readonly rounds: number;
  /** Runs Hadoop's FsShell with these words; left out: that row is not measured. */
  readonly fsShell?: (words: readonly string[]) => Promise<void>;
}

const run = promisify(execFile);
/** One block for the whole file, as large files have for most of their bytes. */
const blockSizeBytes = 1024 * 1024 * 1024;

/**
 * Reads and writes one file of HDFS by the engine's client, by `curl` over the same WebHDFS, and by
 * Hadoop's Java client over its own protocol (its start of a JVM is part of its time, and told).
 * Rounds of the ways alternate, so that load from outside falls on all of them.
 */
export async function measureHdfsSpeed(options: HdfsSpeedOptions): Promise<readonly HdfsSpeed[]> {
  const conf = loadHadoopConfiguration({ directories: [options.confDir] });
  const fs = new WebHdfsFileSystem(webHdfsOptions({ conf, user: options.user }, 'hdfs', ''));
  const base = `/tmp/heddle-speed-${process.pid}`;
  const local = join(tmpdir(), `heddle-speed-${process.pid}`);
  const nameNode = conf.getRequired('dfs.namenode.http-address');
  const url = (path: string, query: string): string =>
    `http://${nameNode}/webhdfs/v1${path}?user.name=${options.user}&${query}`;
  const measured = new Map<string, Measured>();
  const time = async (name: string, work: () => Promise<void>): Promise<void> => {
    const found = measured.get(name) ?? { seconds: [], cpuSeconds: 0 };
    measured.set(name, found);
    const cpu = name.startsWith('heddle') ? ownCpuSeconds : childrenCpuSeconds;
    const startCpu = cpu();
    const startMs = performance.now();
    await work();
    found.seconds.push((performance.now() - startMs) / 1000);
    found.cpuSeconds += cpu() - startCpu;
  };
  const content = randomBytes(options.bytes);
  try {
    await writeFile(local, content);
    // The first round warms caches, connections and compilers up; it is not counted.
    for (let round = -1; round < options.rounds; round += 1) {
      if (round === 0) measured.clear();
      await time('heddle write', async () => {
        const writer = await fs.create(`${base}-heddle`, { overwrite: true, blockSizeBytes });
        const step = 256 * 1024;
        for (let at = 0; at < content.length; at += step) {
          await writer.write(content.subarray(at, at + step));
        }
        await writer.close();
      });
      await time('curl write', async () => {
        const query = `op=CREATE&overwrite=true&blocksize=${blockSizeBytes}`;
        const words = ['-sSfL', '-o', '/dev/null', '-T', local, url(`${base}-curl`, query)];
        await run('curl', words, { timeout: 120_000 });
      });
      await time('heddle read', async () => {
        const reader = await fs.openRead(`${base}-heddle`, { start: 0, end: options.bytes });
        const into = Buffer.alloc(1024 * 1024);
        for (let at = 0; at < options.bytes;) at += await reader.read(at, into);
        await reader.close();
      });
      await time('curl read', async () => {
        const words = ['-sSfL', '-o', '/dev/null', url(`${base}-heddle`, 'op=OPEN')];
        await run('curl', words, { timeout: 120_000 });
      });
      if (options.fsShell !== undefined) {
        const { fsShell } = options;
        const sized = ['-D', `dfs.blocksize=${blockSizeBytes}`];
        await time('hadoop write', () =>
          fsShell([...sized, '-put', '-f', local, `${base}-hadoop`]),
        );
        await time('hadoop read', () => fsShell(['-get', '-f', `${base}-heddle`, `${local}-back`]));
      }
    }
  } finally {
    for (const way of ['heddle', 'curl', 'hadoop']) await fs.delete(`${base}-${way}`);
    fs.close();
    await rm(local, { force: true });
    await rm(`${local}-back`, { force: true });
  }
  return [...measured].map(([name, { seconds, cpuSeconds: allCpuSeconds }]) => {
    const [way, direction] = name.split(' ') as [HdfsSpeed['way'], HdfsSpeed['direction']];
    const median = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)]!;
    const megabytes = options.bytes / 1e6;
    const cpuSeconds = allCpuSeconds / seconds.length;
    return {
      way,
      direction,
      bytes: options.bytes,
      seconds: median,
      megabytesPerSecond: megabytes / median,
      cpuSeconds,
      megabytesPerCpuSecond: megabytes / cpuSeconds,
    };
  });
}

/** All threads of this process. */
function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Processes that this one has started and that have ended (`/proc/self/stat`: cutime, cstime). */
function childrenCpuSeconds(): number {
  const text = readFileSync('/proc/self/stat', 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticksPerSecond = 100;
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}
