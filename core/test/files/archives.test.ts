import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { isArchiveName, unpackArchive } from '../../src/files/unpack/unpack-archive.js';

const text = 'some text\n'.repeat(1_000);

interface ZipFile {
  readonly name: string;
  readonly content: string;
  readonly deflated?: boolean;
  readonly mode?: number;
  readonly checksum?: number;
}

/** A zip file of the fields that unpacking looks at. */
function zip(files: readonly ZipFile[]): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflated = false, mode = 0, checksum } of files) {
    const raw = Buffer.from(content);
    const packed = deflated ? deflateRawSync(raw) : raw;
    const nameBytes = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(nameBytes.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry[5] = 3;
    entry.writeUInt16LE(0x800, 8);
    entry.writeUInt16LE(deflated ? 8 : 0, 10);
    entry.writeUInt32LE(checksum ?? crc32(raw), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(raw.length, 24);
    entry.writeUInt16LE(nameBytes.length, 28);
    entry.writeUInt32LE((mode << 16) >>> 0, 38);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, nameBytes, packed);
    entries.push(entry, nameBytes);
    offset += 30 + nameBytes.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** One block of a tar file. */
function tarHeader(name: string, sizeBytes: number, type = '0'): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

describe('archives', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-archives-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function unpack(name: string, bytes: Buffer): Promise<string> {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const target = join(folder, 'out');
    await unpackArchive(path, target);
    return target;
  }

  async function refusal(name: string, bytes: Buffer): Promise<string> {
    try {
      await unpack(name, bytes);
    } catch (error) {
      expect(error).to.have.property('code', 'ARCHIVE');
      // Neither the directory nor a part of it, nor anything beside it.
      expect(readdirSync(folder)).to.deep.equal([name]);
      return (error as Error).message;
    }
    throw new Error('it was unpacked');
  }

  for (const [name, flags] of [
    ['data.tar', '-cf'],
    ['data.tar.gz', '-czf'],
    ['data.tgz', '-czf'],
  ] as const) {
    it(`A-178 what tar packed as ${name} comes out as it went in`, async () => {
      const source = join(folder, 'source');
      const deep = join(source, 'a'.repeat(120), 'b'.repeat(120));
      mkdirSync(deep, { recursive: true });
      writeFileSync(join(deep, 'long.txt'), 'long');
      writeFileSync(join(source, 'ünïcode.txt'), text);
      writeFileSync(join(source, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
      writeFileSync(join(source, 'empty'), '');
      const path = join(folder, name);
      for (const format of ['gnu', 'pax', 'ustar']) {
        if (format === 'ustar') rmSync(join(source, 'a'.repeat(120)), { recursive: true });
        execFileSync('tar', [flags, path, `--format=${format}`, '-C', source, '.']);
        const target = join(folder, `out-${format}`);
        await unpackArchive(path, target);
        expect(readFileSync(join(target, 'ünïcode.txt'), 'utf8')).to.equal(text);
        expect(readFileSync(join(target, 'empty'), 'utf8')).to.equal('');
        expect(statSync(join(target, 'run.sh')).mode & 0o777).to.equal(0o700);
        expect(statSync(join(target, 'empty')).mode & 0o777).to.equal(0o600);
        if (format !== 'ustar') {
          const long = join(target, 'a'.repeat(120), 'b'.repeat(120), 'long.txt');
          expect(readFileSync(long, 'utf8')).to.equal('long');
        }
      }
    });
  }

  it('A-178 a zip file with stored and deflated entries and folders', async () => {
    const target = await unpack(
      'data.zip',
      zip([
        { name: 'folder/', content: '' },
        { name: 'folder/stored.txt', content: 'stored' },
        { name: 'new/deflated.txt', content: text, deflated: true, mode: 0o100755 },
        { name: 'empty', content: '' },
      ]),
    );
    expect(readFileSync(join(target, 'folder', 'stored.txt'), 'utf8')).to.equal('stored');
    expect(readFileSync(join(target, 'new', 'deflated.txt'), 'utf8')).to.equal(text);
    expect(statSync(join(target, 'new', 'deflated.txt')).mode & 0o777).to.equal(0o700);
    expect(statSync(join(target, 'empty')).size).to.equal(0);
  });

  for (const name of ['../evil', '/evil', 'a/../../evil', 'a\\evil', '..']) {
    it(`T12 never writes outside of its directory: ${name}`, async () => {
      expect(await refusal('data.zip', zip([{ name, content: 'x' }]))).to.contain('outside');
      rmSync(join(folder, 'data.zip'));
      const tar = Buffer.concat([tarHeader(name, 1), Buffer.alloc(512, 'x'), Buffer.alloc(1_024)]);
      expect(await refusal('data.tar', tar)).to.contain('outside');
      expect(existsSync(join(folder, '..', 'evil'))).to.equal(false);
    });
  }

  it('T12 links, devices and a second file of one name are refused', async () => {
    const link = { name: 'link', content: '/etc/passwd', mode: 0o120777 };
    expect(await refusal('data.zip', zip([link]))).to.contain('links');
    rmSync(join(folder, 'data.zip'));
    const twice = { name: 'same', content: 'x' };
    expect(await refusal('data.zip', zip([twice, twice]))).to.contain('EEXIST');
    rmSync(join(folder, 'data.zip'));
    for (const type of ['1', '2', '3', '6']) {
      const tar = Buffer.concat([tarHeader('odd', 0, type), Buffer.alloc(1_024)]);
      expect(await refusal('data.tar', tar)).to.contain('neither a file nor a directory');
    }
  });

  it('damaged archives are refused, wherever they are cut or changed', async () => {
    const files = [{ name: 'a.txt', content: text, deflated: true }];
    expect(await refusal('data.zip', zip([{ ...files[0]!, checksum: 1 }]))).to.contain('damaged');
    const whole = zip(files);
    for (let length = 0; length < whole.length; length += 7) {
      await refusal('data.zip', whole.subarray(0, length));
    }
    rmSync(join(folder, 'data.zip'));
    const tar = Buffer.concat([tarHeader('a.txt', 5_000), Buffer.alloc(5_120, 'x')]);
    for (const length of [100, 512, 700, 5_000]) {
      await refusal('data.tar', tar.subarray(0, length));
    }
    rmSync(join(folder, 'data.tar'));
    const gzip = gzipSync(Buffer.concat([tar, Buffer.alloc(1_024)]));
    await refusal('data.tgz', gzip.subarray(0, gzip.length - 10));
    const changed = Buffer.from(tar);
    changed[10]! ^= 1;
    rmSync(join(folder, 'data.tgz'));
    expect(await refusal('data.tar', changed)).to.contain('damaged');
  });

  it('knows archives by their ending', () => {
    for (const name of ['a.zip', 'a.jar', 'a.tar', 'a.tar.gz', 'a.TGZ']) {
      expect(isArchiveName(name), name).to.equal(true);
    }
    for (const name of ['a.gz', 'a.txt', 'zip', 'a.tar.bz2']) {
      expect(isArchiveName(name), name).to.equal(false);
    }
  });
});
