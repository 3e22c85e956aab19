import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive, isSameProcessAlive, processStart } from '@heddle/common';
import { hasLivingProcess } from '@heddle/executor';

/** In each directory that a driver owns: who that is. */
const OWNER_FILE = 'owner.json';
/** How our directories are named, those of applications and those of built programs. */
const NAME_PATTERN = /^heddle-(local-|program-)/;

/** An application's directory; its driver's number is in the name. */
const LOCAL_PATTERN = /^heddle-local-\d+-(\d+)-/;
/** What an application makes in its directory before anything else; nothing else is in one without an owner. */
const FIRST_FOLDERS = ['output', 'scratch'];
/** A driver marks its directories when it has made them: one without a mark for so long has none. */
const UNMARKED_MS = 60 * 60 * 1_000;

/** A process of one machine, told from all others that may ever have its number. */
interface Owner {
  readonly host: string;
  /** Changes with every start of the machine; empty where the system does not tell. */
  readonly boot: string;
  /** Numbers of processes mean something in one of these only. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** When the process began, in the system's own units. */
  readonly started: string;
}

/** Notes this process as the owner of directories, for `removeAbandonedDirectories`. Never throws. */
export function ownDirectories(directories: readonly string[]): void {
  const text = JSON.stringify(ownerOf(process.pid));
  for (const directory of directories) {
    try {
      writeFileSync(join(directory, OWNER_FILE), text, { mode: 0o600, flag: 'wx' });
    } catch {
      // It is full, or was noted before; nobody but the next driver would have read it.
    }
  }
}

/**
 * Removes what drivers left in these directories that were killed together with everything that would
 * have cleaned up after them. Whoever cannot be known to be dead keeps what it has: owners of other
 * hosts and containers, and applications of which a process lives. Never rejects.
 *
 * @returns what was removed
 */
export async function removeAbandonedDirectories(bases: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const base of bases) {
    const names = await readdir(base).catch(() => []);
    for (const name of names.filter((one) => NAME_PATTERN.test(one))) {
      const directory = join(base, name);
      if (await removeUnmarked(base, name)) {
        removed.push(directory);
        continue;
      }
      if (!(await isAbandoned(directory))) continue;
      const isGone = await rm(directory, { recursive: true, force: true }).then(
        () => true,
        () => false,
      );
      if (isGone) removed.push(directory);
    }
  }
  return removed;
}

/**
 * Removes an old directory of a driver that was killed before it could say whose it is: no process has
 * the number in its name, nothing but empty folders is in it, and nothing else is ever removed.
 */
async function removeUnmarked(base: string, name: string): Promise<boolean> {
  const pid = LOCAL_PATTERN.exec(name)?.[1];
  if (pid === undefined || isProcessAlive(Number(pid))) return false;
  const directory = join(base, name);
  try {
    const { uid, mtimeMs } = await lstat(directory);
    if (uid !== process.getuid?.() || Date.now() - mtimeMs < UNMARKED_MS) return false;
    const names = await readdir(directory);
    if (!names.every((one) => one === OWNER_FILE || FIRST_FOLDERS.includes(one))) return false;
    const folders = names.filter((one) => one !== OWNER_FILE).map((one) => join(directory, one));
    for (const folder of folders) if ((await readdir(folder)).length > 0) return false;
    if (names.includes(OWNER_FILE)) {
      // It was killed before it had written its name.
      const mark = join(directory, OWNER_FILE);
      if ((await lstat(mark)).size > 0) return false;
      await rm(mark);
    }
    for (const folder of folders) await rmdir(folder);
    await rmdir(directory);
    return true;
  } catch {
    // Something is in it, or it is gone.
    return false;
  }
}

async function isAbandoned(directory: string): Promise<boolean> {
  try {
    const { uid } = await lstat(directory);
    if (uid !== process.getuid?.()) return false;
    const owner = JSON.parse(await readFile(join(directory, OWNER_FILE), 'utf8')) as Owner;
    return hasEnded(owner) && !hasLivingProcess(directory);
  } catch {
    // No directory, or nobody's.
    return false;
  }
}

function hasEnded(owner: Owner): boolean {
  const own = ownerOf(process.pid);
  if (owner.host !== own.host) return false;
  if (owner.boot !== own.boot) return true;
  if (owner.pidNamespace !== own.pidNamespace) return false;
  return !isSameProcessAlive(owner.pid, owner.started);
}

function ownerOf(pid: number): Owner {
  return {
    host: hostname(),
    boot: textOf('/proc/sys/kernel/random/boot_id'),
    pidNamespace: linkOf('/proc/self/ns/pid'),
    pid,
    started: processStart(pid),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
