import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { tarArchive, type TarFile } from './tar-archive.js';

/** An archive that is the same for all applications: its name says what is in it. */
export interface RuntimeArchive {
  /** Name with the hash of the content. */
  readonly name: string;
  /** The archive on this machine. */
  readonly file: string;
  readonly sizeBytes: number;
}

const compress = promisify(gzip);

/**
 * The archive with the Node binary, `bin/node` inside. Made once for each binary and kept beside the
 * engine; making it takes some seconds.
 *
 * @param keptIn folder for finished archives; where it cannot be written, one for temporary files is used
 */
export async function nodeArchive(binary: string, keptIn: string): Promise<RuntimeArchive> {
  const found = await stat(binary);
  const identity = createHash('sha256')
    .update(`${binary}\0${found.size}\0${found.mtimeMs}`)
    .digest('hex')
    .slice(0, 16);
  return keptArchive('heddle-node', `node-${identity}`, keptIn, async () => [
    { name: 'bin/node', bytes: await readFile(binary), mode: 0o755 },
  ]);
}

/** The archive with the engine's bundle. */
export async function engineArchive(bundle: string, keptIn: string): Promise<RuntimeArchive> {
  const names = (await readdir(bundle)).filter(
    (name) => name.endsWith('.js') || name === 'package.json',
  );
  const files = await Promise.all(
    names.sort().map(async (name) => ({ name, bytes: await readFile(join(bundle, name)) })),
  );
  const hash = createHash('sha256');
  for (const { name, bytes } of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  const identity = `engine-${hash.digest('hex').slice(0, 16)}`;
  return keptArchive('heddle-engine', identity, keptIn, () => Promise.resolve(files));
}

/** Files under an identity are always the same, so an archive that was made before is taken again. */
async function keptArchive(
  prefix: string,
  identity: string,
  keptIn: string,
  files: () => Promise<readonly TarFile[]>,
): Promise<RuntimeArchive> {
  const folders = [keptIn, join(tmpdir(), `heddle-runtime-${process.getuid?.() ?? 'user'}`)];
  for (const folder of folders) {
    const kept = await findKept(join(folder, identity));
    if (kept !== undefined) return kept;
  }
  const bytes = await compress(tarArchive(await files()), { level: 1 });
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 24);
  const name = `${prefix}-${hash}.tar.gz`;
  let failure: unknown;
  for (const folder of folders) {
    try {
      return await keep(join(folder, identity), name, bytes);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function findKept(directory: string): Promise<RuntimeArchive | undefined> {
  const names = await readdir(directory).catch(() => []);
  const name = names.find((one) => one.endsWith('.tar.gz'));
  if (name === undefined) return undefined;
  const file = join(directory, name);
  const found = await stat(file);
  if (!found.isFile() || found.uid !== (process.getuid?.() ?? found.uid)) {
    // Somebody else's: not to be trusted. An owner of the installation (root) is.
    if (found.uid !== 0) return undefined;
  }
  return { name, file, sizeBytes: found.size };
}

/** Written aside and put in place at once: others never see half of it. */
async function keep(directory: string, name: string, bytes: Buffer): Promise<RuntimeArchive> {
  const fresh = `${directory}.${process.pid}.new`;
  await mkdir(fresh, { recursive: true, mode: 0o755 });
  try {
    await writeFile(join(fresh, name), bytes);
    await rename(fresh, directory);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    const kept = await findKept(directory);
    if (kept === undefined) throw error;
    return kept;
  }
  const file = join(directory, name);
  return { name: basename(file), file, sizeBytes: bytes.length };
}
