import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { ArgumentError, HeddleError } from '@heddle/common';

/** A file was asked for that was not given with `--files` or `heddle.files`. */
export class FileNotGivenError extends HeddleError {
  readonly code = 'FILE_NOT_GIVEN';

  constructor(
    readonly file: string,
    rootDirectory: string | undefined,
  ) {
    const where =
      rootDirectory === undefined ? 'no files were given' : `it is not in ${rootDirectory}`;
    super(
      `HeddleFiles.get('${file}'): ${where}. Give it to the application with ` +
        `'heddle submit --files path/to/${file}', or '--files path/to/other#${file}' under this name`,
    );
  }
}

// On globalThis: the launcher, the program and the task threads see the same directory, also when
// two copies of this module are loaded in one thread.
const slot = Symbol.for('heddle.filesRoot');
const holder = globalThis as { [slot]?: string | undefined };

/** Tells this thread where the application's files are; called by launchers and task threads. */
export function setFilesRootDirectory(directory: string | undefined): void {
  holder[slot] = directory;
}

/** Where the application's files are, as far as this thread knows. */
export function filesRootDirectory(): string | undefined {
  return holder[slot];
}

/**
 * Finds the files that were given with `--files`, in tasks and on the driver.
 *
 * Source: Spark 4.0 `SparkFiles`.
 */
export const HeddleFiles = {
  /**
   * The absolute path of a file, by its name (`--files path/to/name` or `--files path#name`).
   *
   * @throws FileNotGivenError when there is no such file
   * @throws ArgumentError when the name leads out of the files' directory
   *
   * @example
   * await sc.parallelize(['one'], 1).saveAsTextFile(`${dir}/words`);
   * await sc.addFile(`${dir}/words`, { recursive: true });
   * HeddleFiles.get('words').split('/').at(-1); // 'words'
   */
  get(name: string): string {
    const root = holder[slot];
    const relative = normalize(name);
    if (name === '' || relative.startsWith('..') || relative.startsWith('/')) {
      throw new ArgumentError(`HeddleFiles.get('${name}'): this is not the name of a file`);
    }
    if (root === undefined) throw new FileNotGivenError(name, root);
    const path = join(root, relative);
    if (!existsSync(path)) throw new FileNotGivenError(name, root);
    return path;
  },

  /**
   * The directory that holds the application's files.
   *
   * @throws FileNotGivenError without one
   *
   * @example
   * await sc.range(0, 1, 1, 1).map(() => HeddleFiles.getRootDirectory().startsWith('/')).collect(); // [true]
   */
  getRootDirectory(): string {
    const root = holder[slot];
    if (root === undefined) throw new FileNotGivenError('.', root);
    return root;
  },
};
