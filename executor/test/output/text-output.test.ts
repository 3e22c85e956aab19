import { mkdir, readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import * as zlib from 'node:zlib';
import { expect } from 'chai';
import {
  FileExistsError,
  FileNotFoundError,
  FileSystemRegistry,
  LocalFileSystem,
  StorageFullError,
  type FileWriter,
} from '@heddle/webhdfs';
import type { CommittedFile, TextOutputSpec } from 'heddle/internal';
import { LocalPartWriter } from '../../src/output/local-part-writer.js';
import { createTextOutput } from '../../src/output/text-output.js';
import { FileThread } from '../input/file-thread.js';
import { makeTemporaryDirectory } from '../input/temporary-directory.js';
import { testEnvironment, type TestEnvironment } from '../input/test-environment.js';

describe('text output', () => {
  let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
  let env: TestEnvironment;
  let spec: TextOutputSpec;

  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
    env = testEnvironment();
    spec = { temporaryDirectory: `file://${directory.path}`, saveId: 1 };
  });
  afterEach(() => directory.remove());

  const write = (records: readonly unknown[], partition = 3): CommittedFile => {
    const output = createTextOutput(spec, partition, env);
    for (const record of records) output.add(record);
    return output.finish();
  };
  const contentOf = (file: CommittedFile): Promise<string> =>
    readFile(`${directory.path}/${file.temporaryName}`, 'utf8');

  it('A-080 names files by partition, and by attempt while they are temporary and hidden', async () => {
    const file = write(['a', 'b']);
    expect(file).to.deep.equal({
      partition: 3,
      name: 'part-00003',
      temporaryName: '_part-00003.7',
      sizeBytes: 4,
      records: 2,
    });
    expect(await readdir(directory.path)).to.deep.equal(['_part-00003.7']);
    expect(write([], 123456).name).to.equal('part-123456');
    expect(env.metrics).to.include({ outputBytes: 4, outputRecords: 2 });
  });

  it('B.5 writes one line for each record: text, bytes raw, values, JSON', async () => {
    const file = write(['text', Buffer.from([0xff, 0x00]), 1, null, ['k', 1n], 'multi\nline', '']);
    const bytes = await readFile(`${directory.path}/${file.temporaryName}`);
    expect(bytes.toString('latin1')).to.equal(
      'text\n\xff\x00\n1\nnull\n["k","1"]\nmulti\nline\n\n',
    );
    expect(file.sizeBytes).to.equal(bytes.length);
    expect(file.records).to.equal(7);
  });

  it('B.5 gives an empty partition an empty file', async () => {
    const file = write([]);
    expect(file.sizeBytes).to.equal(0);
    expect(await contentOf(file)).to.equal('');
  });

  it('keeps order and content over all buffer borders', async () => {
    const records = Array.from({ length: 3000 }, (_, i) =>
      i % 500 === 0 ? '日本😀'.repeat(30_000 + i) : `record ${i} ${'é'.repeat(i % 97)}`,
    );
    const file = write(records);
    expect(await contentOf(file)).to.equal(`${records.join('\n')}\n`);
  });

  it('leaves characters of two code units whole in long lines', async () => {
    for (const shift of ['', 'x']) {
      const line = shift + '😀'.repeat(100_000);
      const output = createTextOutput(spec, shift.length, testEnvironment());
      output.add(line);
      expect(await contentOf(output.finish())).to.equal(`${line}\n`);
    }
  });

  it('removes its file when it is aborted, before and after it is finished', async () => {
    const early = createTextOutput(spec, 0, env);
    early.add('x'.repeat(100_000));
    early.abort();
    early.abort();
    const late = createTextOutput(spec, 1, env);
    late.add('x');
    late.finish();
    late.abort();
    expect(await readdir(directory.path)).to.deep.equal([]);
  });

  it('removes an unfinished file when the attempt ends, and keeps a finished one', async () => {
    createTextOutput(spec, 0, env).add('never finished');
    write(['finished'], 1);
    env.end();
    expect(await readdir(directory.path)).to.deep.equal(['_part-00001.7']);
  });

  it('does not bring the folder of an ended save back', () => {
    const gone = { ...spec, temporaryDirectory: `file://${directory.path}/gone` };
    expect(() => createTextOutput(gone, 0, env)).to.throw(FileNotFoundError);
    expect(existsSync(`${directory.path}/gone`)).to.equal(false);
  });

  it('never writes into the file of another attempt', () => {
    write(['mine']);
    expect(() => createTextOutput(spec, 3, env)).to.throw(FileExistsError);
  });

  it('says that the disk is full', () => {
    const writer = new LocalPartWriter('/dev/full', 'w');
    expect(() => writer.write(Buffer.from('x')))
      .to.throw(StorageFullError, 'no space left to write /dev/full')
      .with.property('code', 'STORAGE_FULL');
  });
});

