import { appendFile, mkdir, truncate, writeFile } from 'node:fs/promises';
import { setImmediate as immediate } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { expect } from 'chai';
import {
  expandInput,
  FileSystemRegistry,
  LocalFileSystem,
  splitFiles,
  type FileReader,
} from '@heddle/webhdfs';
import { makeTemporaryDirectory } from './temporary-directory.js';
import { piece } from './array-pieces.js';
import { FileThread } from './file-thread.js';

/** Brotli's own default takes seconds for a megabyte. */
function quickBrotli(bytes: Buffer): Buffer {
  return zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } });
}

for (const localFiles of ['host', 'direct'] as const) describeFiles(localFiles);

function describeFiles(localFiles: 'host' | 'direct'): void {
  describe(`shared input, local files read by ${localFiles === 'host' ? 'the host' : 'the thread'}`, () => {
    let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
    let thread: FileThread;

    before(async () => {
      directory = await makeTemporaryDirectory();
      thread = new FileThread();
      await thread.ask({ kind: 'configure', options: { localFiles } });
    });
    after(async () => {
      await thread.end();
      await directory.remove();
    });
    afterEach(() => thread.idle());

    const put = async (name: string, content: string | Uint8Array): Promise<string> => {
      await writeFile(`${directory.path}/${name}`, content);
      return `file://${directory.path}/${name}`;
    };
    const all = Number.MAX_SAFE_INTEGER;

    it('A-074 reads a file in splits, with a line longer than a block, as wc -l counts it', async () => {
      const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i} ${'é'.repeat(i % 60)}`);
      lines[20_000] = 'x'.repeat(700_000);
      for (const [name, end] of [
        ['lf.txt', '\n'],
        ['crlf.txt', '\r\n'],
      ] as const) {
        const path = await put(name, lines.join(end));
        const registry = new FileSystemRegistry({
          fileSystem: new LocalFileSystem({ blockSizeBytes: 200_000 }),
          workingDirectory: directory.path,
        });
        const files = await expandInput(registry, path);
        const { partitions } = splitFiles(files, 2);
        expect(partitions.length).to.be.greaterThan(5);
        const found: unknown[] = [];
        let inputBytes = 0;
        for (const pieces of partitions) {
          const reply = await thread.ask({
            kind: 'read',
            operator: 'textFile',
            pieces,
            limit: all,
          });
          found.push(...reply.records!);
          inputBytes += reply.inputBytes!;
        }
        expect(found).to.deep.equal(lines);
        expect(inputBytes).to.equal(files[0]!.sizeBytes);
      }
    });

    it('reads more than all slots hold, through small and large buffers', async () => {
      const lines = Array.from({ length: 100_000 }, (_, i) => `line number ${i}`);
      const path = await put('large.txt', lines.join('\n'));
      const { length } = Buffer.from(lines.join('\n'));
      for (const options of [{ slotBytes: 1000, slotCount: 2 }, { slotBytes: 64 * 1024 }, {}]) {
        await thread.ask({ kind: 'configure', options: { ...options, localFiles } });
        const pieces = [piece(path, 0, length)];
        const reply = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
        expect(reply.records).to.deep.equal(lines);
      }
    });

    it('A-088 reads a thousand small files, empty ones too', async () => {
      await mkdir(`${directory.path}/many`);
      const pieces = [];
      for (let i = 0; i < 1000; i += 1) {
        const content = i % 10 === 0 ? '' : `content ${i}`;
        const path = await put(`many/${i}`, content);
        pieces.push(piece(path, 0, content.length));
      }
      const whole = await thread.ask({
        kind: 'read',
        operator: 'wholeTextFiles',
        pieces,
        limit: all,
      });
      expect(whole.records).to.have.length(1000);
      expect(whole.records![10]).to.deep.equal([`file://${directory.path}/many/10`, '']);
      expect(whole.records![999]).to.deep.equal([
        `file://${directory.path}/many/999`,
        'content 999',
      ]);
      const lines = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
      expect(lines.records).to.have.length(900);
    });

    for (const [codec, compress] of [
      ['gzip', zlib.gzipSync],
      ['zstd', zlib.zstdCompressSync],
      ['deflate', zlib.deflateSync],
      ['brotli', quickBrotli],
    ] as const) {
      it(`A-079 reads ${codec}, also several streams in one file`, async () => {
        const lines = Array.from({ length: 60_000 }, (_, i) => `line number ${i} ${i * i}`);
        const text = `${lines.join('\n')}\n`;
        const half = text.indexOf('\n', text.length / 2) - 3;
        const bytes = Buffer.concat([
          compress(Buffer.from(text.slice(0, half))),
          compress(Buffer.from('')),
          compress(Buffer.from(text.slice(half))),
        ]);
        const path = await put(`lines.${codec}`, bytes);
        const pieces = [piece(path, 0, bytes.length, bytes.length, codec)];
        const reply = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
        expect(reply.error).to.equal(undefined);
        expect(reply.records).to.deep.equal(lines);
        expect(reply.inputBytes).to.equal(bytes.length);
        const whole = await thread.ask({
          kind: 'read',
          operator: 'wholeTextFiles',
          pieces,
          limit: all,
        });
        expect(whole.records).to.deep.equal([[path, text]]);
      });

      it(`refuses ${codec} data that is cut short, damaged, or something else, with the file's name`, async () => {
        const text = Array.from({ length: 20_000 }, (_, i) => `${i * 7919}`).join('\n');
        const good = compress(Buffer.from(text));
        const cases: [string, Uint8Array][] = [
          ['cut', good.subarray(0, good.length - 10)],
          ['cut-second', Buffer.concat([good, good.subarray(0, 20)])],
          ['text', Buffer.from(text)],
        ];
        for (const [name, bytes] of cases) {
          const path = await put(`${name}.${codec}`, bytes);
          const pieces = [piece(path, 0, bytes.length, bytes.length, codec)];
          const reply = await thread.ask({
            kind: 'read',
            operator: 'textFile',
            pieces,
            limit: all,
          });
          expect(reply.error, name).to.include({ className: 'InputFormatError', isError: true });
          expect(reply.error!.fields).to.include({ path, code: 'INPUT_FORMAT' });
          expect(reply.error!.message).to.include(name.startsWith('cut') ? 'cut short' : codec);
        }
      });
    }

    it('takes gzip that is padded with zeros', async () => {
      const bytes = Buffer.concat([zlib.gzipSync('a\nb\n'), Buffer.alloc(700_000)]);
      const path = await put('padded.gz', bytes);
      const pieces = [piece(path, 0, bytes.length, bytes.length, 'gzip')];
      const reply = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
      expect(reply.records).to.deep.equal(['a', 'b']);
    });

    it('tells the thread typed errors, with their fields, stack and cause', async () => {
      const pieces = [piece(`file://${directory.path}/gone`, 0, 10)];
      const reply = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
      expect(reply.error).to.deep.include({ className: 'InputNotFoundError', isError: true });
      expect(reply.error!.fields).to.include({ path: pieces[0]!.path, code: 'INPUT_NOT_FOUND' });
      expect(reply.error!.message).to.include('it was there when the input was listed');
      expect(reply.error!.cause).to.include('no such file or directory');
      expect(reply.error!.stack).to.include('InputNotFoundError');
    });

    it('refuses a file that became shorter, and does not read what was added to one', async () => {
      const path = await put('changing', 'one\ntwo\nthree\n');
      const pieces = [piece(path, 0, 14)];
      await appendFile(path.slice('file://'.length), 'four\n');
      const grown = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
      expect(grown.records).to.deep.equal(['one', 'two', 'three']);
      await truncate(path.slice('file://'.length), 6);
      const shorter = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
      expect(shorter.error).to.include({ className: 'InputFormatError' });
      expect(shorter.error!.fields).to.include({ path, offset: 6 });
    });

    it('goes on with the next task after an error', async () => {
      const path = await put('fine', 'fine');
      const pieces = [piece(`file://${directory.path}/gone`, 0, 10)];
      for (let i = 0; i < 20; i += 1) {
        await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: all });
      }
      const reply = await thread.ask({
        kind: 'read',
        operator: 'textFile',
        pieces: [piece(path, 0, 4)],
        limit: all,
      });
      expect(reply.records).to.deep.equal(['fine']);
    });

    it('keeps many inputs open at once, with smaller buffers beyond its budget', async () => {
      const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
      const text = lines.join('\n');
      const path = await put('together', text);
      await thread.ask({
        kind: 'configure',
        options: { budgetBytes: 9 * 1024 * 1024, localFiles },
      });
      const pieces = Array.from({ length: 12 }, () => piece(path, 0, text.length));
      for (let round = 0; round < 3; round += 1) {
        const reply = await thread.ask({ kind: 'readTogether', pieces });
        for (const records of reply.records!) expect(records).to.deep.equal(lines);
        await thread.idle();
      }
      await thread.ask({ kind: 'configure', options: { localFiles } });
    });
  });
}

