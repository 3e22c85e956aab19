import { expect } from 'chai';
import fc from 'fast-check';
import { RecordTypeError } from 'heddle/internal';
import { FailureLabel } from '../../src/pipeline/failure-label.js';
import {
  drain,
  parallelizeSplit,
  PlanBuilder,
  pipelineTask,
  pullAll,
  rangeSplit,
  runSink,
} from './stage-fixture.js';

const collect = { kind: 'collect' } as const;

/** A step as the pipeline runs it and as plain arrays do. */
interface OracleStep {
  readonly name: string;
  add(builder: PlanBuilder): void;
  run(records: unknown[]): unknown[];
}

const asNumber = (x: unknown): number =>
  typeof x === 'number' ? x : Array.isArray(x) ? asNumber(x[0]) : 7;

function steps(): fc.Arbitrary<OracleStep> {
  const map = (name: string, f: (x: unknown) => unknown): OracleStep => ({
    name,
    add: (builder) => void builder.map(f),
    run: (records) => records.map((x) => f(x)),
  });
  const toPair = (x: unknown): [unknown, unknown] => [asNumber(x) % 3, x];
  return fc.constantFrom<OracleStep>(
    map('+1', (x) => asNumber(x) + 1),
    map('text', (x) => `v${asNumber(x)}`),
    map('nothing', () => undefined),
    {
      name: 'filter',
      add: (builder) => void builder.filter((x: unknown) => asNumber(x) % 2),
      run: (records) => records.filter((x) => asNumber(x) % 2),
    },
    {
      name: 'flatMap array',
      add: (builder) =>
        void builder.flatMap((x: unknown) => [x, asNumber(x)].slice(asNumber(x) % 3)),
      run: (records) => records.flatMap((x) => [x, asNumber(x)].slice(asNumber(x) % 3)),
    },
    {
      name: 'flatMap generator',
      add: (builder) =>
        void builder.flatMap(function* (x: unknown) {
          for (let i = 0; i < asNumber(x) % 4; i++) yield [i, x];
        }),
      run: (records) =>
        records.flatMap((x) =>
          Array.from({ length: Math.max(0, Math.ceil(asNumber(x) % 4)) }, (_, i) => [i, x]),
        ),
    },
    {
      name: 'flatMap string',
      add: (builder) => void builder.flatMap((x: unknown) => `é😀${asNumber(x)}`),
      run: (records) => records.flatMap((x) => Array.from(`é😀${asNumber(x)}`)),
    },
    {
      name: 'keyBy, mapValues',
      add: (builder) =>
        void builder
          .add({ kind: 'keyBy', function: builder.ref((x: unknown) => asNumber(x) % 5) })
          .mapValues((x: unknown) => asNumber(x) * 2),
      run: (records) => records.map((x) => [asNumber(x) % 5, asNumber(x) * 2]),
    },
    {
      name: 'pair, flatMapValues',
      add: (builder) =>
        void builder
          .map(toPair)
          .add({ kind: 'flatMapValues', function: builder.ref((x: unknown) => [x, x]) }),
      run: (records) => records.flatMap((x) => [toPair(x), toPair(x)]),
    },
    {
      name: 'pair, filter, values',
      add: (builder) =>
        void builder
          .add({ kind: 'keyBy', function: builder.ref(asNumber) })
          .filter((pair: [number, unknown]) => pair[0] > 3)
          .add({ kind: 'values' }),
      run: (records) => records.filter((x) => asNumber(x) > 3),
    },
    {
      name: 'pairWithNull, keys',
      add: (builder) => void builder.add({ kind: 'pairWithNull' }).add({ kind: 'keys' }),
      run: (records) => records,
    },
    {
      name: 'zipWithIndex',
      add: (builder) => void builder.add({ kind: 'zipWithIndex', offsets: [100] }),
      run: (records) => records.map((x, i) => [x, 100 + i]),
    },
    {
      name: 'glom',
      add: (builder) => void builder.add({ kind: 'glom' }),
      run: (records) => [records],
    },
    {
      name: 'mapPartitions generator',
      add: (builder) =>
        void builder.mapPartitions(function* (records: Iterable<unknown>) {
          let n = 0;
          for (const x of records) if (n++ % 2 === 0) yield x;
        }),
      run: (records) => records.filter((_, i) => i % 2 === 0),
    },
    {
      name: 'mapPartitions helper',
      add: (builder) =>
        void builder.mapPartitions((records: IteratorObject<unknown>) =>
          records.drop(1).map(asNumber),
        ),
      run: (records) => records.slice(1).map(asNumber),
    },
    {
      name: 'mapPartitions array',
      add: (builder) => void builder.mapPartitions((records: Iterable<unknown>) => [...records, 5]),
      run: (records) => [...records, 5],
    },
  );
}

