import { expect } from 'chai';
import { InputTooLargeError } from '@heddle/webhdfs';
import { openFileSource } from '../../src/input/open-file-source.js';
import { ArrayPieces, piece } from './array-pieces.js';
import { testEnvironment } from './test-environment.js';

describe('WholeFileSource', () => {
  const read = (contents: Record<string, Uint8Array>, chunk = 4): unknown[] => {
    const files = new ArrayPieces(new Map(Object.entries(contents)), [chunk]);
    const pieces = Object.entries(contents).map(([path, bytes]) => piece(path, 0, bytes.length));
    const env = testEnvironment();
    const source = openFileSource({ kind: 'wholeTextFiles' }, pieces, env, files);
    const records: unknown[] = [];
    for (let batch = source.next(); batch !== undefined; batch = source.next()) {
      records.push(...batch);
    }
    expect(env.metrics.inputRecords).to.equal(records.length);
    expect(files.openCount).to.equal(0);
    return records;
  };

  it('B.1 gives [URI, content] of each file, empty files too', () => {
    const records = read({
      'file:///a': Buffer.from('line 1\nline 2\r\n'),
      'file:///empty': Buffer.alloc(0),
      'file:///b': Buffer.from('日本😀'),
    });
    expect(records).to.deep.equal([
      ['file:///a', 'line 1\nline 2\r\n'],
      ['file:///empty', ''],
      ['file:///b', '日本😀'],
    ]);
  });

  it('replaces what is not UTF-8 and drops a byte-order mark', () => {
    const records = read({ a: Buffer.from([0xef, 0xbb, 0xbf, 0x41, 0xff]) });
    expect(records).to.deep.equal([['a', 'A\uFFFD']]);
  });

  it('B.1 refuses a file that is too large for one record before reading it', () => {
    const files = new ArrayPieces(new Map([['big', Buffer.from('x')]]), [1]);
    const pieces = [piece('big', 0, 1024 ** 3)];
    const source = openFileSource({ kind: 'wholeTextFiles' }, pieces, testEnvironment(), files);
    let error: unknown;
    try {
      source.next();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).to.be.instanceOf(InputTooLargeError);
    expect(error).to.include({ path: 'big', sizeBytes: 1024 ** 3, limitBytes: 64 * 1024 ** 2 });
    expect((error as Error).message).to.include('textFile');
    expect(files.servedBytes).to.equal(0);
  });

  it('hands a thousand small files out in several batches', () => {
    const contents = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`f${i}`, Buffer.from(`content ${i}`)]),
    );
    const records = read(contents, 64);
    expect(records).to.have.length(1000);
    expect(records[999]).to.deep.equal(['f999', 'content 999']);
  });
});
