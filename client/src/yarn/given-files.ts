import { cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { readSetting, settings, type ConfigSource } from '@heddle/common';
import type { FileSystemRegistry } from '@heddle/webhdfs';
import { copyTree, unpackArchive } from 'heddle/internal';
import { StagingError } from './yarn-errors.js';

/** A file or archive that an application was given with `--files` or `--archives`. */
export interface GivenFile {
  /** Path or URI, as it was given. */
  readonly from: string;
  /** What `HeddleFiles` finds it by. */
  readonly name: string;
  readonly type: 'file' | 'archive';
  /** Whether nodes fetch it from where it is. */
  readonly isInCluster: boolean;
}

/**
 * What `--files` and `--archives` name.
 *
 * @throws StagingError for a name that is taken, or unusable
 */
export function givenFiles(source: ConfigSource): GivenFile[] {
  const given = [
    ...readSetting(source, settings.files).map((text) => ({ text, type: 'file' as const })),
    ...readSetting(source, settings.yarnArchives).map((text) => ({
      text,
      type: 'archive' as const,
    })),
  ];
  const taken = new Map<string, string>();
  return given.map(({ text, type }) => {
    const { from, name } = splitAlias(text);
    const other = taken.get(name);
    if (other !== undefined) {
      throw new StagingError(
        `${other} and ${from} would both be '${name}' in the containers; name one with ${from}#other`,
      );
    }
    taken.set(name, from);
    const isInCluster = /^(hdfs|viewfs):/.test(from);
    if (isInCluster && unusableInNames.test(basename(from))) {
      throw new StagingError(
        `${from} cannot be given to containers under the name that it has, which a NodeManager's shell would read: copy it under another one`,
      );
    }
    return { from, name, type, isInCluster };
  });
}

/** What a given file is called where it is staged; the ending of an archive tells YARN how to unpack it. */
export function stagedNameOf({ from, name, type }: GivenFile): string {
  if (type === 'file') return name;
  return `${name}-${basename(from).replace(new RegExp(unusableInNames, 'g'), '_')}`;
}

/** The path of a given file that is on this machine. */
export function localPathOf({ from }: GivenFile): string {
  return resolve(from.replace(/^file:(\/\/)?/, ''));
}

/**
 * In client mode the driver runs in no container: what was given is brought to where `HeddleFiles`
 * looks in this process, archives unpacked, as nodes do it for executors.
 *
 * @param directory made when something was given
 * @throws StagingError, ArchiveError, errors of the file systems
 */
export async function bringGivenFiles(
  given: readonly GivenFile[],
  directory: string,
  fileSystems: FileSystemRegistry,
): Promise<void> {
  if (given.length === 0) return;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const one of given) {
    const target = join(directory, one.name);
    if (one.type === 'file') {
      if (one.isInCluster) await copyHere(one.from, target, fileSystems);
      else await cp(await existing(one), target, { dereference: true });
    } else if (one.isInCluster) {
      // Its ending says how it is packed.
      const fetched = await mkdtemp(`${directory}-archive-`);
      const packed = join(fetched, basename(one.from));
      await copyHere(one.from, packed, fileSystems);
      await unpackArchive(packed, target);
      await rm(fetched, { recursive: true, force: true });
    } else {
      await unpackArchive(await existing(one), target);
    }
  }
}

async function copyHere(
  uri: string,
  target: string,
  fileSystems: FileSystemRegistry,
): Promise<void> {
  const { fileSystem } = fileSystems.resolve('file:///');
  await copyTree(fileSystems.resolve(uri), { fileSystem, path: target });
}

async function existing(given: GivenFile): Promise<string> {
  const path = localPathOf(given);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new StagingError(`there is no file ${path} to be staged`);
  if (found.isDirectory()) {
    throw new StagingError(
      `${path} is a directory: pack it (zip or tar.gz) and give it with --archives, which unpacks it on each node`,
    );
  }
  return path;
}

/** What a NodeManager, which links files by a shell script, does not escape in their names. */
const unusableInNames = /[$`"\\]/;

/** `path#name`; without a name the file's own. */
function splitAlias(text: string): { readonly from: string; readonly name: string } {
  const cut = text.lastIndexOf('#');
  const from = cut < 0 ? text : text.slice(0, cut);
  const name = cut < 0 ? basename(from) : text.slice(cut + 1);
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw new StagingError(`'${text}' has no usable name behind #`);
  }
  const mark = unusableInNames.exec(name)?.[0];
  if (mark !== undefined) {
    throw new StagingError(
      `'${name}' cannot be the name of a file in containers, since a NodeManager's shell would read its ${mark}; name it otherwise, as in ${from}#other`,
    );
  }
  return { from, name };
}
