import { cp, mkdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ConfigError, settings } from '@heddle/common';

/**
 * Puts the files of `heddle.files` into a directory, each under its own name or the one behind `#`,
 * as YARN does with a container's working directory. Directories are copied whole.
 *
 * @throws ConfigError for a file that is not there, and for two files of one name
 */
export async function stageFiles(files: readonly string[], directory: string): Promise<void> {
  if (files.length === 0) return;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const taken = new Map<string, string>();
  for (const file of files) {
    const { source, name } = splitAlias(file);
    const other = taken.get(name);
    if (other !== undefined) {
      throw fault(`${other} and ${source} would both be '${name}'; name one with ${source}#other`);
    }
    taken.set(name, source);
    const found = await stat(source).catch(() => undefined);
    if (found === undefined) throw fault(`there is no file ${source}`);
    await cp(source, join(directory, name), { recursive: true, dereference: true });
  }
}

function splitAlias(file: string): { source: string; name: string } {
  const cut = file.lastIndexOf('#');
  const source = resolve(cut < 0 ? file : file.slice(0, cut));
  const name = cut < 0 ? basename(source) : file.slice(cut + 1);
  if (name === '' || name === '.' || name === '..' || name.includes('/')) {
    throw fault(`'${file}' has no usable name behind #`);
  }
  return { source, name };
}

function fault(message: string): ConfigError {
  return new ConfigError(settings.files.key, `${settings.files.key}: ${message}`);
}