describe('shared input of a file system that counts', () => {
  /** An endless file; reads wait while `held` is set. */
  class EndlessFiles extends LocalFileSystem {
    readBytes = 0;
    open = 0;
    held: Promise<void> | undefined;

    override openRead(): Promise<FileReader> {
      this.open += 1;
      let closed = false;
      return Promise.resolve({
        read: async (_offset: number, into: Uint8Array) => {
          await this.held;
          into.fill(0x61);
          for (let i = 99; i < into.length; i += 100) into[i] = 0x0a;
          this.readBytes += into.length;
          return into.length;
        },
        close: () => {
          if (!closed) this.open -= 1;
          closed = true;
          return Promise.resolve();
        },
      });
    }
  }

  let files: EndlessFiles;
  let thread: FileThread;
  const endless = [piece('/endless', 0, 2 ** 40)];

  beforeEach(() => {
    files = new EndlessFiles();
    thread = new FileThread(new FileSystemRegistry({ fileSystem: files, workingDirectory: '/' }));
  });
  afterEach(() => thread.end());

  it('B.0 an early end reads a few blocks ahead at most, and closes the file', async () => {
    const reply = await thread.ask({
      kind: 'read',
      operator: 'textFile',
      pieces: endless,
      limit: 1,
    });
    expect(reply.records).to.have.length(1);
    await thread.idle();
    expect(files.open).to.equal(0);
    expect(files.readBytes).to.be.at.most(4 * 1024 * 1024);
  });

  it('A-074 reads behind a split only what its last line needs', async () => {
    const length = 300_000;
    const pieces = [piece('/endless', 1_000_000, length, 2 ** 40)];
    const reply = await thread.ask({ kind: 'read', operator: 'textFile', pieces, limit: 2 ** 40 });
    expect(reply.records!.length).to.be.greaterThan(2900);
    await thread.idle();
    expect(files.readBytes).to.be.within(length, length + 16 * 1024 + 1);
  });

  it('holds the host back while the thread does not read', async () => {
    await thread.ask({ kind: 'configure', options: { slotBytes: 1000, slotCount: 3 } });
    const control = new SharedArrayBuffer(4);
    const killed = thread.ask({ kind: 'readUntilKilled', pieces: endless, control });
    // The thread is in the middle of an endless input: kill it there, while the host keeps up.
    while (files.readBytes < 100_000) await immediate();
    Atomics.store(new Int32Array(control), 0, 1);
    files.held = new Promise(() => undefined);
    expect((await killed).error).to.include({ message: 'killed' });
    const read = files.readBytes;
    for (let i = 0; i < 50; i += 1) await immediate();
    expect(files.readBytes - read).to.be.at.most(3000);
  });

  it('a killed attempt stops waiting for bytes that do not come', async () => {
    let release = (): void => undefined;
    files.held = new Promise((resolve) => (release = resolve));
    const control = new SharedArrayBuffer(4);
    const reply = thread.ask({ kind: 'readUntilKilled', pieces: endless, control });
    while (files.open === 0) await immediate();
    Atomics.store(new Int32Array(control), 0, 1);
    expect((await reply).error).to.include({ message: 'killed' });
    release();
    await thread.idle();
    expect(files.open).to.equal(0);
  });

  it('closes the files of a thread that has died', async () => {
    const control = new SharedArrayBuffer(4);
    void thread.ask({ kind: 'readUntilKilled', pieces: endless, control });
    while (files.readBytes === 0) await immediate();
    await thread.end();
    await thread.idle();
    expect(files.open).to.equal(0);
  });
});
