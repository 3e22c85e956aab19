import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type ProcessIdentity, identifyProcess, signalProcess, waitForEnd } from './processes.js';
import { type ProcessResult, runProcess } from './run-process.js';

const engineStartTimeoutMs = 60_000;
const commandTimeoutMs = 120_000;
const buildTimeoutMs = 600_000;

const baseImage = 'heddle-test-debian:bookworm';

/** The image that plays a machine of the cluster. */
export const hostImage = 'heddle-test-hadoop-host:1';

const installHint =
  'Debian: apt-get install --no-install-recommends docker.io docker-compose iptables debootstrap';

/**
 * Runs the `docker` command.
 * @throws Error with what it said when it fails
 */
export async function docker(
  args: readonly string[],
  timeoutMs = commandTimeoutMs,
): Promise<string> {
  const result = await runProcess(['docker', ...args], { timeoutMs });
  if (result.code === 0) return result.stdout;
  throw new Error(`docker ${args.slice(0, 3).join(' ')} failed: ${result.stderr.slice(-2000)}`);
}

/** Runs the `docker` command and returns how it ended. */
export function tryDocker(args: readonly string[]): Promise<ProcessResult> {
  return runProcess(['docker', ...args], { timeoutMs: commandTimeoutMs });
}

async function succeeds(argv: readonly [string, ...string[]]): Promise<boolean> {
  try {
    return (await runProcess(argv, { timeoutMs: commandTimeoutMs })).code === 0;
  } catch {
    return false;
  }
}

/**
 * The command of Compose: its plug-in, or the program of its own that older systems have.
 * @throws Error when there is neither
 */
export async function composeCommand(): Promise<readonly [string, ...string[]]> {
  if (await succeeds(['docker', 'compose', 'version'])) return ['docker', 'compose'];
  if (await succeeds(['docker-compose', 'version'])) return ['docker-compose'];
  throw new Error(`Docker Compose is not installed. ${installHint}`);
}

/** A Docker engine of our own, where none runs; its data is in the work folder. */
export class DockerEngine {
  readonly #folder: string;

  /** @param folder where an engine of our own keeps everything, and where the base system is made */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get #identityFile(): string {
    return join(this.#folder, 'dockerd.json');
  }

  /**
   * Makes sure that an engine answers; starts one where none does.
   * @throws Error saying what to install or how it failed
   */
  async ensureRunning(): Promise<void> {
    if (await succeeds(['docker', 'info'])) return;
    mkdirSync(this.#folder, { recursive: true });
    const log = join(this.#folder, 'dockerd.log');
    const output = openSync(log, 'a');
    const pidFile = join(this.#folder, 'dockerd.pid');
    rmSync(pidFile, { force: true });
    const child = spawn(
      'dockerd',
      [
        '--data-root',
        join(this.#folder, 'data'),
        '--exec-root',
        join(this.#folder, 'exec'),
        '-p',
        pidFile,
      ],
      { detached: true, stdio: ['ignore', output, output] },
    );
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new Error(`No Docker engine runs here, and there is none to start. ${installHint}`, {
        cause,
      });
    } finally {
      closeSync(output);
    }
    child.unref();
    const identity = identifyProcess(child.pid!);
    writeFileSync(this.#identityFile, JSON.stringify(identity ?? null));
    const deadline = Date.now() + engineStartTimeoutMs;
    while (!(await succeeds(['docker', 'info']))) {
      if (Date.now() > deadline || child.exitCode !== null) {
        const tail = readFileSync(log, 'utf8').slice(-2000);
        throw new Error(
          `The Docker engine did not start (it needs root). ${log} ends with:\n${tail}`,
        );
      }
      await sleep(250);
    }
  }

  /** Ends the engine if it is ours and runs no container any more. */
  async release(): Promise<void> {
    if (!existsSync(this.#identityFile)) return;
    if ((await tryDocker(['ps', '-q'])).stdout.trim() !== '') return;
    const identity = JSON.parse(readFileSync(this.#identityFile, 'utf8')) as ProcessIdentity | null;
    if (identity && signalProcess(identity, 'SIGTERM')) await waitForEnd([identity], 30_000);
    rmSync(this.#identityFile, { force: true });
    // What the engine leaves behind where it is not a service of the system.
    await succeeds(['umount', join(this.#folder, 'exec', 'netns', 'default')]);
    await succeeds(['ip', 'link', 'delete', 'docker0']);
  }

  /**
   * Makes sure that the image exists; the base system comes from Debian's mirror, not from a registry.
   * @throws Error with the end of what the failing step said
   */
  async ensureImage(dockerfileFolder: string, report: (line: string) => void): Promise<void> {
    if (await succeeds(['docker', 'image', 'inspect', hostImage])) return;
    if (!(await succeeds(['docker', 'image', 'inspect', baseImage]))) await this.#makeBase(report);
    report('Building the image ...');
    // The host's network: an engine without a way out of its bridge still reaches the mirror.
    await docker(['build', '--network', 'host', '-t', hostImage, dockerfileFolder], buildTimeoutMs);
  }

  async #makeBase(report: (line: string) => void): Promise<void> {
    report("Making a Debian base system from the machine's mirror ...");
    const base = join(this.#folder, 'base');
    rmSync(base, { recursive: true, force: true });
    mkdirSync(base, { recursive: true });
    try {
      const result = await runProcess(
        ['debootstrap', '--variant=minbase', 'bookworm', base, debianMirror()],
        { timeoutMs: buildTimeoutMs },
      );
      if (result.code !== 0) {
        throw new Error(`debootstrap failed: ${(result.stdout + result.stderr).slice(-2000)}`);
      }
      const archive = join(this.#folder, 'base.tar');
      await runProcess(['tar', '-C', base, '-cf', archive, '.'], { timeoutMs: commandTimeoutMs });
      await docker(['import', archive, baseImage], buildTimeoutMs);
      rmSync(archive, { force: true });
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  }
}

/** The mirror that this machine installs from. */
function debianMirror(): string {
  const directory = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list'];
  if (existsSync(directory))
    files.push(...readdirSync(directory).map((file) => join(directory, file)));
  for (const file of files) {
    if (!existsSync(file)) continue;
    const found = /^(?:URIs:|deb(?: \[.*?\])?)\s+(https?:\S+)/m.exec(readFileSync(file, 'utf8'));
    if (found) return found[1]!;
  }
  return 'http://deb.debian.org/debian';
}
