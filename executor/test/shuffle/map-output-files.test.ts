import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import { decodeIndex, encodeIndex } from '../../src/shuffle/index-file.js';
import { publishMapOutput, removeMapOutput } from '../../src/shuffle/map-output-files.js';
import { crcSeal } from '../../src/shuffle/part-seal.js';
import { useLocalDirectory, writeShuffle } from './test-environment.js';

const identity = { shuffleId: 3, mapPartition: 7, mapId: 'heddle_app_1_t9', generation: 2 };

/** Parts of which each is one text, without frames: only the files matter here. */
function publish(directories: readonly string[], texts: readonly string[]) {
  return publishMapOutput(directories, 0, {
    identity,
    numPartitions: texts.length,
    seal: crcSeal,
    writePart(partition, write) {
      const text = texts[partition]!;
      if (text !== '') {
        write(Buffer.from(text));
      }
      return text.length;
    },
  });
}

describe('map output files', () => {
  const local = useLocalDirectory();
  const folder = (): string => join(local.path, 'output', identity.mapId);

  it('A-150 has exactly the two files that the stock shuffle service serves', () => {
    const published = publish([local.path], ['first', '', 'third']);
    expect(published.localDirectory).to.equal(local.path);
    expect(readdirSync(join(local.path, 'output'))).to.deep.equal([identity.mapId]);
    expect(readdirSync(folder()).sort()).to.deep.equal(['file.out', 'file.out.index']);
  });

  it('writes the index as MapReduce does: 24 bytes for each reducer, big-endian, then the CRC-32', () => {
    const { partSizesBytes } = publish([local.path], ['first', '', 'third']);
    const index = readFileSync(join(folder(), 'file.out.index'));
    const size = 5 + 16 + 4; // the text, the footer, the CRC seal
    expect(partSizesBytes).to.deep.equal(Float64Array.of(size, 0, size));
    expect(index).to.have.length(3 * 24 + 8);
    const numbers = Array.from({ length: 10 }, (_, i) => index.readBigInt64BE(8 * i));
    expect(numbers).to.deep.equal([
      ...[0n, BigInt(size), BigInt(size)],
      ...[BigInt(size), 0n, 0n],
      ...[BigInt(size), BigInt(size), BigInt(size)],
      BigInt(crc32(index.subarray(0, 72))),
    ]);
    expect(statSync(join(folder(), 'file.out')).size).to.equal(2 * size);
  });

  it('writes offsets beyond 32 bits as int64', () => {
    const sizes = Float64Array.of(5_000_000_000, 0, 7);
    const index = Buffer.from(encodeIndex(sizes));
    expect(index.readBigInt64BE(8)).to.equal(5_000_000_000n);
    expect(index.readBigInt64BE(48)).to.equal(5_000_000_000n);
    expect(decodeIndex(index)).to.deep.equal([
      { offset: 0, rawLength: 5_000_000_000, partLength: 5_000_000_000 },
      { offset: 5_000_000_000, rawLength: 0, partLength: 0 },
      { offset: 5_000_000_000, rawLength: 7, partLength: 7 },
    ]);
  });

  it('refuses an index whose bytes or length changed', () => {
    const index = encodeIndex(Float64Array.of(1, 2, 3));
    for (let at = 0; at < index.length; at++) {
      const damaged = index.slice();
      damaged[at]! ^= 0x10;
      expect(decodeIndex(damaged), `byte ${at}`).to.equal(undefined);
    }
    expect(decodeIndex(index.subarray(1))).to.equal(undefined);
    expect(decodeIndex(new Uint8Array(3))).to.equal(undefined);
  });

  it('gives the folder 0750 and the files 0640, whatever the umask', () => {
    const before = process.umask(0o077);
    try {
      publish([local.path], ['x']);
    } finally {
      process.umask(before);
    }
    expect(statSync(folder()).mode & 0o777).to.equal(0o750);
    expect(statSync(join(folder(), 'file.out')).mode & 0o777).to.equal(0o640);
    expect(statSync(join(folder(), 'file.out.index')).mode & 0o777).to.equal(0o640);
  });

  it('keeps the set-group-id bit of output/, by which the NodeManager gets its group', function () {
    const output = join(local.path, 'output');
    chmodSync(output, 0o2750);
    if ((statSync(output).mode & 0o2000) === 0) {
      // Not ours to set here (a group that this user is not in): nothing to test.
      expect(statSync(output).isDirectory()).to.equal(true);
      return;
    }
    publish([local.path], ['x']);
    expect(statSync(folder()).mode & 0o7777).to.equal(0o2750);
  });

  it('goes on in the next directory when one cannot be used, and leaves nothing in it', () => {
    const gone = join(local.path, 'gone');
    const { localDirectory } = publish([gone, local.path], ['x']);
    expect(localDirectory).to.equal(local.path);
    expect(existsSync(gone)).to.equal(false);
  });

  it('A-162 never replaces a published output: an id is used once', () => {
    publish([local.path], ['x']);
    expect(() => publish([local.path], ['y'])).to.throw();
    expect(readFileSync(join(folder(), 'file.out')).toString()).to.contain('x');
    expect(readdirSync(join(local.path, 'output'))).to.deep.equal([identity.mapId]);
  });

  it('leaves nothing behind when writing fails', () => {
    expect(() =>
      publishMapOutput([local.path], 0, {
        identity,
        numPartitions: 2,
        seal: crcSeal,
        writePart(partition, write) {
          write(Buffer.from('some'));
          if (partition === 1) {
            throw new Error('broken');
          }
          return 1;
        },
      }),
    ).to.throw('broken');
    expect(readdirSync(join(local.path, 'output'))).to.deep.equal([]);
  });

  it('names every directory and the bytes when none has room', () => {
    const missing = [join(local.path, 'a'), join(local.path, 'b')];
    expect(() => publish(missing, ['x']))
      .to.throw('heddle.local.dir')
      .with.property('code', 'STORAGE_FULL');
  });

  it('removes a published output', () => {
    publish([local.path], ['x']);
    removeMapOutput(local.path, identity.mapId);
    expect(readdirSync(join(local.path, 'output'))).to.deep.equal([]);
    removeMapOutput(local.path, identity.mapId);
  });

  it('gives every task attempt a map id of its own, with the application in it', () => {
    mkdirSync(join(local.path, 'x'));
    const spec = {
      shuffleId: 1,
      partitioner: { kind: 'hash' as const, numPartitions: 1 },
      mapSideCombine: false,
      keyed: true,
    };
    const { statuses } = writeShuffle(spec, [[[1, 1]], [[1, 1]], [[1, 1]]], {
      directories: [local.path],
    });
    const ids = statuses.map((status) => status.mapId);
    expect(new Set(ids).size).to.equal(3);
    for (const id of ids) {
      expect(id).to.match(/^heddle_test_1700000000000_0001_s1_t\d+$/);
    }
  });
});
