import { expect } from 'chai';
import { InputFormatError } from '@heddle/webhdfs';
import { PieceRange } from '../../src/input/piece-range.js';
import { piece } from './array-pieces.js';

const kib = 1024;

/** Reads to the end; each entry is `offset+length`. */
function reads(range: PieceRange, room: number, until = Infinity): string[] {
  const done: string[] = [];
  while (!range.atLimit && range.position < until) {
    const wanted = range.wanted(room);
    done.push(`${range.position / kib}+${wanted / kib}`);
    range.advance(wanted, wanted);
  }
  return done;
}

describe('PieceRange', () => {
  it('begins small and grows to a whole slot', () => {
    const range = new PieceRange(piece('f', 0, 4096 * kib), 'whole');
    expect(reads(range, 1024 * kib)).to.deep.equal([
      '0+64',
      '64+256',
      '320+1024',
      '1344+1024',
      '2368+1024',
      '3392+704',
    ]);
  });

  it('begins one byte early for lines, and takes a little more than the piece along', () => {
    const range = new PieceRange(piece('f', 1024 * kib, 32 * kib, 9999 * kib), 'lines');
    expect(range.position).to.equal(1024 * kib - 1);
    expect(range.wanted(1024 * kib)).to.equal(48 * kib + 1);
    range.advance(48 * kib + 1, 48 * kib + 1);
    expect(range.behindPiece).to.equal(true);
    expect(range.atLimit).to.equal(false);
  });

  it('ends with the file, and whole pieces with themselves', () => {
    expect(
      reads(new PieceRange(piece('f', 0, 10 * kib, 12 * kib), 'lines'), kib * 64),
    ).to.deep.equal(['0+12']);
    expect(
      reads(new PieceRange(piece('f', 0, 10 * kib, 12 * kib), 'whole'), kib * 64),
    ).to.deep.equal(['0+10']);
    expect(new PieceRange(piece('f', 0, 0), 'whole').atLimit).to.equal(true);
  });

  it('refuses a file that ends early', () => {
    const range = new PieceRange(piece('f', 0, 100), 'whole');
    expect(() => range.advance(100, 60))
      .to.throw(InputFormatError, 'had 100 bytes when the input was listed')
      .with.property('offset', 60);
  });
});
