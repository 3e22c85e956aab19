import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { closeProgram } from 'heddle/internal';

import { bundleProgram, type BuiltProgram, type BundleOptions } from '../../src/bundler/index.js';
import type { Reply, Request } from './corpus-worker.js';

/** Sources of the corpus; tests run from `dist`, programs are built from TypeScript. */
export const corpusFolder = fileURLToPath(
  new URL('../../../test/bundler/corpus/', import.meta.url),
);
const packagesFolder = fileURLToPath(new URL('../../../test/bundler/packages/', import.meta.url));

/** A temporary folder with programs, and packages that they can import. */
export class ProgramFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<ProgramFolder> {
    const folder = new ProgramFolder(await mkdtemp(join(tmpdir(), 'heddle-bundler-test-')));
    await cp(packagesFolder, join(folder.path, 'node_modules'), {
      recursive: true,
      preserveTimestamps: true,
    });
    await writeFile(
      join(folder.path, 'package.json'),
      '{ "type": "module", "imports": { "#inner": "./inner.ts" } }',
    );
    return folder;
  }

  async addCorpus(): Promise<void> {
    await cp(corpusFolder, this.path, { recursive: true });
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /** A file that was not changed just now. */
  async writeOld(name: string, text: string): Promise<string> {
    const path = await this.write(name, text);
    await utimes(path, new Date(2020, 1), new Date(2020, 1));
    return path;
  }

  async build(name: string, options: Partial<BundleOptions> = {}): Promise<BuiltProgram> {
    return bundleProgram({
      entry: join(this.path, name),
      workDirectory: join(this.path, '.built', name),
      ...options,
    });
  }

  async remove(): Promise<void> {
    closeProgram();
    await rm(this.path, { recursive: true, force: true });
  }
}

/** A real worker thread that knows a program by its task file alone. */
export class TaskThread {
  readonly #worker = new Worker(new URL('./corpus-worker.js', import.meta.url), { execArgv: [] });

  async ask(request: Request): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#worker.once('error', reject);
      this.#worker.once('message', (reply: Reply) => {
        this.#worker.off('error', reject);
        resolve(reply);
      });
      this.#worker.postMessage(request);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
