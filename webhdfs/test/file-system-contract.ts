import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import {
  createAtomically,
  FileExistsError,
  FileNotFoundError,
  FileSystemError,
  FileSystemRegistry,
  InvalidPathError,
  listRecursively,
  type FileSystem,
} from '../src/index.js';

/** A file system with an empty directory to play in. */
export interface ContractSubject {
  readonly fileSystem: FileSystem;
  /** Absolute path of an empty directory. */
  readonly root: string;
  /** Names that this file system's own rules forbid. */
  readonly forbiddenNames?: readonly string[];
  close(): Promise<void>;
}

/** What every file system must do, run against an implementation. */
export function describeFileSystem(name: string, open: () => Promise<ContractSubject>): void {
  describe(`file system contract: ${name}`, () => {
    let subject: ContractSubject;
    let fs: FileSystem;
    let root: string;

    beforeEach(async () => {
      subject = await open();
      fs = subject.fileSystem;
      root = subject.root;
    });
    afterEach(() => subject.close());

    const write = async (path: string, content: string): Promise<void> => {
      const writer = await fs.create(path);
      await writer.write(Buffer.from(content));
      await writer.close();
    };
    const read = async (path: string): Promise<string> => {
      const { sizeBytes } = await fs.status(path);
      const reader = await fs.openRead(path);
      try {
        const bytes = Buffer.alloc(sizeBytes);
        expect(await reader.read(0, bytes)).to.equal(sizeBytes);
        return bytes.toString();
      } finally {
        await reader.close();
      }
    };

    describe('reading and writing', () => {
      it('reads back what was written in several writes', async () => {
        const writer = await fs.create(`${root}/a.txt`);
        await writer.write(Buffer.from('one '));
        await writer.write(Buffer.from(''));
        await writer.write(Buffer.from('two'));
        await writer.close();
        await writer.close();
        expect(await read(`${root}/a.txt`)).to.equal('one two');
      });

      it('has taken the bytes when a write resolves', async () => {
        const bytes = Buffer.from('first');
        const writer = await fs.create(`${root}/a.txt`);
        await writer.write(bytes);
        bytes.fill('x');
        await writer.write(Buffer.from('.'));
        await writer.close();
        expect(await read(`${root}/a.txt`)).to.equal('first.');
      });

      it('reads at any offset, also into shared memory, and less at the end', async () => {
        await write(`${root}/a.txt`, '0123456789');
        const reader = await fs.openRead(`${root}/a.txt`);
        const into = new Uint8Array(new SharedArrayBuffer(4));
        expect(await reader.read(3, into)).to.equal(4);
        expect(Buffer.from(into).toString()).to.equal('3456');
        expect(await reader.read(8, into)).to.equal(2);
        expect(Buffer.from(into).toString()).to.equal('8956');
        expect(await reader.read(10, into)).to.equal(0);
        expect(await reader.read(99, into)).to.equal(0);
        expect(await reader.read(0, new Uint8Array(0))).to.equal(0);
        await reader.close();
        await reader.close();
      });

      it('lets reads overlap', async () => {
        const content = Array.from({ length: 20_000 }, (_, i) => String(i)).join(' ');
        await write(`${root}/a.txt`, content);
        const reader = await fs.openRead(`${root}/a.txt`);
        const parts = [0, 1, 2, 3, 4].map((i) => ({ at: i * 20_000, bytes: Buffer.alloc(20_000) }));
        await Promise.all(parts.map((part) => reader.read(part.at, part.bytes)));
        await reader.close();
        const joined = parts.map((part) => part.bytes.toString()).join('');
        expect(joined).to.equal(content.slice(0, 100_000));
      });

      it('syncs files and directories, and says which one is missing', async () => {
        await write(`${root}/a.txt`, 'abc');
        await fs.sync(`${root}/a.txt`);
        await fs.sync(root);
        await expectError(fs.sync(`${root}/none`), FileNotFoundError);
      });

      it('keeps empty files and large writes', async () => {
        await write(`${root}/empty`, '');
        expect((await fs.status(`${root}/empty`)).sizeBytes).to.equal(0);
        const large = 'x'.repeat(5 * 1024 * 1024);
        await write(`${root}/large`, large);
        expect(await read(`${root}/large`)).to.equal(large);
      });

      it('refuses to create what exists, unless told to overwrite', async () => {
        await write(`${root}/a.txt`, 'old');
        await expectError(fs.create(`${root}/a.txt`), FileExistsError);
        expect(await read(`${root}/a.txt`)).to.equal('old');
        const writer = await fs.create(`${root}/a.txt`, { overwrite: true });
        await writer.write(Buffer.from('n'));
        await writer.close();
        expect(await read(`${root}/a.txt`)).to.equal('n');
      });

      it('does not create directories on the way to a file', async () => {
        await expectError(fs.create(`${root}/missing/a.txt`), FileNotFoundError);
      });

      it('removes an aborted file, again and again', async () => {
        const writer = await fs.create(`${root}/a.txt`);
        await writer.write(Buffer.from('half'));
        await writer.abort();
        await writer.abort();
        await expectError(fs.status(`${root}/a.txt`), FileNotFoundError);
      });

      it('reads in order with a hint and without, and jumps between', async () => {
        const content = randomBytes(3 * 1024 * 1024);
        const writer = await fs.create(`${root}/a`);
        await writer.write(content);
        await writer.close();
        const ranges = [undefined, { start: 1000, end: 2_000_000 }, { start: 0, end: 5_000_000 }];
        for (const range of ranges) {
          const reader = await fs.openRead(`${root}/a`, range);
          const found: Buffer[] = [];
          const into = Buffer.alloc(100_001);
          for (let at = 1000; ;) {
            const count = await reader.read(at, into);
            found.push(Buffer.from(into.subarray(0, count)));
            at += count;
            if (count < into.length) break;
            const aside = Buffer.alloc(10);
            if (at % 3 === 0) expect(await reader.read(7, aside)).to.equal(10);
          }
          await reader.close();
          expect(Buffer.concat(found).equals(content.subarray(1000))).to.equal(true);
        }
      });

      it('appends to a file, and keeps it when that is aborted', async () => {
        await write(`${root}/a`, 'one');
        const writer = await fs.append(`${root}/a`);
        await writer.write(Buffer.from(' two'));
        await writer.close();
        expect(await read(`${root}/a`)).to.equal('one two');
        const aborted = await fs.append(`${root}/a`);
        await aborted.abort();
        expect(await read(`${root}/a`)).to.equal('one two');
        await expectError(fs.append(`${root}/none`), FileNotFoundError);
      });

      it('creates atomically: nothing before the close, all of it after', async () => {
        const writer = await createAtomically(fs, `${root}/a`);
        await writer.write(Buffer.from('whole'));
        await expectError(fs.status(`${root}/a`), FileNotFoundError);
        await writer.close();
        await writer.abort();
        expect(await read(`${root}/a`)).to.equal('whole');
        await expectError(createAtomically(fs, `${root}/a`), FileExistsError);
        const second = await createAtomically(fs, `${root}/a`, { overwrite: true });
        await second.write(Buffer.from('new'));
        expect(await read(`${root}/a`)).to.equal('whole');
        await second.close();
        expect(await read(`${root}/a`)).to.equal('new');
        const third = await createAtomically(fs, `${root}/b`);
        await write(`${root}/b`, 'somebody else');
        await expectError(third.close(), FileExistsError);
        const fourth = await createAtomically(fs, `${root}/c`);
        await fourth.abort();
        expect(await fs.listNames(root)).to.deep.equal(['a', 'b']);
        expect(await read(`${root}/b`)).to.equal('somebody else');
      });

      it('says which file is missing', async () => {
        const error = await expectError(fs.openRead(`${root}/none`), FileNotFoundError);
        expect(error.path).to.equal(`${root}/none`);
        expect(error.code).to.equal('FILE_NOT_FOUND');
        expect(error.message).to.include(`${root}/none`);
      });
    });

    describe('names', () => {
      for (const name of [
        'with space',
        'per%20cent',
        'plus+&=?',
        'a:b',
        'ümläut-日本',
        '[x]{y}*',
        ';semi;colon',
        '#hash',
        '%',
        '100%25%',
        '=,@$!~',
        `quotes'"\``,
        '<a href="x">&amp;',
        'back\\slash',
        'pipe|caret^',
        'tab\tand\nline',
        '...',
        '-rf',
        ' blanks at the ends ',
        '😀 e\u0301',
        'x'.repeat(200),
      ]) {
        it(`takes ${JSON.stringify(name)} literally`, async () => {
          if (subject.forbiddenNames?.includes(name) === true) {
            const error = await expectError(write(`${root}/${name}`, name), InvalidPathError);
            expect(error.path).to.equal(`${root}/${name}`);
            return;
          }
          await write(`${root}/${name}`, name);
          expect(await fs.listNames(root)).to.deep.equal([name]);
          expect(await read(`${root}/${name}`)).to.equal(name);
        });
      }

      it('gives a full name that leads back to the file', () => {
        const registry = new FileSystemRegistry();
        registry.register(fs.scheme, () => fs);
        const uri = fs.uri(`${root}/per%20cent`);
        expect(uri).to.match(/^[a-z]+:\/\//);
        expect(registry.resolve(uri).path).to.equal(`${root}/per%20cent`);
      });
    });

    describe('status and listing', () => {
      it('tells files from directories, with size, time, mode and block size', async () => {
        await write(`${root}/a.txt`, 'abc');
        const file = await fs.status(`${root}/a.txt`);
        expect(file).to.include({ path: `${root}/a.txt`, kind: 'file', sizeBytes: 3 });
        expect(file.blockSizeBytes).to.be.greaterThan(0);
        expect(file.modifiedMs).to.be.closeTo(Date.now(), 24 * 3_600_000);
        expect(await fs.status(root)).to.include({ kind: 'directory', sizeBytes: 0 });
      });

      it('lists sorted by name, hidden names included', async () => {
        for (const name of ['b', 'a', '_c', '.d', 'B']) await write(`${root}/${name}`, name);
        await fs.makeDirectories(`${root}/c/inner`);
        const names = ['.d', 'B', '_c', 'a', 'b', 'c'];
        expect(await fs.listNames(root)).to.deep.equal(names);
        const listed = await fs.list(root);
        expect(listed.map((status) => status.path)).to.deep.equal(names.map((n) => `${root}/${n}`));
        expect(listed.at(-1)?.kind).to.equal('directory');
      });

      it('lists an empty directory as nothing, and a missing one as an error', async () => {
        expect(await fs.list(root)).to.deep.equal([]);
        await expectError(fs.list(`${root}/none`), FileNotFoundError);
        await expectError(fs.listNames(`${root}/none`), FileNotFoundError);
      });

      it('refuses to list the names of a file', async () => {
        await write(`${root}/a.txt`, 'abc');
        await expectError(fs.listNames(`${root}/a.txt`), FileSystemError);
      });

      it('gives locations that cover the range asked for', async () => {
        await write(`${root}/a.txt`, 'x'.repeat(1000));
        const blocks = await fs.blockLocations(`${root}/a.txt`, 100, 500);
        expect(blocks[0]!.offset).to.be.at.most(100);
        const last = blocks.at(-1)!;
        expect(last.offset + last.length).to.be.at.least(600);
        expect(await fs.blockLocations(`${root}/a.txt`, 0, 0)).to.deep.equal([]);
      });

      it('sets permissions', async () => {
        await write(`${root}/a.txt`, 'abc');
        await fs.setPermission(`${root}/a.txt`, 0o600);
        expect((await fs.status(`${root}/a.txt`)).mode & 0o777).to.equal(0o600);
        await expectError(fs.setPermission(`${root}/none`, 0o600), FileNotFoundError);
      });
    });

    describe('trees', () => {
      beforeEach(async () => {
        await fs.makeDirectories(`${root}/t/a/deep/er`);
        await fs.makeDirectories(`${root}/t/empty`);
        await write(`${root}/t/a/deep/file`, '12345');
        await write(`${root}/t/z`, '123');
      });

      it('lists everything below, each directory before what it holds', async () => {
        const paths: string[] = [];
        for await (const { path } of listRecursively(fs, `${root}/t`)) paths.push(path);
        const below = ['a', 'a/deep', 'a/deep/er', 'a/deep/file', 'empty', 'z'];
        expect(paths).to.deep.equal(below.map((path) => `${root}/t/${path}`));
      });

      it('sums up files, directories and bytes', async () => {
        expect(await fs.contentSummary(`${root}/t`)).to.deep.equal({
          files: 2,
          directories: 5,
          sizeBytes: 8,
        });
        const file = { files: 1, directories: 0, sizeBytes: 3 };
        expect(await fs.contentSummary(`${root}/t/z`)).to.deep.equal(file);
        await expectError(fs.contentSummary(`${root}/none`), FileNotFoundError);
      });

      it('sets one time and leaves the other', async () => {
        await fs.setTimes(`${root}/t/z`, { modifiedMs: 1_600_000_000_000 });
        expect((await fs.status(`${root}/t/z`)).modifiedMs).to.equal(1_600_000_000_000);
        await fs.setTimes(`${root}/t/z`, { accessedMs: 1_700_000_000_000 });
        expect((await fs.status(`${root}/t/z`)).modifiedMs).to.equal(1_600_000_000_000);
        await expectError(fs.setTimes(`${root}/none`, { modifiedMs: 1 }), FileNotFoundError);
      });
    });

    describe('directories', () => {
      it('makes all directories of a path, also when they exist', async () => {
        await fs.makeDirectories(`${root}/a/b/c`);
        await fs.makeDirectories(`${root}/a/b/c`);
        expect((await fs.status(`${root}/a/b/c`)).kind).to.equal('directory');
        await fs.sync(`${root}/a/b`);
      });

      it('does not replace a file by a directory', async () => {
        await write(`${root}/a`, 'abc');
        await expectError(fs.makeDirectories(`${root}/a`), FileExistsError);
        await expectError(fs.makeDirectories(`${root}/a/b`), FileExistsError);
        expect(await read(`${root}/a`)).to.equal('abc');
      });

      it('deletes with everything below, and says whether there was something', async () => {
        await fs.makeDirectories(`${root}/a/b`);
        await write(`${root}/a/b/c`, 'c');
        expect(await fs.delete(`${root}/a`)).to.equal(true);
        expect(await fs.delete(`${root}/a`)).to.equal(false);
        expect(await fs.list(root)).to.deep.equal([]);
      });
    });

    describe('rename', () => {
      it('moves a file and keeps its identity', async () => {
        await write(`${root}/a`, 'content');
        const before = await fs.status(`${root}/a`);
        await fs.rename(`${root}/a`, `${root}/b`);
        expect(await read(`${root}/b`)).to.equal('content');
        expect((await fs.status(`${root}/b`)).fileId).to.equal(before.fileId);
        await expectError(fs.status(`${root}/a`), FileNotFoundError);
      });

      it('moves a directory with everything below', async () => {
        await fs.makeDirectories(`${root}/a/inner`);
        await write(`${root}/a/inner/c`, 'c');
        await fs.rename(`${root}/a`, `${root}/b`);
        expect(await read(`${root}/b/inner/c`)).to.equal('c');
        expect(await fs.listNames(root)).to.deep.equal(['b']);
      });

      it('refuses an existing destination of any kind, and leaves both alone', async () => {
        await write(`${root}/file`, 'file');
        await write(`${root}/other`, 'other');
        await fs.makeDirectories(`${root}/empty`);
        await fs.makeDirectories(`${root}/full/x`);
        for (const [from, to] of [
          ['file', 'other'],
          ['file', 'empty'],
          ['full', 'empty'],
          ['empty', 'full'],
          ['full', 'file'],
          ['file', 'file'],
        ] as const) {
          await expectError(fs.rename(`${root}/${from}`, `${root}/${to}`), FileExistsError);
        }
        expect(await fs.listNames(root)).to.deep.equal(['empty', 'file', 'full', 'other']);
        expect(await fs.listNames(`${root}/full`)).to.deep.equal(['x']);
        expect(await fs.listNames(`${root}/empty`)).to.deep.equal([]);
        expect(await read(`${root}/other`)).to.equal('other');
      });

      it('replaces a file or an empty directory when told to, nothing else', async () => {
        for (const name of ['file', 'other']) await write(`${root}/${name}`, name);
        for (const name of ['dir', 'empty', 'full/x']) await fs.makeDirectories(`${root}/${name}`);
        const overwrite = (from: string, to: string): Promise<void> =>
          fs.rename(`${root}/${from}`, `${root}/${to}`, { overwrite: true });
        for (const [from, to] of [
          ['file', 'full'],
          ['file', 'empty'],
          ['dir', 'full'],
          ['dir', 'file'],
          ['file', 'file'],
        ] as const) {
          await expectError(overwrite(from, to), FileExistsError);
        }
        await overwrite('file', 'other');
        await overwrite('full', 'empty');
        expect(await read(`${root}/other`)).to.equal('file');
        expect(await fs.listNames(root)).to.deep.equal(['dir', 'empty', 'other']);
        expect(await fs.listNames(`${root}/empty`)).to.deep.equal(['x']);
      });

      it('lets one of many that rename to the same name win', async () => {
        const names = Array.from({ length: 20 }, (_, i) => `from-${i}`);
        for (const name of names) await write(`${root}/${name}`, name);
        const ends = await Promise.allSettled(
          names.map((name) => fs.rename(`${root}/${name}`, `${root}/to`)),
        );
        const winners = names.filter((_, i) => ends[i]!.status === 'fulfilled');
        expect(winners).to.have.length(1);
        expect(await read(`${root}/to`)).to.equal(winners[0]);
        expect(await fs.listNames(root)).to.have.length(20);
      });

      it('names the source when that is missing, and needs the parent of the destination', async () => {
        const error = await expectError(fs.rename(`${root}/none`, `${root}/b`), FileNotFoundError);
        expect(error.path).to.equal(`${root}/none`);
        await write(`${root}/a`, 'a');
        await fs.makeDirectories(`${root}/d`);
        await expectError(fs.rename(`${root}/a`, `${root}/missing/a`), FileNotFoundError);
        await expectError(fs.rename(`${root}/d`, `${root}/missing/d`), FileNotFoundError);
        expect(await read(`${root}/a`)).to.equal('a');
      });
    });
  });
}

/** Awaits the rejection with an error of a class, and returns it. */
export async function expectError<E extends Error>(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => E,
): Promise<E> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) expect.fail(`expected ${type.name}, and it resolved`);
  if (!(outcome.error instanceof type)) {
    expect.fail(`expected ${type.name}, and got ${String(outcome.error)}`);
  }
  return outcome.error;
}