describe('generated pipelines', () => {
  const chains = fc.array(steps(), { maxLength: 6 });
  const inputs = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }),
    // More records than one batch holds.
    fc.integer({ min: 1000, max: 2100 }).map((n) => Array.from({ length: n }, (_, i) => i % 11)),
  );

  it('push any chain of steps gives what arrays give (property, B.0 order inside a partition)', () => {
    fc.assert(
      fc.property(chains, inputs, (chain, input) => {
        const builder = new PlanBuilder().add({ kind: 'parallelize' });
        for (const step of chain) step.add(builder);
        const expected = chain.reduce<unknown[]>((records, step) => step.run(records), input);
        const split = parallelizeSplit(input);
        expect(runSink(builder, collect, { split })).to.deep.equal(expected);
        expect(runSink(builder, { kind: 'count' }, { split })).to.equal(expected.length);
      }),
      { numRuns: 150 },
    );
  });

  it('pull any chain of steps gives what arrays give (property)', () => {
    fc.assert(
      fc.property(chains, inputs, (chain, input) => {
        const builder = new PlanBuilder().add({ kind: 'parallelize' });
        for (const step of chain) step.add(builder);
        const expected = chain.reduce<unknown[]>((records, step) => step.run(records), input);
        expect(pullAll(builder, { split: parallelizeSplit(input) })).to.deep.equal(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('take any number of records after any chain of steps (property)', () => {
    fc.assert(
      fc.property(chains, inputs, fc.integer({ min: 1, max: 1500 }), (chain, input, limit) => {
        const builder = new PlanBuilder().add({ kind: 'parallelize' });
        for (const step of chain) step.add(builder);
        const expected = chain.reduce<unknown[]>((records, step) => step.run(records), input);
        const taken = runSink(builder, { kind: 'take', limit }, { split: parallelizeSplit(input) });
        expect(taken).to.deep.equal(expected.slice(0, limit));
      }),
      { numRuns: 100 },
    );
  });

  it('range counts up, down and in fractions as start + step * i (B.1)', () => {
    const cases: [number, number, number][] = [
      [0, 5, 1],
      [5, 5, -1],
      [0.1, 7, 0.1],
      [2 ** 53 - 3, 3, 1],
      [-(2 ** 31), 2000, 2 ** 20],
      [0, 0, 1],
      [-3, 2000, 1],
      [-(2 ** 31) - 5, 10, 1],
      [7, 4, 0.5],
    ];
    for (const [start, count, step] of cases) {
      const expected = Array.from({ length: count }, (_, i) => start + step * i);
      const builder = new PlanBuilder().add({ kind: 'range' }).map((x: number) => x);
      const split = rangeSplit(start, count, step);
      expect(runSink(builder, collect, { split })).to.deep.equal(expected);
      expect(pullAll(builder, { split })).to.deep.equal(expected);
      const bare = new PlanBuilder().add({ kind: 'range' });
      expect(pullAll(bare, { split })).to.deep.equal(expected);
      expect(runSink(bare, { kind: 'count' }, { split })).to.equal(count);
      const glommed = new PlanBuilder().add({ kind: 'range' }).add({ kind: 'glom' });
      expect(runSink(glommed, collect, { split })).to.deep.equal([expected]);
      expect(pullAll(glommed, { split })).to.deep.equal([expected]);
    }
  });

  it('A-104 passes record 1 through map, filter and map before record 2 is read', () => {
    const trace: string[] = [];
    const builder = new PlanBuilder()
      .add({ kind: 'range' })
      .map((x: number) => (trace.push(`map ${x}`), x))
      .filter((x: number) => (trace.push(`filter ${x}`), true))
      .map((x: number) => (trace.push(`last ${x}`), x));
    runSink(builder, { kind: 'count' }, { split: rangeSplit(1, 3) });
    expect(trace).to.deep.equal([1, 2, 3].flatMap((x) => [`map ${x}`, `filter ${x}`, `last ${x}`]));
  });

  it('A-104 passes record 1 through two partition functions before record 2 is read', () => {
    const trace: string[] = [];
    const traced = (name: string) =>
      function* (records: Iterable<number>) {
        for (const x of records) {
          trace.push(`${name} ${x}`);
          yield x;
        }
      };
    const builder = new PlanBuilder()
      .add({ kind: 'range' })
      .map((x: number) => (trace.push(`map ${x}`), x))
      .mapPartitions(traced('first'))
      .mapPartitions(traced('second'));
    runSink(builder, { kind: 'take', limit: 1 }, { split: rangeSplit(1, 1_000_000) });
    expect(trace).to.deep.equal(['map 1', 'first 1', 'second 1']);
  });

  it('take(1) of a million records touches one (B.0 early end of iteration)', () => {
    let touched = 0;
    const builder = new PlanBuilder().add({ kind: 'range' }).map((x: number) => (touched++, x));
    const taken = runSink(builder, { kind: 'take', limit: 1 }, { split: rangeSplit(0, 1_000_000) });
    expect(taken).to.deep.equal([0]);
    expect(touched).to.equal(1);
  });

  it('infinite generators of flatMap and mapPartitions are read as far as needed (B.2)', () => {
    let closed = 0;
    const naturals = function* (): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed++;
      }
    };
    const flat = new PlanBuilder()
      .add({ kind: 'range' })
      .flatMap(naturals)
      .filter((x: number) => x % 2 === 0)
      .mapPartitions((records: IteratorObject<number>) => records.map((x) => x + 1));
    const split = rangeSplit(0, 5);
    const limit = { kind: 'take', limit: 3 } as const;
    expect(runSink(flat, limit, { split })).to.deep.equal([1, 3, 5]);
    const whole = new PlanBuilder().add({ kind: 'empty' }).mapPartitions(naturals);
    expect(runSink(whole, limit, { split })).to.deep.equal([0, 1, 2]);
    expect(closed, 'generators closed').to.equal(2);
  });

  it('closes a generator that is left early exactly once, and not one that ended or threw', () => {
    const log: string[] = [];
    const iterable = (length: number, failAt = -1): Iterable<number> => ({
      [Symbol.iterator]() {
        let i = 0;
        return {
          next: () => {
            if (i === failAt) throw new Error('next failed');
            return i < length ? { done: false, value: i++ } : { done: true, value: undefined };
          },
          return: () => {
            log.push('closed');
            return { done: true, value: undefined };
          },
        };
      },
    });
    const builder = (f: () => Iterable<number>): PlanBuilder =>
      new PlanBuilder().add({ kind: 'range' }).flatMap(f);
    const split = rangeSplit(0, 1);
    runSink(
      builder(() => iterable(3)),
      collect,
      { split },
    );
    expect(() =>
      runSink(
        builder(() => iterable(3, 1)),
        collect,
        { split },
      ),
    ).to.throw('next failed');
    expect(log).to.deep.equal([]);
    runSink(
      builder(() => iterable(3)),
      { kind: 'take', limit: 2 },
      { split },
    );
    expect(log).to.deep.equal(['closed']);
    const failing = builder(() => iterable(3)).map(() => {
      throw new Error('map failed');
    });
    expect(() => runSink(failing, collect, { split })).to.throw('map failed');
    expect(log).to.deep.equal(['closed', 'closed']);
  });

  it('union reads the parent that the split names, and seeds by the union partition', () => {
    const builder = new PlanBuilder()
      .add({ kind: 'parallelize' })
      .add({ kind: 'parallelize' }, { inputs: [] });
    builder.add({ kind: 'map', function: builder.ref((x: number) => -x) }, { inputs: [1] });
    builder
      .add({ kind: 'union' }, { inputs: [0, 2] })
      .mapPartitions((index: number, records: Iterable<number>) => [index, ...records], true);
    const parent = (input: number, records: number[]) => ({
      index: 4,
      parents: [{ input, split: parallelizeSplit(records, 1) }],
    });
    expect(runSink(builder, collect, { split: parent(0, [1, 2]) })).to.deep.equal([4, 1, 2]);
    expect(runSink(builder, collect, { split: parent(1, [1, 2]) })).to.deep.equal([4, -1, -2]);
  });

  it('coalesce reads its parents one after another, each only when it is needed', () => {
    const opened: number[] = [];
    const builder = new PlanBuilder()
      .add({ kind: 'parallelize' })
      .mapPartitions(
        (index: number, records: Iterable<number>) => (opened.push(index), records),
        true,
      )
      .add({ kind: 'coalesce' });
    const split = {
      index: 0,
      parents: [0, 1, 2].map((i) => ({ input: 0, split: parallelizeSplit([i, i * 10], i) })),
    };
    expect(runSink(builder, collect, { split })).to.deep.equal([0, 0, 1, 10, 2, 20]);
    expect(opened).to.deep.equal([0, 1, 2]);
    opened.length = 0;
    expect(runSink(builder, { kind: 'take', limit: 3 }, { split })).to.deep.equal([0, 0, 1]);
    expect(opened).to.deep.equal([0, 1]);
  });

  it('partition functions run on empty partitions (B.0)', () => {
    const builder = new PlanBuilder()
      .add({ kind: 'empty' })
      .mapPartitions((records: Iterable<unknown>) => [[...records].length]);
    expect(runSink(builder, collect)).to.deep.equal([0]);
  });

  it('glom of an empty partition is an empty array (B.2)', () => {
    const builder = new PlanBuilder().add({ kind: 'empty' }).add({ kind: 'glom' });
    expect(runSink(builder, collect)).to.deep.equal([[]]);
    expect(pullAll(builder)).to.deep.equal([[]]);
  });

  it('functions get one argument and no this', () => {
    const calls: unknown[][] = [];
    const builder = new PlanBuilder().add({ kind: 'range' }).map(function (
      this: unknown,
      ...args: unknown[]
    ) {
      calls.push([this, ...args]);
      return args[0];
    });
    runSink(builder, { kind: 'count' }, { split: rangeSplit(0, 2) });
    expect(calls).to.deep.equal([
      [undefined, 0],
      [undefined, 1],
    ]);
  });

  it('one stage runs many tasks with the loops made for the first', () => {
    const builder = new PlanBuilder()
      .add({ kind: 'parallelize' })
      .add({ kind: 'zipWithIndex', offsets: [0, 2] });
    const first = pipelineTask(builder, collect, { split: parallelizeSplit(['a', 'b'], 0) });
    const { pipelines } = first;
    expect(drain(pipelines.pull(first.task))).to.deep.equal([
      ['a', 0],
      ['b', 1],
    ]);
    const second = pipelineTask(builder, collect, { split: parallelizeSplit(['c'], 1) });
    expect(drain(pipelines.pull(second.task))).to.deep.equal([['c', 2]]);
  });

  it('checks for interruption at least once a batch, also in a loop that keeps nothing', () => {
    let left = 3;
    const builder = new PlanBuilder().add({ kind: 'range' }).filter(() => false);
    const checkInterrupted = (): void => {
      if (left-- === 0) throw new Error('killed');
    };
    expect(() =>
      runSink(builder, { kind: 'count' }, { split: rangeSplit(0, 1e9), checkInterrupted }),
    ).to.throw('killed');
  });
});

describe('wrong records and results in pipelines', () => {
  const split = rangeSplit(0, 3);
  const range = (): PlanBuilder => new PlanBuilder().add({ kind: 'range' });
  const failure = (builder: PlanBuilder, sink: Parameters<typeof runSink>[1] = collect): Error => {
    try {
      runSink(builder, sink, { split });
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error('nothing was thrown');
  };

  it('flatMap that returns null, a number or an object is a RecordTypeError with label and value', () => {
    for (const [value, text] of [
      [null, 'null'],
      [undefined, 'undefined'],
      [42, '42'],
      [{ a: 1 }, '{ a: 1 }'],
    ] as const) {
      const error = failure(range().flatMap(() => value));
      expect(error).to.be.instanceOf(RecordTypeError);
      expect(error.message).to.include('flatMap at test.ts:1').and.to.include(text);
    }
  });

  it('mapPartitions that returns no iterable is a RecordTypeError with its label', () => {
    const error = failure(range().mapPartitions(() => 5));
    expect(error).to.be.instanceOf(RecordTypeError);
    expect(error.message).to.include('mapPartitions at test.ts:1').and.to.include('5');
  });

  it('pair steps show the record that is no pair', () => {
    const builder = (): PlanBuilder => range().map((x: number) => ({ not: 'a pair', x }));
    const broken = [
      builder().mapValues((x: unknown) => x),
      builder().add({ kind: 'keys' }),
      builder().add({ kind: 'values' }),
      range()
        .map(() => [1, 2, 3])
        .add({ kind: 'keys' }),
    ];
    for (const one of broken) {
      const error = failure(one);
      expect(error).to.be.instanceOf(RecordTypeError);
      expect(error.message).to.match(/at test\.ts:2 needs pairs/);
    }
    expect(failure(broken[0]!).message).to.include("not: 'a pair'");
    expect(failure(builder(), { kind: 'countBy', byKey: true }).message).to.include('countBy');
  });

  it('async functions are refused with advice, whatever the operator', () => {
    const f = async (x: unknown): Promise<unknown> => Promise.resolve(x);
    const cases: [PlanBuilder, Parameters<typeof runSink>[1]][] = [
      [range().map(f), collect],
      [range().filter(f), collect],
      [range().flatMap(f), collect],
      [range().mapPartitions(f), collect],
      [
        range()
          .map((x: number) => [x, x])
          .mapValues(f),
        collect,
      ],
    ];
    const withFunction = (kind: 'reduce' | 'foreach' | 'foreachPartition' | 'run'): void => {
      const builder = range();
      cases.push([builder, { kind, function: builder.ref(f) }]);
    };
    withFunction('reduce');
    withFunction('foreach');
    withFunction('foreachPartition');
    withFunction('run');
    for (const [builder, sink] of cases) {
      const error = failure(builder, sink);
      expect(error, sink.kind).to.be.instanceOf(RecordTypeError);
      expect(error.message).to.include('on the driver');
    }
  });

  it('promises from plain functions are refused where the value is needed now', () => {
    const f = (): Promise<unknown> => Promise.resolve(true);
    for (const builder of [range().filter(f), range().flatMap(f), range().mapPartitions(f)]) {
      expect(failure(builder).message).to.include('on the driver');
    }
    for (const kind of ['reduce', 'foreach', 'foreachPartition', 'run'] as const) {
      const builder = range();
      const error = failure(builder, { kind, function: builder.ref(f) });
      expect(error.message, kind).to.include('on the driver');
    }
  });

  it('async iterables from flatMap are refused', () => {
    const error = failure(
      range().flatMap(() => ({
        async *[Symbol.asyncIterator]() {
          yield await Promise.resolve(1);
        },
      })),
    );
    expect(error.message).to.include('async iterable');
  });

  it('whatever a step throws carries the label of the step, also when it is no Error', () => {
    const cases: [PlanBuilder, unknown, string][] = [];
    const thrower = (value: unknown) => (): never => {
      throw value;
    };
    const error = new Error('mine');
    cases.push([
      range()
        .map((x: number) => x)
        .map(thrower(error)),
      error,
      'map at test.ts:2',
    ]);
    cases.push([
      range()
        .filter(thrower('text'))
        .map((x: number) => x),
      'text',
      'filter at test.ts:1',
    ]);
    cases.push([range().flatMap(thrower(undefined)), undefined, 'flatMap at test.ts:1']);
    cases.push([
      range()
        .mapPartitions(function* () {
          yield 1;
          throw error;
        })
        .map((x: number) => x),
      error,
      'mapPartitions at test.ts:1',
    ]);
    cases.push([
      range()
        .map(thrower(error))
        .mapPartitions((r: unknown) => r),
      error,
      'map at test.ts:1',
    ]);
    for (const [builder, thrown, label] of cases) {
      const labels = new FailureLabel();
      let caught: unknown = 'nothing';
      try {
        runSink(builder, collect, { split, failure: labels });
      } catch (e) {
        caught = e;
      }
      expect(caught).to.equal(thrown);
      expect(labels.labelOf(thrown)).to.equal(label);
    }
  });
});
