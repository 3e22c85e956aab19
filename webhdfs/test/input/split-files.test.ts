import { expect } from 'chai';
import fc from 'fast-check';
import {
  combineFiles,
  InputFormatError,
  splitFiles,
  type InputFile,
  type InputPlan,
} from '../../src/index.js';

const file = (path: string, sizeBytes: number, blockSizeBytes = 1000): InputFile => ({
  path,
  sizeBytes,
  blockSizeBytes,
  blocks: [],
});
/** `offset+length` of each partition's pieces. */
const shape = (plan: InputPlan): string[] =>
  plan.partitions.map((pieces) =>
    pieces.map((piece) => `${piece.path}:${piece.offset}+${piece.length}`).join(' '),
  );

describe('splitFiles', () => {
  it('A-073 gives one partition for each block; more on request, never fewer', () => {
    const files = [file('a', 5000)];
    expect(splitFiles(files, 1).partitions).to.have.length(5);
    expect(splitFiles(files, 2).partitions).to.have.length(5);
    expect(splitFiles(files, 10).partitions).to.have.length(10);
    expect(splitFiles(files, 0).partitions).to.have.length(5);
  });

  it('lets the last split be a tenth longer, as Hadoop does', () => {
    expect(shape(splitFiles([file('a', 1100)], 1))).to.deep.equal(['a:0+1100']);
    expect(shape(splitFiles([file('a', 1101)], 1))).to.deep.equal(['a:0+1000', 'a:1000+101']);
    expect(shape(splitFiles([file('a', 2050)], 1))).to.deep.equal(['a:0+1000', 'a:1000+1050']);
  });

  it('shares minPartitions among files by their sizes', () => {
    expect(shape(splitFiles([file('a', 300), file('b', 100)], 4))).to.deep.equal([
      'a:0+100',
      'a:100+100',
      'a:200+100',
      'b:0+100',
    ]);
  });

  it('splits to single bytes when more partitions are asked for than there are bytes', () => {
    expect(shape(splitFiles([file('a', 3)], 10))).to.deep.equal(['a:0+1', 'a:1+1', 'a:2+1']);
    expect(splitFiles([file('a', 300)], 10, { minSplitBytes: 200 }).partitions).to.have.length(2);
  });

  it('B.1 gives an empty file no partition', () => {
    expect(splitFiles([file('a', 0), file('b', 1), file('c', 0)], 1).partitions).to.have.length(1);
    expect(splitFiles([], 2).partitions).to.deep.equal([]);
    expect(splitFiles([file('a', 0)], 2).partitions).to.deep.equal([]);
  });

  it('A-079 does not split compressed files, and warns when they are large', () => {
    const mebibyte = 1024 * 1024;
    const plan = splitFiles(
      [file('x/a.gz', 300 * mebibyte, 32 * mebibyte), file('b.zst', 5000)],
      8,
    );
    expect(shape(plan)).to.deep.equal([`x/a.gz:0+${300 * mebibyte}`, 'b.zst:0+5000']);
    expect(plan.partitions.flat().map((piece) => piece.codec)).to.deep.equal(['gzip', 'zstd']);
    expect(plan.warnings).to.have.length(1);
    expect(plan.warnings[0]).to.match(/^x\/a\.gz \(300 MiB\): a compressed file cannot be split/);
    expect(splitFiles([file('a.gz', 5000), file('b', 300 * mebibyte)], 8).warnings).to.deep.equal(
      [],
    );
  });

  it('knows codecs by the ending of the name, in any case', () => {
    const codecs = ['a.gz', 'a.GZ', 'a.zst', 'a.br', 'a.deflate', 'a.txt', 'gz', 'a.gz/b'].map(
      (path) => splitFiles([file(path, 10)], 1).partitions[0]![0]!.codec,
    );
    expect(codecs).to.deep.equal([
      'gzip',
      'gzip',
      'zstd',
      'brotli',
      'deflate',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('refuses compressions that would be read as text', () => {
    for (const path of ['a.bz2', 'a.lz4', 'a.snappy', 'a.xz']) {
      expect(() => splitFiles([file(path, 10)], 1), path)
        .to.throw(InputFormatError, 'which cannot be read')
        .with.property('path', path);
      expect(() => combineFiles([file(path, 10)], 1), path).to.throw(InputFormatError);
    }
  });

  it('covers each byte exactly once, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.nat(5000), block: fc.integer({ min: 1, max: 2000 }) })),
        fc.integer({ min: 0, max: 50 }),
        (specs, minPartitions) => {
          const files = specs.map(({ size, block }, i) => file(`f${i}`, size, block));
          const { partitions } = splitFiles(files, minPartitions);
          for (const pieces of partitions) {
            expect(pieces).to.have.length(1);
            expect(pieces[0]!.length).to.be.greaterThan(0);
          }
          for (const { path, sizeBytes } of files) {
            let position = 0;
            for (const piece of partitions.flat().filter((one) => one.path === path)) {
              expect(piece.offset).to.equal(position);
              expect(piece.fileSizeBytes).to.equal(sizeBytes);
              position += piece.length;
            }
            expect(position).to.equal(sizeBytes);
          }
        },
      ),
    );
  });

  it('A-072 prefers the hosts that hold most of a split, three at most', () => {
    const blocks = [
      { offset: 0, length: 1000, hosts: ['a', 'b', 'c'] },
      { offset: 1000, length: 1000, hosts: ['c', 'd', 'e'] },
    ];
    const { partitions } = splitFiles([{ ...file('f', 2000, 1500), blocks }], 1);
    expect(partitions.map(([piece]) => piece!.hosts)).to.deep.equal([
      ['c', 'a', 'b'],
      ['c', 'd', 'e'],
    ]);
  });
});

describe('combineFiles', () => {
  it('A-088 puts many small files into few partitions', () => {
    const files = Array.from({ length: 1000 }, (_, i) => file(`f${i}`, 1024));
    const { partitions } = combineFiles(files, 2);
    expect(partitions).to.have.length(2);
    expect(partitions.flat().map((piece) => piece.path)).to.deep.equal(files.map((f) => f.path));
  });

  it('B.1 keeps empty files', () => {
    const plan = combineFiles([file('a', 0), file('b', 0)], 2);
    expect(shape(plan)).to.deep.equal(['a:0+0 b:0+0']);
    expect(combineFiles([], 2).partitions).to.deep.equal([]);
  });

  it('limits a partition, and leaves a file whole', () => {
    const files = [file('a', 60), file('b', 60), file('c', 500), file('d', 10)];
    expect(shape(combineFiles(files, 1, { maxPartitionBytes: 100 }))).to.deep.equal([
      'a:0+60 b:0+60',
      'c:0+500',
      'd:0+10',
    ]);
  });
});
