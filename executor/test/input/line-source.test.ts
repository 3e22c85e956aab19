import { expect } from 'chai';
import fc from 'fast-check';
import { InputFormatError } from '@heddle/webhdfs';
import type { FilePiece } from 'heddle/internal';
import { LineSource } from '../../src/input/line-source.js';
import { openFileSource } from '../../src/input/open-file-source.js';
import { ArrayPieces, piece } from './array-pieces.js';
import { testEnvironment } from './test-environment.js';

/** Lines of pieces of one file, read in chunks of these sizes. */
function linesOf(
  content: string | Uint8Array,
  pieces?: readonly FilePiece[],
  chunkSizes: readonly number[] = [1024],
): string[] {
  const bytes = Buffer.from(content);
  const files = new ArrayPieces(new Map([['f', bytes]]), chunkSizes);
  const env = testEnvironment();
  const source = openFileSource(
    { kind: 'textFile' },
    pieces ?? [piece('f', 0, bytes.length)],
    env,
    files,
  );
  const lines: string[] = [];
  for (let batch = source.next(); batch !== undefined; batch = source.next()) {
    expect(batch).not.to.have.length(0);
    lines.push(...(batch as string[]));
  }
  expect(source.next()).to.equal(undefined);
  expect(env.metrics.inputRecords).to.equal(lines.length);
  source.close();
  expect(files.openCount).to.equal(0);
  return lines;
}

/** Cuts a file of this size at these places. */
function cut(sizeBytes: number, places: readonly number[]): FilePiece[] {
  const borders = [...new Set([0, ...places.map((place) => place % sizeBytes), sizeBytes])];
  borders.sort((a, b) => a - b);
  return borders.slice(1).map((end, i) => piece('f', borders[i]!, end - borders[i]!, sizeBytes));
}

/** What the lines of a file are, written down as plainly as possible; with the byte each starts at. */
function oracle(bytes: Buffer): { start: number; line: string }[] {
  const lines: { start: number; line: string }[] = [];
  let start = 0;
  let at = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
  let from = at;
  for (; at < bytes.length; at += 1) {
    if (bytes[at] !== 0x0a && bytes[at] !== 0x0d) continue;
    lines.push({ start, line: bytes.subarray(from, at).toString('utf8') });
    if (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) at += 1;
    from = at + 1;
    start = from;
  }
  if (from < bytes.length) lines.push({ start, line: bytes.subarray(from).toString('utf8') });
  return lines;
}

