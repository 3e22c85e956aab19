import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, InternalError } from '@heddle/common';
import {
  expandInput,
  FileNotFoundError,
  FileSystemRegistry,
  LocalFileSystem,
  OutputExistsError,
} from '@heddle/webhdfs';
import { expect } from 'chai';
import { abortSave, commitSave, prepareSave, type PreparedSave } from '../../src/output/index.js';
import type { CommittedFile } from '../../src/plan/index.js';
import { makeTemporaryDirectory } from './temporary-directory.js';

const bundleHash = 'hash-of-the-bundle';

describe('saving', () => {
  let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
  let registry: FileSystemRegistry;

  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
    registry = registryOf(new LocalFileSystem());
  });
  afterEach(() => directory.remove());

  const registryOf = (fileSystem: LocalFileSystem): FileSystemRegistry =>
    new FileSystemRegistry({ fileSystem, workingDirectory: directory.path });
  const prepare = (path = 'out', overwrite = false, saveId = 4): Promise<PreparedSave> =>
    prepareSave(registry, { path, overwrite, applicationId: 'local-1', saveId });
  /** Writes the part of a partition as an attempt of a task does. */
  const part = async (
    save: PreparedSave,
    partition: number,
    content: string,
    attempt = partition,
  ): Promise<CommittedFile> => {
    const name = `part-0000${partition}`;
    const temporaryName = `_${name}.${attempt}`;
    await writeFile(`${save.temporary}/${temporaryName}`, content);
    return { partition, name, temporaryName, sizeBytes: content.length, records: 1 };
  };
  const names = (path = '.'): Promise<string[]> =>
    readdir(join(directory.path, path)).then((found) => found.sort());
  const content = (path: string): Promise<string> => readFile(join(directory.path, path), 'utf8');

  it('A-081 refuses an existing output before anything is written', async () => {
    await mkdir(join(directory.path, 'out'));
    const error = await rejection(prepare());
    expect(error).to.be.instanceOf(OutputExistsError);
    expect(error).to.include({ path: `file://${directory.path}/out`, code: 'OUTPUT_EXISTS' });
    expect(error.message).to.include('already exists').and.to.include('{ overwrite: true }');
    await writeFile(join(directory.path, 'file'), '');
    expect(await rejection(prepare('file'))).to.be.instanceOf(OutputExistsError);
    expect(await names()).to.deep.equal(['file', 'out']);
  });

  it('A-080 publishes exactly the parts of the manifest and _SUCCESS', async () => {
    const save = await prepare();
    expect(save.temporaryDirectory).to.equal(`file://${directory.path}/._heddle_local-1_4`);
    expect(await names()).to.deep.equal(['._heddle_local-1_4']);
    const files = [await part(save, 0, 'a\n'), await part(save, 1, 'b\n', 17)];
    await part(save, 1, 'of an attempt that was not chosen', 18);
    await commitSave(save, files, bundleHash);
    expect(await names()).to.deep.equal(['out']);
    expect(await names('out')).to.deep.equal(['_SUCCESS', 'part-00000', 'part-00001']);
    expect(await content('out/part-00001')).to.equal('b\n');
    expect(JSON.parse(await content('out/_SUCCESS'))).to.deep.equal({
      applicationId: 'local-1',
      saveId: 4,
      bundleHash,
      files: [
        { name: 'part-00000', sizeBytes: 2, records: 1 },
        { name: 'part-00001', sizeBytes: 2, records: 1 },
      ],
    });
  });

  it('takes over what an earlier attempt of the same save has finished, and nothing else', async () => {
    const request = { path: 'out', overwrite: false, applicationId: 'application_1_1', saveId: 4 };
    const first = await prepareSave(registry, { ...request, bundleHash });
    await commitSave(first, [await part(first, 0, 'a\n')], bundleHash);
    for (const overwrite of [false, true]) {
      const again = await prepareSave(registry, { ...request, overwrite, bundleHash });
      expect(again.finished?.files).to.deep.equal([
        { name: 'part-00000', sizeBytes: 2, records: 1 },
      ]);
    }
    expect(await names()).to.deep.equal(['out']);
    for (const other of [
      { saveId: 5 },
      { applicationId: 'application_1_2' },
      { bundleHash: 'of another program' },
    ]) {
      const error = await rejection(prepareSave(registry, { ...request, bundleHash, ...other }));
      expect(error).to.be.instanceOf(OutputExistsError);
    }
    for (const foreign of ['', 'not JSON', '7', '{}']) {
      await writeFile(join(directory.path, 'out/_SUCCESS'), foreign);
      const error = await rejection(prepareSave(registry, { ...request, bundleHash }));
      expect(error).to.be.instanceOf(OutputExistsError);
    }
  });

  it('A-078 an output can be read again, without _SUCCESS', async () => {
    const save = await prepare();
    await commitSave(save, [await part(save, 0, 'a\n')], bundleHash);
    const files = await expandInput(registry, 'out');
    expect(files.map((file) => file.path)).to.deep.equal([
      `file://${directory.path}/out/part-00000`,
    ]);
  });

  it('B.1 saves no partitions as a folder with only _SUCCESS', async () => {
    await commitSave(await prepare(), [], bundleHash);
    expect(await names('out')).to.deep.equal(['_SUCCESS']);
  });

  it('makes the folders above the output, and takes a trailing slash', async () => {
    const save = await prepare('new/deep/out/');
    await commitSave(save, [await part(save, 0, 'a')], bundleHash);
    expect(await names('new/deep')).to.deep.equal(['out']);
  });

  it('A-080 leaves nothing behind when it is aborted, again and again', async () => {
    const save = await prepare();
    await part(save, 0, 'a');
    await abortSave(save);
    await abortSave(save);
    expect(await names()).to.deep.equal([]);
  });

  it('refuses an output that came into being meanwhile, and leaves it alone', async () => {
    const save = await prepare();
    const files = [await part(save, 0, 'a')];
    await mkdir(join(directory.path, 'out'));
    await writeFile(join(directory.path, 'out/theirs'), 'theirs');
    const error = await rejection(commitSave(save, files, bundleHash));
    expect(error).to.be.instanceOf(OutputExistsError);
    await abortSave(save);
    expect(await names()).to.deep.equal(['out']);
    expect(await names('out')).to.deep.equal(['theirs']);
  });

  it('replaces an existing folder at commit, not before', async () => {
    await mkdir(join(directory.path, 'out/inner'), { recursive: true });
    await writeFile(join(directory.path, 'out/inner/old'), 'old');
    const save = await prepare('out', true);
    const files = [await part(save, 0, 'new')];
    expect(await content('out/inner/old')).to.equal('old');
    await commitSave(save, files, bundleHash);
    expect(await names()).to.deep.equal(['out']);
    expect(await names('out')).to.deep.equal(['_SUCCESS', 'part-00000']);
  });

  it('replaces a file, and needs nothing to replace', async () => {
    await writeFile(join(directory.path, 'out'), 'a file');
    for (let i = 0; i < 2; i += 1) {
      const save = await prepare('out', true, i);
      await commitSave(save, [await part(save, 0, `${i}`)], bundleHash);
      expect(await content('out/part-00000')).to.equal(`${i}`);
    }
    const fresh = await prepare('fresh', true, 9);
    await commitSave(fresh, [], bundleHash);
    expect(await names()).to.deep.equal(['fresh', 'out']);
  });

  it('clears what a dead process with its name has left', async () => {
    const dead = await prepare();
    await part(dead, 0, 'old');
    const save = await prepare();
    expect(await names('._heddle_local-1_4')).to.deep.equal([]);
    await abortSave(save);
  });

  it('attempts of an application do not touch what a later one writes (F11, F14)', async () => {
    const of = (attempt: number): Promise<PreparedSave> =>
      prepareSave(registry, {
        path: 'out',
        overwrite: false,
        applicationId: 'application_1_7',
        applicationAttemptId: `appattempt_1_7_00000${attempt}`,
        saveId: 4,
        bundleHash,
      });
    const first = await of(1);
    await part(first, 0, 'of the first');
    const second = await of(2);
    expect(await names()).to.deep.equal(['._heddle_application_1_7_4_attempt2']);
    await abortSave(first);
    expect(await rejection(commitSave(first, [], bundleHash))).to.be.instanceOf(Error);
    await commitSave(second, [await part(second, 0, 'of the second')], bundleHash);
    expect(await content('out/part-00000')).to.equal('of the second');
    expect((await of(3)).finished, 'a third one takes it over').to.not.equal(undefined);
    expect(await names()).to.deep.equal(['out']);
  });

  it('does not commit when a file of the manifest is missing, or is there twice', async () => {
    const save = await prepare();
    const file = await part(save, 0, 'a');
    const missing = { ...file, partition: 1, name: 'part-00001', temporaryName: '_part-00001.9' };
    expect(await rejection(commitSave(save, [file, missing], bundleHash))).to.be.instanceOf(
      FileNotFoundError,
    );
    expect(await rejection(commitSave(save, [file, file], bundleHash))).to.be.instanceOf(
      InternalError,
    );
    await abortSave(save);
    expect(await names()).to.deep.equal([]);
  });

  it('refuses the root, an empty path, and to overwrite the working directory of the program', async () => {
    expect(await rejection(prepare('/'))).to.be.instanceOf(ArgumentError);
    expect(await rejection(prepare(''))).to.be.instanceOf(ArgumentError);
    expect(await rejection(prepare(process.cwd(), true))).to.be.instanceOf(ArgumentError);
    expect(await rejection(prepare(join(process.cwd(), '..'), true))).to.be.instanceOf(
      ArgumentError,
    );
  });

  describe('of a process that dies', () => {
    /** Does a number of changes, then no more: what a process leaves that is killed there. */
    class DyingFiles extends LocalFileSystem {
      #left = Infinity;
      changes = 0;

      dieAfter(changes: number): void {
        this.#left = changes;
      }

      #change(): void {
        if (this.#left <= 0) throw new Error('killed');
        this.#left -= 1;
        this.changes += 1;
      }

      override async rename(source: string, destination: string): Promise<void> {
        this.#change();
        await super.rename(source, destination);
      }

      override async delete(path: string): Promise<boolean> {
        this.#change();
        return await super.delete(path);
      }

      override async create(path: string): ReturnType<LocalFileSystem['create']> {
        this.#change();
        return await super.create(path);
      }
    }

    /** Saves over `old`, dying at a step; returns whether it got to the end. */
    const saveDyingAt = async (step: number, overwrite: boolean): Promise<boolean> => {
      const files = new DyingFiles();
      registry = registryOf(files);
      const save = await prepare('out', overwrite);
      const parts = [await part(save, 0, 'new 0'), await part(save, 1, 'new 1')];
      await part(save, 1, 'stray', 99);
      files.dieAfter(step);
      return await commitSave(save, parts, bundleHash).then(
        () => true,
        () => false,
      );
    };
    const isWhole = async (path: string): Promise<boolean> =>
      (await names(path)).join() === '_SUCCESS,part-00000,part-00001' &&
      (await content(`${path}/part-00001`)) === 'new 1';

    it('the output is absent or whole at every step', async () => {
      for (let step = 0, ended = false; !ended; step += 1) {
        await directory.remove();
        directory = await makeTemporaryDirectory();
        ended = await saveDyingAt(step, false);
        if ((await names()).includes('out'))
          expect(await isWhole('out'), `step ${step}`).to.equal(true);
        else expect(ended).to.equal(false);
        expect(step).to.be.lessThan(20);
      }
    });

    it('overwriting loses neither the old nor the new output at any step', async () => {
      const seen = new Set<string>();
      for (let step = 0, ended = false; !ended; step += 1) {
        await directory.remove();
        directory = await makeTemporaryDirectory();
        await mkdir(join(directory.path, 'out'));
        await writeFile(join(directory.path, 'out/old'), 'old');
        const published = await saveDyingAt(step, true);
        const left = await names();
        // The last change, removing the old output, may fail without failing the save.
        ended = published && left.length === 1;
        const out = left.includes('out') ? (await names('out')).join() : 'absent';
        seen.add(out);
        if (out === 'absent') {
          expect(await content('._heddle_local-1_4_replaced/old')).to.equal('old');
          expect(await isWhole('._heddle_local-1_4')).to.equal(true);
        } else if (out !== 'old') {
          expect(await isWhole('out'), `step ${step}`).to.equal(true);
        }
        expect(step).to.be.lessThan(20);
      }
      expect([...seen]).to.have.members(['absent', 'old', '_SUCCESS,part-00000,part-00001']);
      expect(await names()).to.deep.equal(['out']);
    });
  });

  it('puts the old output back when the new one cannot take its place', async () => {
    /** The last step fails, as it does when a disk has gone read-only. */
    class StuckFiles extends LocalFileSystem {
      override async rename(source: string, destination: string): Promise<void> {
        if (source.endsWith('_4') && destination.endsWith('/out')) throw new Error('stuck');
        await super.rename(source, destination);
      }
    }
    await mkdir(join(directory.path, 'out'));
    await writeFile(join(directory.path, 'out/old'), 'old');
    registry = registryOf(new StuckFiles());
    const save = await prepare('out', true);
    const files = [await part(save, 0, 'new')];
    expect((await rejection(commitSave(save, files, bundleHash))).message).to.equal('stuck');
    await abortSave(save);
    expect(await names()).to.deep.equal(['out']);
    expect(await content('out/old')).to.equal('old');
    expect((await stat(join(directory.path, 'out'))).isDirectory()).to.equal(true);
  });
});

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) expect.fail('expected an error, and it resolved');
  return outcome;
}