describe('text output through the host', () => {
  let directory: Awaited<ReturnType<typeof makeTemporaryDirectory>>;
  let thread: FileThread;
  let spec: TextOutputSpec;

  before(() => {
    thread = new FileThread();
  });
  after(() => thread.end());
  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
    spec = { temporaryDirectory: `file://${directory.path}`, saveId: 1 };
  });
  afterEach(() => directory.remove());

  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} ${i * i}`);
  const text = `${lines.join('\n')}\n`;

  for (const [codec, ending, decompress] of [
    ['gzip', '.gz', zlib.gunzipSync],
    ['zstd', '.zst', zlib.zstdDecompressSync],
    ['deflate', '.deflate', zlib.inflateSync],
    ['brotli', '.br', zlib.brotliDecompressSync],
  ] as const) {
    it(`B.5 writes ${codec} as one stream, with its ending`, async () => {
      const reply = await thread.ask({
        kind: 'write',
        spec: { ...spec, codec },
        partition: 2,
        records: [lines.join('\n')],
        repeat: 20,
        end: 'finish',
      });
      expect(reply.error).to.equal(undefined);
      const file = reply.file!;
      expect(file).to.include({ name: `part-00002${ending}`, records: 20 });
      expect(file.temporaryName).to.equal(`_part-00002${ending}.7`);
      const bytes = await readFile(`${directory.path}/${file.temporaryName}`);
      expect(bytes.length).to.equal(file.sizeBytes);
      expect(reply.outputBytes).to.equal(file.sizeBytes);
      expect(bytes.length).to.be.lessThan(text.length * 10);
      expect(decompress(bytes).toString()).to.equal(text.repeat(20));
    });
  }

  it('writes an empty partition as a compressed file that is empty inside', async () => {
    const reply = await thread.ask({
      kind: 'write',
      spec: { ...spec, codec: 'gzip' },
      partition: 0,
      records: [],
      repeat: 0,
      end: 'finish',
    });
    const bytes = await readFile(`${directory.path}/${reply.file!.temporaryName}`);
    expect(zlib.gunzipSync(bytes)).to.have.length(0);
  });

  for (const end of ['abort', 'leave'] as const) {
    it(`removes the file of an output that ends by "${end}"`, async () => {
      const request = { kind: 'write', partition: 0, records: lines, repeat: 10, end } as const;
      for (let i = 0; i < 3; i += 1) {
        await thread.ask({ ...request, spec: { ...spec, codec: 'zstd' } });
      }
      await thread.idle();
      expect(await readdir(directory.path)).to.deep.equal([]);
    });
  }

  it('tells the thread that the folder is gone, and goes on with the next output', async () => {
    const request = { kind: 'write', records: lines, repeat: 50, end: 'finish' } as const;
    const gone = {
      ...spec,
      temporaryDirectory: `file://${directory.path}/gone`,
      codec: 'gzip',
    } as const;
    const failed = await thread.ask({ ...request, spec: gone, partition: 0 });
    expect(failed.error).to.include({ className: 'FileNotFoundError', isError: true });
    await mkdir(`${directory.path}/gone`);
    const reply = await thread.ask({ ...request, spec: gone, partition: 0 });
    expect(reply.file?.records).to.equal(5000 * 50);
  });
});

describe('text output through the host onto a full disk', () => {
  /** Takes a few bytes, then no more. */
  class FullFiles extends LocalFileSystem {
    readonly removed: string[] = [];

    override create(path: string): Promise<FileWriter> {
      let written = 0;
      return Promise.resolve({
        write: (bytes: Uint8Array) => {
          written += bytes.length;
          return written < 300_000 ? Promise.resolve() : Promise.reject(new StorageFullError(path));
        },
        close: () => Promise.resolve(),
        abort: () => {
          this.removed.push(path);
          return Promise.resolve();
        },
      });
    }
  }

  it('arrives in the thread as StorageFullError, and the file is removed', async () => {
    const files = new FullFiles();
    const thread = new FileThread(
      new FileSystemRegistry({ fileSystem: files, workingDirectory: '/' }),
    );
    const noise = Array.from({ length: 20_000 }, (_, i) => Math.sin(i).toString(36)).join('');
    for (const codec of ['gzip', 'zstd'] as const) {
      const reply = await thread.ask({
        kind: 'write',
        spec: { temporaryDirectory: 'file:///full', saveId: 1, codec },
        partition: 0,
        records: [noise, Array.from(noise).reverse().join('')],
        repeat: 200,
        end: 'finish',
      });
      expect(reply.error).to.include({ className: 'StorageFullError', isError: true });
    }
    expect(files.removed).to.deep.equal(['/full/_part-00000.gz.7', '/full/_part-00000.zst.7']);
    await thread.end();
  });
});