describe('LineSource', () => {
  const table: [name: string, content: string, lines: string[]][] = [
    ['lines that end in \\n', 'a\nb\n', ['a', 'b']],
    ['a last line without an end', 'a\nb', ['a', 'b']],
    ['\\r\\n', 'a\r\nb\r\n', ['a', 'b']],
    ['a lone \\r', 'a\rb\r', ['a', 'b']],
    ['all ends mixed', 'a\r\n\rb\n\r\n\n\rc', ['a', '', 'b', '', '', '', 'c']],
    ['\\r\\r\\n as two ends', 'a\r\r\nb', ['a', '', 'b']],
    ['empty lines', '\n\n\n', ['', '', '']],
    ['an empty file', '', []],
    ['one \\r', '\r', ['']],
    ['a byte-order mark, once', '\uFEFFa\n\uFEFFb', ['a', '\uFEFFb']],
    ['only a byte-order mark', '\uFEFF', []],
    ['a byte-order mark before an empty line', '\uFEFF\nb', ['', 'b']],
    ['spaces and tabs as they are', ' a\t\n b ', [' a\t', ' b ']],
    ['other Unicode line ends as characters', 'a\u2028b\u0085c\vd', ['a\u2028b\u0085c\vd']],
    ['characters of one to four bytes', 'aé日😀\nß', ['aé日😀', 'ß']],
    ['zero bytes', 'a\0b\n\0', ['a\0b', '\0']],
  ];
  for (const [name, content, lines] of table) {
    it(`B.1 reads ${name}`, () => {
      expect(linesOf(content)).to.deep.equal(lines);
      expect(linesOf(content, undefined, [1])).to.deep.equal(lines);
    });
  }

  it('B.1 replaces bytes that are not UTF-8 and keeps the lines around them', () => {
    const bytes = Buffer.concat([
      Buffer.from('ok\n'),
      Buffer.from([0xff, 0x41, 0xc3]),
      Buffer.from('\nend\n'),
    ]);
    expect(linesOf(bytes)).to.deep.equal(['ok', '\uFFFDA\uFFFD', 'end']);
  });

  it('A-074 gives a line to the piece that it starts in, also exactly at a border', () => {
    const content = 'aaa\nbbb\nccc\n';
    const of = (offset: number, length: number): string[] =>
      linesOf(content, [piece('f', offset, length, 12)]);
    expect(of(0, 4)).to.deep.equal(['aaa']);
    expect(of(4, 4)).to.deep.equal(['bbb']);
    expect(of(0, 5)).to.deep.equal(['aaa', 'bbb']);
    expect(of(5, 3)).to.deep.equal([]);
    expect(of(5, 7)).to.deep.equal(['ccc']);
    expect(of(1, 2)).to.deep.equal([]);
  });

  it('A-074 sees \\r and \\n on two sides of a border as one end', () => {
    const content = 'aa\r\nbb';
    const of = (offset: number, length: number): string[] =>
      linesOf(content, [piece('f', offset, length, 6)]);
    expect(of(0, 3)).to.deep.equal(['aa']);
    expect(of(3, 3)).to.deep.equal(['bb']);
    expect(of(3, 1)).to.deep.equal([]);
    expect(of(4, 2)).to.deep.equal(['bb']);
    for (const chunk of [1, 2, 3, 4, 5]) {
      expect(linesOf(content, undefined, [chunk])).to.deep.equal(['aa', 'bb']);
    }
  });

  it('A-074 each line comes exactly once, from the piece it starts in, for any bytes, pieces and chunks', () => {
    const ends = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\r\n', '');
    const text = fc.oneof(
      { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
      { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
      { weight: 1, arbitrary: fc.string({ minLength: 200, maxLength: 400 }) },
    );
    const content = fc
      .tuple(
        fc.boolean(),
        fc.array(
          fc.tuple(text, ends).map((pair) => pair.join('')),
          { maxLength: 30 },
        ),
        fc.uint8Array({ maxLength: 4 }),
      )
      .map(([mark, lines, odd]) =>
        Buffer.concat([Buffer.from((mark ? '\uFEFF' : '') + lines.join('')), odd]),
      );
    fc.assert(
      fc.property(
        content,
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 4 }),
        (bytes, places, chunkSizes) => {
          if (bytes.length === 0) return;
          const expected = oracle(bytes);
          for (const one of cut(bytes.length, places)) {
            const own = expected.filter(
              ({ start }) => start >= one.offset && start < one.offset + one.length,
            );
            expect(linesOf(bytes, [one], chunkSizes)).to.deep.equal(own.map(({ line }) => line));
          }
          const all = expected.map(({ line }) => line);
          expect(linesOf(bytes, cut(bytes.length, places), chunkSizes)).to.deep.equal(all);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('A-074 random line ends alone, at all pieces of one byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0x0a, 0x0d, 0x61), { minLength: 1, maxLength: 24 }),
        fc.integer({ min: 1, max: 5 }),
        (codes, chunk) => {
          const bytes = Buffer.from(codes);
          const places = codes.map((_, i) => i);
          const lines = linesOf(bytes, cut(bytes.length, places), [chunk]);
          expect(lines).to.deep.equal(oracle(bytes).map(({ line }) => line));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('B.1 reads lines longer than a chunk and than a region', () => {
    const long = 'x'.repeat(300_000);
    const wide = 'é'.repeat(100_000);
    const content = `a\n${long}\r\n${wide}\rb`;
    for (const chunk of [1000, 65_536, 1_000_000]) {
      expect(linesOf(content, undefined, [chunk])).to.deep.equal(['a', long, wide, 'b']);
    }
  });

  it('counts each byte of a file once over all its pieces', () => {
    const content = Buffer.from('\uFEFFab\r\ncd\rlonger line\n\n\r\nend');
    for (const places of [[], [1], [5, 9, 10, 11, 22], [2, 3, 4, 5, 6, 7, 8]]) {
      const env = testEnvironment();
      for (const one of cut(content.length, places)) {
        const files = new ArrayPieces(new Map([['f', content]]), [3, 7]);
        const source = openFileSource({ kind: 'textFile' }, [one], env, files);
        while (source.next() !== undefined);
      }
      expect(env.metrics.inputBytes).to.equal(content.length);
    }
  });

  it('B.0 begins with one line, so that an early end reads little', () => {
    const content = Buffer.from('some words in a line\n'.repeat(200_000));
    const files = new ArrayPieces(new Map([['f', content]]), [64 * 1024]);
    const env = testEnvironment();
    const source = openFileSource(
      { kind: 'textFile' },
      [piece('f', 0, content.length)],
      env,
      files,
    );
    const sizes = Array.from({ length: 12 }, () => source.next()!.length);
    expect(sizes[0]).to.equal(1);
    expect(Math.max(...sizes)).to.be.within(700, 2048);
    env.end();
    expect(files.openCount).to.equal(0);
    expect(files.servedBytes).to.be.at.most(4 * 64 * 1024);
  });

  it('gives batches of about a thousand lines also when lines are short', () => {
    const content = Buffer.from('\n'.repeat(100_000));
    const files = new ArrayPieces(new Map([['f', content]]), [1024 * 1024]);
    const source = openFileSource(
      { kind: 'textFile' },
      [piece('f', 0, content.length)],
      testEnvironment(),
      files,
    );
    let largest = 0;
    for (let batch = source.next(); batch !== undefined; batch = source.next()) {
      largest = Math.max(largest, batch.length);
    }
    expect(largest).to.be.within(512, 1024);
  });

  it('reads several pieces one after another', () => {
    const files = new ArrayPieces(
      new Map([
        ['a', Buffer.from('1\n2')],
        ['b', Buffer.from('\uFEFF3\n')],
        ['c', Buffer.from('4\r')],
      ]),
      [2],
    );
    const pieces = [piece('a', 0, 3), piece('b', 0, 5), piece('c', 0, 2)];
    const source = openFileSource({ kind: 'textFile' }, pieces, testEnvironment(), files);
    const lines: unknown[] = [];
    for (let batch = source.next(); batch !== undefined; batch = source.next())
      lines.push(...batch);
    expect(lines).to.deep.equal(['1', '2', '3', '4']);
  });

  it('B.1 refuses a line that no string can hold, with its place', () => {
    const content = Buffer.from(`first\n${'x'.repeat(5000)}`);
    const files = new ArrayPieces(new Map([['f', content]]), [100]);
    const pieces = [piece('f', 0, content.length)];
    const env = testEnvironment();
    const source = new LineSource(files.open(pieces, 'lines'), env, { maxLineBytes: 1000 });
    expect(source.next()).to.deep.equal(['first']);
    let error: unknown;
    try {
      source.next();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).to.be.instanceOf(InputFormatError);
    expect(error).to.include({ path: 'f', offset: 6, code: 'INPUT_FORMAT' });
    expect((error as Error).message).to.include('longer than 1000 bytes');
  });

  it('B.1 refuses a line of 600 MB instead of dying', function () {
    this.timeout(60_000);
    const chunk = Buffer.alloc(16 * 1024 * 1024, 'x');
    let served = 0;
    const bytes = {
      sourceBytes: 0,
      nextPiece: () => (served === 0 ? piece('big', 0, 600_000_000) : undefined),
      read: () => {
        served += chunk.length;
        return served <= 600_000_000 ? chunk : undefined;
      },
      close: () => undefined,
    };
    expect(() => new LineSource(bytes, testEnvironment()).next())
      .to.throw(InputFormatError, 'which is more than a string can hold')
      .with.property('offset', 0);
  });
});
