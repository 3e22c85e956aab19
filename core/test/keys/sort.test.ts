import { expect } from 'chai';
import fc from 'fast-check';
import { argsortKeys, compareKeys, LoserTree } from '../../src/keys/index.js';
import { keys, numbers, strings } from './arbitrary-keys.js';

function expectSorted(column: readonly unknown[] | Float64Array): void {
  for (const ascending of [true, false]) {
    const direction = ascending ? 1 : -1;
    const expected = Array.from({ length: column.length }, (_, i) => i).sort(
      (a, b) => direction * compareKeys(column[a], column[b]) || a - b,
    );
    expect([...argsortKeys(column, ascending)]).to.deep.equal(expected);
  }
}

/** A repeatable sequence of 32-bit numbers. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    return state >>> 7;
  };
}

describe('B.2 sortBy order: argsortKeys', () => {
  it('sorts numbers stably in both directions (property)', () => {
    fc.assert(fc.property(fc.array(numbers, { maxLength: 300 }), expectSorted));
  });

  it('sorts strings stably in both directions (property)', () => {
    fc.assert(fc.property(fc.array(strings, { maxLength: 300 }), expectSorted));
  });

  it('sorts mixed keys stably in both directions (property)', () => {
    fc.assert(fc.property(fc.array(keys, { maxLength: 30 }), expectSorted));
  });

  const next = sequence(7);
  const columns: [string, (i: number) => unknown][] = [
    ['small integers with many ties', () => next() % 50],
    ['integers of 32 bits and both signs', () => (next() << 8) | 0],
    ['integers beyond 32 bits', () => 1_700_000_000_000 + next()],
    ['fractions', () => next() / 1_000],
    ['doubles that agree in their high words', () => 1 + (next() % 5_000) * Number.EPSILON],
    [
      'negative doubles that agree in their high words',
      () => -1 - (next() % 5_000) * 2 * Number.EPSILON,
    ],
    [
      'NaN, zeros and infinities among doubles',
      () => [NaN, 0, -0, Infinity, -Infinity, next() / 7][next() % 6],
    ],
    ['short words', () => (next() % 3_000).toString(36)],
    [
      'words with a long common prefix',
      () => `https://www.example.com/catalogue/${String(next() % 4_000)}`,
    ],
    ['words with several prefixes', () => `${'ab'.repeat(next() % 40)}${String(next() % 9)}`],
    ['Cyrillic words', () => String.fromCharCode(0x430 + (next() % 30), 0x430 + (next() % 30))],
    [
      'characters on both sides of the surrogates',
      () => String.fromCodePoint([0x1f600, 0xffff, 0xe000, 0x61][next() % 4]! + (next() % 3)),
    ],
    ['NUL characters', () => 'a\0\0b'.slice(0, next() % 5)],
    ['one word only', () => 'the'],
    ['one long word only', () => 'x'.repeat(500)],
    ['deep differences', () => 'x'.repeat(400) + String(next() % 100)],
    ['nested common prefixes', (i) => 'y'.repeat(i % 300)],
  ];
  for (const [name, keyAt] of columns) {
    it(`sorts ${name}`, () => {
      const count = /deep|nested/.test(name) ? 500 : 5_000;
      expectSorted(Array.from({ length: count }, (_, i) => keyAt(i)));
    });
  }

  it('takes numbers as a Float64Array, and sorts nothing', () => {
    expectSorted(Float64Array.of(3, -1, NaN, 2.5, -0, 0));
    expectSorted([]);
    expectSorted(new Float64Array(0));
    expectSorted(['one']);
  });
});

/** Merges sorted sources by a tree, stable by source. */
function* mergeSorted<T>(
  sources: readonly Iterator<T, unknown, undefined>[],
  compare: (a: T, b: T) => number,
): Generator<T, void, undefined> {
  const heads = sources.map((source) => source.next());
  const tree = new LoserTree(
    sources.length,
    (a, b) => compare(heads[a]!.value as T, heads[b]!.value as T),
    (source) => heads[source]!.done === true,
  );
  for (let source = tree.winner; source >= 0; source = tree.winner) {
    yield heads[source]!.value as T;
    const head = sources[source]!.next();
    heads[source] = head;
    if (head.done === true) tree.end();
    else tree.replay();
  }
}

describe('LoserTree', () => {
  it('merges sorted sources stably by source (property)', () => {
    const runs = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(runs, (sources) => {
        const sorted = sources.map((source, index) =>
          source.sort((a, b) => a - b).map((key) => ({ key, index })),
        );
        const merged = [
          ...mergeSorted(
            sorted.map((run) => run.values()),
            (a, b) => a.key - b.key,
          ),
        ];
        const expected = sorted.flat().sort((a, b) => a.key - b.key || a.index - b.index);
        expect(merged).to.deep.equal(expected);
      }),
    );
  });

  it('has no winner when there are no sources or all are empty', () => {
    const never = (): number => {
      throw new Error('nothing to compare');
    };
    expect(new LoserTree(0, never, () => true).winner).to.equal(-1);
    expect(new LoserTree(3, never, () => true).winner).to.equal(-1);
  });

  it('never compares sources that have ended', () => {
    const heads = [[1, 4], [2], [3, 5]];
    const compare = (a: number, b: number): number => {
      expect(heads[a]).to.not.be.empty;
      expect(heads[b]).to.not.be.empty;
      return heads[a]![0]! - heads[b]![0]!;
    };
    const tree = new LoserTree(3, compare, (source) => heads[source]!.length === 0);
    const merged: number[] = [];
    for (let source = tree.winner; source >= 0; source = tree.winner) {
      merged.push(heads[source]!.shift()!);
      if (heads[source]!.length === 0) tree.end();
      else tree.replay();
    }
    expect(merged).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('needs about log2(k) comparisons per record', () => {
    let comparisons = 0;
    const runs = Array.from({ length: 16 }, (_, run) =>
      Array.from({ length: 500 }, (_, i) => i * 16 + run),
    );
    const merged = [
      ...mergeSorted(
        runs.map((run) => run.values()),
        (a, b) => (comparisons++, a - b),
      ),
    ];
    expect(merged).to.have.length(8_000);
    expect(comparisons).to.be.at.most(8_000 * 4 + 16);
  });
});
