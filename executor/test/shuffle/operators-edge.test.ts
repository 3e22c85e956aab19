import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  GroupPassedError,
  GroupTooLargeError,
  hashKey,
  RecordTypeError,
  type ShuffleInput,
  type ShuffleOperator,
  type ShuffleWriteSpec,
} from 'heddle/internal';
import { openShuffleOperator } from '../../src/shuffle/open-shuffle-operator.js';
import { MemoryShare } from '../../src/shuffle/task-memory.js';
import type { BatchSource } from '../../src/task-environment.js';
import {
  drain,
  makeEnvironment,
  reduceAll,
  Roots,
  sourceOf,
  useLocalDirectory,
  writeShuffle,
  type Pair,
} from './test-environment.js';

const spec = (shuffleId: number): ShuffleWriteSpec => ({
  shuffleId,
  partitioner: { kind: 'hash', numPartitions: 1 },
  mapSideCombine: false,
  keyed: true,
});

describe('shuffle operators, corner cases', () => {
  const local = useLocalDirectory();
  const scratch = (): string[] => readdirSync(join(local.path, 'scratch'));
  const shuffled = (shuffleId: number, ...maps: Pair[][]): ShuffleInput =>
    writeShuffle(spec(shuffleId), maps, { directories: [local.path] }).input;

  function open(
    operator: ShuffleOperator,
    inputs: readonly ShuffleInput[],
    memoryBudgetBytes: number,
    roots = new Roots(),
    narrow: readonly (() => BatchSource)[] = [],
  ) {
    const env = makeEnvironment({
      directories: [local.path],
      roots,
      shuffleInputs: inputs,
      memoryBudgetBytes,
    });
    return { env, source: openShuffleOperator(operator, narrow, 0, env) };
  }

  const groupByKey: ShuffleOperator = {
    kind: 'shuffleCombine',
    shuffleId: 1,
    aggregator: { kind: 'group' },
    mapSideCombined: false,
  };
  const giant = (): Pair[] => [
    ['small', 0],
    ...Array.from({ length: 4000 }, (_, i): Pair => ['the giant key', `value ${i}`]),
  ];

  it('F a group that cannot fit is GroupTooLargeError with its key, before memory runs out', () => {
    const { env, source } = open(groupByKey, [shuffled(1, giant())], 32 * 1024);
    let thrown: unknown;
    try {
      drain(source);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).to.be.instanceOf(GroupTooLargeError);
    expect((thrown as GroupTooLargeError).key).to.equal("'the giant key'");
    expect((thrown as GroupTooLargeError).sizeBytes).to.be.greaterThan(32 * 1024);
    env.end();
    expect(scratch()).to.deep.equal([]);
  });

  it('the sides of one key of a cogroup count together', () => {
    const half = (): Pair[] => Array.from({ length: 300 }, (_, i): Pair => ['k', `value ${i}`]);
    const inputs = [shuffled(1, half()), shuffled(2, half())];
    const cogroup: ShuffleOperator = {
      kind: 'cogroup',
      sides: [
        { kind: 'shuffle', shuffleId: 1 },
        { kind: 'shuffle', shuffleId: 2 },
      ],
    };
    const { source } = open(cogroup, inputs, 22 * 1024);
    expect(() => drain(source)).to.throw(GroupTooLargeError);
    const alone = open(groupByKey, inputs, 22 * 1024);
    expect(drain(alone.source)).to.have.length(1);
  });

  it('api flatMapGroups streams the same group in little memory', () => {
    const roots = new Roots();
    const operator: ShuffleOperator = {
      kind: 'flatMapGroups',
      shuffleId: 1,
      function: roots.add((key: unknown, values: Iterable<unknown>) => {
        let count = 0;
        for (const value of values) {
          count += value === undefined ? 0 : 1;
        }
        return [[key, count]];
      }),
    };
    const { env, source } = open(operator, [shuffled(1, giant())], 32 * 1024, roots);
    expect(drain(source)).to.deep.members([
      ['small', 1],
      ['the giant key', 4000],
    ]);
    expect(env.metrics.spills).to.be.greaterThan(0);
  });

  for (const memoryBudgetBytes of [64 * 1024 * 1024, 16 * 1024]) {
    const memory = memoryBudgetBytes > 1e6 ? 'in memory' : 'spilled';

    it(`flatMapGroups: values that are not read are skipped, and end with their key (${memory})`, () => {
      const roots = new Roots();
      const records = Array.from({ length: 3000 }, (_, i): Pair => [i % 30, i]);
      const kept = new Map<number, Iterator<unknown>>();
      const operator: ShuffleOperator = {
        kind: 'flatMapGroups',
        shuffleId: 1,
        function: roots.add((key: number, values: IteratorObject<number>) => {
          kept.set(key, values);
          return key % 2 === 0 ? [] : values.take(2).map((value) => [key, value]);
        }),
      };
      const { source } = open(operator, [shuffled(1, records)], memoryBudgetBytes, roots);
      const expected = Array.from({ length: 30 }, (_, key) => key)
        .filter((key) => key % 2 === 1)
        .flatMap((key) => [
          [key, key],
          [key, key + 30],
        ]);
      expect(drain(source)).to.have.deep.members(expected);
      expect(kept).to.have.property('size', 30);
      for (const [key, values] of kept) {
        // Nobody shall take a group that was not read for an empty one.
        if (key % 2 === 0) expect(() => values.next()).to.throw(GroupPassedError);
        else expect(values.next()).to.deep.equal({ done: true, value: undefined });
      }
    });

    it(`flatMapGroups: a reader that stops early has called the function for few keys (${memory})`, () => {
      const roots = new Roots();
      let calls = 0;
      const operator: ShuffleOperator = {
        kind: 'flatMapGroups',
        shuffleId: 1,
        function: roots.add((key: unknown) => {
          calls++;
          return [key];
        }),
      };
      const records = Array.from({ length: 3000 }, (_, i): Pair => [i, i]);
      const { source } = open(operator, [shuffled(1, records)], memoryBudgetBytes, roots);
      expect(source.next()).to.have.length(1);
      source.close();
      expect(calls).to.equal(1);
      expect(source.next()).to.equal(undefined);
      expect(scratch()).to.deep.equal([]);
    });

    it(`B.3 a skewed key joins with itself completely, however little memory there is (${memory})`, () => {
      const left = Array.from({ length: 400 }, (_, i): Pair => [
        'k',
        `left ${i} ${'x'.repeat(90)}`,
      ]);
      const right = Array.from({ length: 500 }, (_, i): Pair => [
        'k',
        `right ${i} ${'y'.repeat(90)}`,
      ]);
      const join: ShuffleOperator = {
        kind: 'join',
        joinType: 'inner',
        sides: [
          { kind: 'shuffle', shuffleId: 1 },
          { kind: 'shuffle', shuffleId: 2 },
        ],
      };
      const inputs = [shuffled(1, left), shuffled(2, right)];
      const { source, env } = open(join, inputs, memoryBudgetBytes);
      const seen = new Set<string>();
      for (let batch = source.next(); batch !== undefined; batch = source.next()) {
        expect(batch.length).to.be.at.most(1024);
        for (const [, [l, r]] of batch as [string, [string, string]][]) {
          seen.add(`${l.split(' ')[1]}|${r.split(' ')[1]}`);
        }
      }
      expect(seen.size).to.equal(400 * 500);
      expect(env.metrics.spills > 0).to.equal(memory === 'spilled');
      source.close();
      expect(scratch()).to.deep.equal([]);
    });
  }

  it('keeps apart different keys of one hash, also through spills', () => {
    const byHash = new Map<number, string>();
    const pairs: [string, string][] = [];
    for (let i = 0; pairs.length < 3; i++) {
      const text = `key${i}`;
      const hash = hashKey(text);
      const other = byHash.get(hash);
      if (other !== undefined) {
        pairs.push([other, text]);
      }
      byHash.set(hash, text);
    }
    byHash.clear();
    // Values of colliding keys alternate in every run.
    const records = Array.from({ length: 1200 }, (_, i): Pair => [pairs[i % 3]![(i >> 2) & 1], i]);
    const expected = new Map<unknown, unknown[]>();
    for (const [key, value] of records) {
      expected.set(key, [...(expected.get(key) ?? []), value]);
    }
    const input = shuffled(1, records);
    const roots = new Roots();
    const add = roots.add((a: number, b: number) => a + b);
    for (const memoryBudgetBytes of [1e9, 17 * 1024, 4 * 1024]) {
      const options = { directories: [local.path], roots, memoryBudgetBytes };
      const groups = reduceAll(groupByKey, [input], options).partitions[0];
      expect(groups).to.have.deep.members([...expected]);
      const sums = reduceAll(
        { ...groupByKey, aggregator: { kind: 'reduce', merge: add } },
        [input],
        options,
      ).partitions[0];
      expect(sums).to.have.deep.members(
        [...expected].map(([key, values]) => [key, (values as number[]).reduce((a, b) => a + b)]),
      );
    }
  }).timeout(30_000);

  const operators = (roots: Roots): ShuffleOperator[] => [
    { kind: 'shuffleRead', shuffleId: 1, keyed: true },
    groupByKey,
    {
      ...groupByKey,
      aggregator: { kind: 'reduce', merge: roots.add((a: unknown) => a) },
    },
    { kind: 'shuffleSort', shuffleId: 1, ascending: true },
    { kind: 'flatMapGroups', shuffleId: 1, function: roots.add((key: unknown) => [key]) },
    {
      kind: 'cogroup',
      sides: [
        { kind: 'shuffle', shuffleId: 1 },
        { kind: 'shuffle', shuffleId: 1 },
      ],
    },
    {
      kind: 'join',
      joinType: 'full',
      sides: [
        { kind: 'shuffle', shuffleId: 1 },
        { kind: 'shuffle', shuffleId: 1 },
      ],
    },
  ];

  it('every operator: no output at all is an empty source; closing twice is harmless', () => {
    const roots = new Roots();
    for (const operator of operators(roots)) {
      const { source, env } = open(operator, [shuffled(1)], 1e6, roots);
      expect(source.next(), operator.kind).to.equal(undefined);
      expect(source.next(), operator.kind).to.equal(undefined);
      source.close();
      source.close();
      env.end();
    }
  });

  it('every operator: closed after its first batch, nothing stays on disk and nothing comes', () => {
    const records = Array.from({ length: 3000 }, (_, i): Pair => [i % 1500, `value ${i}`]);
    const input = shuffled(1, records);
    const roots = new Roots();
    for (const operator of operators(roots)) {
      const { source } = open(operator, [input], 24 * 1024, roots);
      expect(source.next(), operator.kind).to.have.length.greaterThan(0);
      source.close();
      expect(scratch(), operator.kind).to.deep.equal([]);
      expect(source.next(), operator.kind).to.equal(undefined);
    }
  });

  it('reads nothing before the first batch is asked for', () => {
    let opened = 0;
    const { source } = open(
      { kind: 'combineInPlace', aggregator: { kind: 'group' } },
      [],
      1e6,
      new Roots(),
      [
        () => {
          opened++;
          return sourceOf([['a', 1]]);
        },
      ],
    );
    expect(opened).to.equal(0);
    expect(source.next()).to.deep.equal([['a', [1]]]);
    expect(opened).to.equal(1);
  });

  it('an error of the user function comes out as it is, and the end of the attempt cleans up', () => {
    const records = Array.from({ length: 3000 }, (_, i): Pair => [i % 1500, i]);
    const roots = new Roots();
    const failure = new Error('the user is unhappy');
    let calls = 0;
    const merge = roots.add(() => {
      if (++calls === 1200) {
        throw failure;
      }
      return 'x'.repeat(40);
    });
    const { source, env } = open(
      { ...groupByKey, aggregator: { kind: 'reduce', merge } },
      [shuffled(1, records)],
      24 * 1024,
      roots,
    );
    expect(() => drain(source)).to.throw(failure.message);
    env.end();
    expect(scratch()).to.deep.equal([]);
  });

  it('a record of a narrow input that is no pair is RecordTypeError with the record', () => {
    const { source } = open(
      { kind: 'combineInPlace', aggregator: { kind: 'group' } },
      [],
      1e6,
      new Roots(),
      [() => sourceOf([['a', 1], 'no pair'])],
    );
    expect(() => source.next()).to.throw(RecordTypeError, "'no pair'");
  });

  it('what flatMapGroups returns must be iterable', () => {
    const roots = new Roots();
    const { source } = open(
      { kind: 'flatMapGroups', shuffleId: 1, function: roots.add(() => 5) },
      [shuffled(1, [['a', 1]])],
      1e6,
      roots,
    );
    expect(() => source.next()).to.throw(RecordTypeError, 'must return an iterable');
  });

  it('A-163 outputs can be read any number of times', () => {
    const input = shuffled(1, giant());
    const first = open(groupByKey, [input], 1e7);
    const second = open(groupByKey, [input], 1e7);
    expect(drain(first.source)).to.deep.equal(drain(second.source));
  });

  it('counts what was read', () => {
    const input = shuffled(
      1,
      [['a', 1]],
      [],
      [
        ['b', 2],
        ['c', 3],
      ],
    );
    const { source, env } = open({ kind: 'shuffleRead', shuffleId: 1, keyed: true }, [input], 1e7);
    drain(source);
    expect(env.metrics.shuffleReadRecords).to.equal(3);
    expect(env.metrics.shuffleReadLocalBytes).to.equal(
      input.outputs.reduce((sum, output) => sum + output.partSizesBytes[0]!, 0),
    );
    expect(env.metrics.shuffleReadRemoteBytes).to.equal(0);
  });

  describe('memory shares of one task', () => {
    it('a consumer may use what the others leave', () => {
      const env = makeEnvironment({ directories: [local.path], memoryBudgetBytes: 1000 });
      const first = new MemoryShare(env);
      const second = new MemoryShare(env);
      expect(first.update(900)).to.equal(false);
      expect(second.update(100)).to.equal(false);
      expect(second.update(240), 'beyond the budget, but a small part').to.equal(false);
      expect(second.update(260)).to.equal(true);
      expect(first.update(901)).to.equal(true);
      first.close();
      expect(second.update(1000)).to.equal(false);
      expect(second.update(1001)).to.equal(true);
      second.close();
      second.close();
      expect(new MemoryShare(env).roomBytes).to.equal(1000);
    });
  });
});
