import { expect } from 'chai';
import { readAggregatedFile } from '../../../src/yarn/verbs/aggregated-logs.js';
import { TFileBrokenError } from '../../../src/yarn/verbs/t-file.js';

const magic = Buffer.from('d111d36891b5d7b639df414092bae150', 'hex');
const first = 'container_1700000000000_0001_01_000001';
const second = 'container_e07_1700000000000_0001_01_000002';

/** As `Utils.writeVLong` does it. */
function long(value: number): Buffer {
  if (value >= -32 && value < 128) return Buffer.from([value & 0xff]);
  for (const [extra, base, limit] of [
    [1, -52, 20],
    [2, -88, 16],
    [3, -112, 8],
  ] as const) {
    const high = Math.floor(value / 2 ** (8 * extra));
    if (high < -limit || high >= limit) continue;
    const bytes = Buffer.alloc(1 + extra);
    bytes.writeInt8(high + base);
    bytes.writeUIntBE(value - high * 2 ** (8 * extra), 1, extra);
    return bytes;
  }
  const bytes = Buffer.alloc(5);
  bytes.writeInt8(4 - 129);
  bytes.writeInt32BE(value, 1);
  return bytes;
}

function string(text: string): Buffer {
  return Buffer.concat([long(Buffer.byteLength(text)), Buffer.from(text)]);
}

function utf(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

function logFile(name: string, text: string, length = Buffer.byteLength(text)): Buffer {
  return Buffer.concat([utf(name), utf(String(length)), Buffer.from(text)]);
}

function record(key: string, value: Buffer, chunkBytes = 2 ** 20): Buffer {
  const name = utf(key);
  const parts = [long(name.length), name];
  let at = 0;
  for (; value.length - at > chunkBytes; at += chunkBytes) {
    parts.push(long(-chunkBytes), value.subarray(at, at + chunkBytes));
  }
  parts.push(long(value.length - at), value.subarray(at));
  return Buffer.concat(parts);
}

/** A TFile of these blocks. */
function tFile(blocks: readonly Buffer[], compression = 'none'): Buffer {
  const parts = [magic, ...blocks];
  const regions: Buffer[] = [];
  let at = magic.length;
  const region = (length: number): Buffer => {
    const bytes = Buffer.concat([long(at), long(length), long(length)]);
    at += length;
    return bytes;
  };
  for (const block of blocks) regions.push(region(block.length));
  const entries: Buffer[] = [];
  const meta = (name: string, block: Buffer): void => {
    parts.push(block);
    entries.push(string(`data:${name}`), string(compression), region(block.length));
  };
  meta('TFile.meta', Buffer.from('not of interest'));
  meta('BCFile.index', Buffer.concat([string(compression), long(blocks.length), ...regions]));
  const trailer = Buffer.alloc(12);
  trailer.writeBigInt64BE(BigInt(at));
  trailer.writeInt16BE(1, 8);
  return Buffer.concat([...parts, long(2), ...entries, trailer, magic]);
}

const reserved = Buffer.concat([
  record('VERSION', Buffer.from([0, 0, 0, 1])),
  record('APPLICATION_OWNER', utf('somebody')),
  record('APPLICATION_ACL', Buffer.concat([utf('VIEW_APP'), utf(' ')])),
]);

describe('The aggregated logs of a node', () => {
  it('are read from all blocks: several containers, several files, text of several languages', () => {
    const bytes = tFile([
      Buffer.concat([
        reserved,
        record(
          first,
          Buffer.concat([
            logFile('directory.info', 'notes of YARN'),
            logFile('prelaunch.out', ''),
            logFile('stderr', 'Fäden\n'),
            logFile('stdout', '織機\n'),
          ]),
        ),
      ]),
      record(second, logFile('stdout', 'weft')),
    ]);
    expect(readAggregatedFile(bytes, 'loom')).to.deep.equal({
      logs: [
        { container: first, host: 'loom', file: 'stderr', text: 'Fäden\n' },
        { container: first, host: 'loom', file: 'stdout', text: '織機\n' },
        { container: second, host: 'loom', file: 'stdout', text: 'weft' },
      ],
      problems: [],
    });
  });

  it('are whole when a value has many chunks, whatever the lengths of the chunks look like', () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i}\n`).join('') + 'END\n';
    const value = Buffer.concat([logFile('stderr', lines), logFile('stdout', 'after it')]);
    for (const chunkBytes of [33, 100, 5_000, 70_000, 2 ** 20]) {
      const { logs } = readAggregatedFile(tFile([record(first, value, chunkBytes)]), 'loom');
      expect(logs.map(({ file }) => file)).to.deep.equal(['stderr', 'stdout']);
      expect(logs[0]!.text === lines, `chunks of ${chunkBytes}`).to.equal(true);
      expect(logs[1]!.text).to.equal('after it');
    }
  });

  it('cannot be forged by what a program prints', () => {
    const hostile = Buffer.concat([
      Buffer.from('before '),
      record(second, logFile('stdout', 'forged')),
      utf(second),
      logFile('stdout', 'forged'),
      magic,
      Buffer.from(' after'),
    ]).toString('utf8');
    const bytes = tFile([record(first, logFile('stdout', hostile)), record(second, Buffer.of())]);
    const { logs } = readAggregatedFile(bytes, 'loom');
    expect(logs).to.deep.equal([{ container: first, host: 'loom', file: 'stdout', text: hostile }]);
  });

  it('keep what a node wrote in place of a file that it could not read', () => {
    const reason = 'Error aggregating log file. Log file : /x/stderr. gone';
    const long = tFile([record(first, logFile('stderr', reason, 7))]);
    expect(readAggregatedFile(long, 'loom').logs[0]?.text).to.equal(reason);
    const short = tFile([record(first, logFile('stderr', reason, 70_000))]);
    expect(readAggregatedFile(short, 'loom').logs[0]?.text).to.equal(reason);
  });

  it('are named with the reason when they are compressed', () => {
    const { logs, problems } = readAggregatedFile(tFile([Buffer.from('zzz')], 'gz'), 'loom');
    expect(logs).to.deep.equal([]);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.have.property('host', 'loom');
    expect(problems[0]?.problem).to.contain('gz');
  });

  it('are refused with a typed error wherever the file is cut, and when its numbers lie', () => {
    const good = tFile([reserved, record(first, logFile('stdout', 'words'))]);
    for (let length = 0; length < good.length; length += 1) {
      const cut = good.subarray(0, length);
      expect(() => readAggregatedFile(cut, 'loom'), String(length)).to.throw(TFileBrokenError);
    }
    // Any one byte of the structure: an error of this kind or other text, never anything else.
    for (let at = 0; at < good.length; at += 1) {
      for (const value of [0x00, 0x7f, 0x80, 0x87, 0xff]) {
        const changed = Buffer.from(good);
        changed[at] = value;
        try {
          readAggregatedFile(changed, 'loom');
        } catch (error) {
          expect(error, `byte ${at} is ${value}`).to.be.instanceOf(TFileBrokenError);
        }
      }
    }
    const liar = tFile([Buffer.concat([long(500_000_000), Buffer.from('short')])]);
    expect(() => readAggregatedFile(liar, 'loom')).to.throw(TFileBrokenError, /500000000 bytes/);
  });
});
