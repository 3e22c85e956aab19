import { ArgumentError } from '@heddle/common';
import { expect } from 'chai';
import fc from 'fast-check';
import { escapeGlob, literalPath, parseGlob } from '../../src/input/glob.js';
import { splitPathList } from '../../src/input/path-list.js';

/** Whether a pattern of one segment matches a name. */
function matches(pattern: string, name: string): boolean {
  return parseGlob(pattern).some(([segment]) =>
    segment!.kind === 'literal' ? segment!.name === name : segment!.expression.test(name),
  );
}

describe('globs', () => {
  const table: [pattern: string, matching: string[], others: string[]][] = [
    ['*', ['a', 'part-00000', 'ü'], []],
    ['*.txt', ['a.txt', '.txt'], ['a.txt2', 'atxt']],
    ['a?c', ['abc', 'a.c', 'a😀c'], ['ac', 'abbc']],
    ['[abc]', ['a', 'c'], ['d', 'ab']],
    ['[a-c]x', ['ax', 'cx'], ['dx', '-x']],
    ['[^a-c]', ['d', '-'], ['a', 'c']],
    ['[!a]', ['b', '!'], ['a']],
    ['[a-]', ['a', '-'], ['b']],
    ['[]a]', [']', 'a'], ['b']],
    ['[.^*]', ['.', '^', '*'], ['a']],
    ['{a,b}', ['a', 'b'], ['c', 'a,b', '{a,b}']],
    ['x{a,b*,c{d,e}}y', ['xay', 'xby', 'xbzzy', 'xcdy', 'xcey'], ['xcy', 'xdy']],
    ['{a,}b', ['ab', 'b'], ['bb']],
    ['a,b', ['a,b'], ['a', 'b']],
    ['a}b', ['a}b'], []],
    ['a\\*b', ['a*b'], ['axb', 'a\\*b']],
    ['a\\*b*', ['a*bc'], ['axbc']],
    ['**.txt', ['a.txt'], ['a.csv']],
    ['a.c+(d)|e$^', ['a.c+(d)|e$^'], ['abc+(d)|e$^']],
    ['part-*.{gz,zst}', ['part-0.gz', 'part-0.zst'], ['part-0.br', 'part-0']],
  ];
  for (const [pattern, matching, others] of table) {
    it(`${pattern} matches as in Hadoop`, () => {
      for (const name of matching) expect(matches(pattern, name), name).to.equal(true);
      for (const name of others) expect(matches(pattern, name), name).to.equal(false);
    });
  }

  it('multiplies braces with a slash out into several paths', () => {
    const paths = parseGlob('/a/{b/c,d{/e,f}}/g').map((segments) =>
      segments.map((segment) => (segment.kind === 'literal' ? segment.name : '?')).join('/'),
    );
    expect(paths).to.deep.equal(['a/b/c/g', 'a/d/e/g', 'a/df/g']);
  });

  it('refuses patterns that do not end, and says how to mean them literally', () => {
    for (const pattern of ['[abc', '{a,b', 'a*\\']) {
      expect(() => parseGlob(pattern), pattern).to.throw(ArgumentError, 'put \\ before');
    }
  });

  it('does not hang on many stars', () => {
    expect(matches(`${'*'.repeat(1000)}x`, 'a'.repeat(200))).to.equal(false);
  });

  it('any name, escaped, is a pattern of itself alone', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const name = text.replaceAll('/', '_');
        expect(literalPath(escapeGlob(name))).to.equal(name);
        expect(splitPathList(escapeGlob(name))).to.deep.equal([escapeGlob(name)]);
      }),
    );
  });
});

describe('comma lists of paths', () => {
  it('split at commas, except in braces and behind a backslash', () => {
    expect(splitPathList('a,b/c,d')).to.deep.equal(['a', 'b/c', 'd']);
    expect(splitPathList('a{b,c{d,e},f},g')).to.deep.equal(['a{b,c{d,e},f}', 'g']);
    expect(splitPathList('a\\,b,c')).to.deep.equal(['a\\,b', 'c']);
    expect(splitPathList(' a ,b')).to.deep.equal([' a ', 'b']);
  });

  it('refuse an empty item', () => {
    for (const text of ['', 'a,', ',a', 'a,,b']) {
      expect(() => splitPathList(text), text).to.throw(ArgumentError);
    }
  });
});
