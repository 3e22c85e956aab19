import { expect } from 'chai';
import { TaskContext, executorLocal, type RDD } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, thrown } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';
import { collectSorted, sorted } from './support/order.js';

describe('the RDD model (A.5)', () => {
  const suite = useContext();

  it('a thousand transformations are metadata: milliseconds and no job (A-095)', async () => {
    const { sc } = suite;
    const seen = await jobsOf(sc, async () => {
      let rdd: RDD<string> = sc.textFile('/a/terabyte/that/is/not/there');
      for (let i = 0; i < 1_000; i += 1) rdd = rdd.filter((line) => line !== '');
      await Promise.resolve();
    });
    expect(seen.jobs).to.equal(0);
  });

  it('a lattice of unions is as small as its RDDs', async () => {
    let rdd = suite.sc
      .range(0, 2, 1, 1)
      .map((x) => [x, 1])
      .partitionBy(1);
    for (let i = 0; i < 10; i += 1) rdd = rdd.union(rdd);
    expect(await rdd.count()).to.equal(2_048);
  });

  it('a transformation leaves its RDD as it is (A-096)', async () => {
    const a = suite.sc.range(0, 3, 1, 2);
    const b = a.map((x) => x * 10);
    expect(await a.collect()).to.deep.equal([0, 1, 2]);
    expect(await b.collect()).to.deep.equal([0, 10, 20]);
  });

  it('nothing runs until an action (A-097)', async () => {
    const calls = suite.sc.accumulator(0);
    const rdd = suite.sc.range(0, 10, 1, 2).map((x) => {
      calls.add(1);
      return x;
    });
    expect(calls.value).to.equal(0);
    await rdd.count();
    expect(calls.value).to.equal(10);
  });

  it('sortByKey and zipWithIndex start their job with the action that needs it (A-098)', async () => {
    const { sc } = suite;
    let sortedRdd: RDD<[number, number]> | undefined;
    const atCall = await jobsOf(sc, async () => {
      sortedRdd = sc
        .range(0, 100, 1, 4)
        .map((x) => [-x, x])
        .sortByKey(true, 4);
      sc.range(0, 10, 1, 3).zipWithIndex();
      await Promise.resolve();
    });
    expect(atCall.jobs).to.equal(0);
    const first = await jobsOf(sc, () => sortedRdd!.count());
    expect(first.jobs).to.equal(2);
    const second = await jobsOf(sc, () => sortedRdd!.count());
    expect(second.jobs).to.equal(1);
  });

  it('five narrow steps are one stage with one task per partition (A-100)', async () => {
    const { sc } = suite;
    const rdd = sc
      .range(0, 100, 1, 4)
      .map((x) => x + 1)
      .filter((x) => x % 2)
      .flatMap((x) => [x, x])
      .mapPartitions((r) => r)
      .union(sc.range(0, 10, 1, 2))
      .coalesce(3);
    expect(await jobsOf(sc, () => rdd.count())).to.include({ jobs: 1, stages: 1, tasks: 3 });
  });

  it('each wide step adds exactly one border (A-101)', async () => {
    const pairs = suite.sc.range(0, 20, 1, 3).map((x) => [x % 4, x]);
    const wide: Record<string, RDD<unknown>> = {
      reduceByKey: pairs.reduceByKey((a, b) => a + b),
      groupByKey: pairs.groupByKey(),
      repartition: pairs.repartition(2),
      sortByKey: pairs.sortByKey(true, 2),
      distinct: pairs.distinct(),
      partitionBy: pairs.partitionBy(2),
      groupBy: pairs.groupBy(([k]) => k),
    };
    for (const [name, rdd] of Object.entries(wide)) {
      expect((await rdd.toDebugString()).match(/\+-/g), name).to.have.length(1);
    }
    expect((await pairs.join(pairs).toDebugString()).match(/\+-/g)).to.have.length(2);
  });

  it('a join of co-partitioned, cached parents runs one stage (A-102)', async () => {
    const { sc } = suite;
    const left = sc
      .range(0, 100, 1, 3)
      .map((x) => [x % 10, x])
      .partitionBy(4)
      .cache();
    const right = sc
      .range(0, 50, 1, 2)
      .map((x) => [x % 10, -x])
      .partitionBy(4)
      .cache();
    await left.count();
    await right.count();
    const seen = await jobsOf(sc, async () => {
      expect(await left.join(right).count()).to.equal(500);
    });
    expect(seen).to.include({ jobs: 1, stages: 1, tasks: 4 });
  });

  it('steps run record by record in one pass (A-104)', async () => {
    const order = await suite.sc
      .range(0, 3, 1, 1)
      .mapPartitions((records) => {
        // One partition, one thread: what the steps see is written into one list.
        const log: string[] = [];
        return records.map((x) => {
          log.push(`read ${x}`);
          return { x, log };
        });
      })
      .map(({ x, log }) => {
        log.push(`map ${x}`);
        return { x, log };
      })
      .filter(({ x, log }) => {
        log.push(`filter ${x}`);
        return x === 2;
      })
      .map(({ log }) => [...log])
      .collect();
    const [log] = order;
    for (const x of [0, 1, 2]) {
      expect(log!.indexOf(`map ${x}`)).to.be.lessThan(log!.indexOf(`filter ${x}`));
    }
    // Record 0 has passed all steps before record 1 is mapped.
    expect(log!.indexOf('filter 0')).to.be.lessThan(log!.indexOf('map 1'));
    expect(log!.indexOf('filter 1')).to.be.lessThan(log!.indexOf('map 2'));
  });

  it('toDebugString shows the lineage of word count with places in the program (A-106)', async () => {
    const counts = suite.sc
      .parallelize(['a b', 'b'], 2)
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b);
    const lines = (await counts.toDebugString()).split('\n');
    expect(lines).to.have.length(4);
    expect(lines[0]).to.match(
      /^\(2\) ShuffledRDD\[\d+\] at reduceByKey at model\.suite\.ts:\d+ \[\]$/,
    );
    expect(lines[1]).to.match(
      /^ \+-\(2\) MapPartitionsRDD\[\d+\] at map at model\.suite\.ts:\d+ \[\]$/,
    );
    expect(lines[2]).to.match(/^ {4}\| {2}MapPartitionsRDD\[\d+\] at flatMap at /);
    expect(lines[3]).to.match(/^ {4}\| {2}ParallelCollectionRDD\[\d+\] at parallelize at /);
  });

  it('retried and repeated work does not change what a closure captured (A-121)', async () => {
    let factor = 3;
    const counter = { n: 0 };
    const rdd = suite.sc.range(0, 4, 1, 2).map((x) => {
      counter.n += 1;
      return x * factor + counter.n * 0;
    });
    factor = 100;
    counter.n = 1e9;
    expect(await rdd.collect()).to.deep.equal([0, 3, 6, 9]);
    expect(await rdd.map((x) => x).collect()).to.deep.equal([0, 3, 6, 9]);
    factor = 1;
  });

  it('every task attempt starts from fresh captured values', async () => {
    const seen: number[] = [];
    const lengths = await suite.sc
      .range(0, 4, 1, 4)
      .map((x) => {
        seen.push(x);
        return seen.length;
      })
      .collect();
    expect(lengths).to.deep.equal([1, 1, 1, 1]);
    expect(seen).to.deep.equal([]);
  });

  it('what cannot travel is refused at the call, naming the variable (A-121)', () => {
    const bound = Math.max.bind(null, 1);
    const cases: [string, () => unknown][] = [
      ['bound', () => suite.sc.range(2).map((x) => bound(x))],
    ];
    for (const [name, call] of cases) {
      const error = thrown(call) as Error & { variable?: string; file?: string; line?: number };
      expect(error).to.have.property('code', 'CLOSURE');
      expect(error.variable).to.contain(name);
      expect(error.file).to.match(/model\.suite\.ts$/);
      expect(error.line).to.be.a('number');
    }
  });

  it('actions reject, rather than throw, for what cannot travel', async () => {
    const bound = Math.max.bind(null, 1);
    expect(await rejection(suite.sc.range(2).foreach((x) => bound(x)))).to.have.property(
      'code',
      'CLOSURE',
    );
  });

  it('an iterative program over a cached RDD computes it once (A-031)', async () => {
    const computed = suite.sc.accumulator(0);
    const data = suite.sc
      .range(0, 1_000, 1, 4)
      .map((x) => {
        computed.add(1);
        return x;
      })
      .cache();
    let value = 0;
    for (let i = 0; i < 10; i += 1) {
      const step = i;
      value += await data.map((x) => x * step).sum();
    }
    expect(value).to.equal(45 * 499_500);
    expect(computed.value).to.equal(1_000);
  });

  it('the walk-through arithmetic is exactly 2500000000000 (A-020)', async () => {
    const { sc } = suite;
    const left = sc.range(2, 10_000_000, 2, 5).map((x): [number, null] => [x * 5, null]);
    const right = sc.range(2, 10_000_000, 4, 6).map((x): [number, null] => [x, null]);
    let total = 0;
    const seen = await jobsOf(sc, async () => {
      total = await left.join(right).keys().sum();
    });
    expect(total).to.equal(2_500_000_000_000);
    expect(seen.tasksOfStages.slice(0, 2)).to.have.members([5, 6]);
    expect(seen.stages).to.equal(3);
  }).timeout(120_000);

  describe('TaskContext', () => {
    it('tells a task where it is', async () => {
      const { sc } = suite;
      const rows = await sc.withLocalProperties({ colour: 'blue' }, () =>
        sc
          .range(0, 3, 1, 3)
          .mapPartitions(() => {
            const context = TaskContext.get();
            return context === undefined
              ? []
              : [
                  {
                    partition: context.partitionId,
                    attempt: context.attemptNumber,
                    colour: context.getLocalProperty('colour'),
                    other: context.getLocalProperty('other'),
                    id: context.taskAttemptId,
                    interrupted: context.isInterrupted(),
                  },
                ];
          })
          .collect(),
      );
      expect(rows.map(({ partition }) => partition)).to.deep.equal([0, 1, 2]);
      for (const row of rows) {
        expect(row).to.include({ attempt: 0, colour: 'blue', interrupted: false });
        expect(row.other).to.equal(undefined);
      }
      expect(new Set(rows.map(({ id }) => id)).size).to.equal(3);
      expect(TaskContext.get()).to.equal(undefined);
    });

    it('runs listeners at the end of the task', async () => {
      const ended = suite.sc.accumulator(0);
      const failed = suite.sc.accumulator(0);
      await suite.sc.range(0, 4, 1, 2).foreachPartition((records) => {
        TaskContext.get()!.onCompletion(() => ended.add(1));
        TaskContext.get()!.onFailure(() => failed.add(1));
        records.toArray();
      });
      expect([ended.value, failed.value]).to.deep.equal([2, 0]);
    });
  });

  it('executorLocal is made once in each task thread', async () => {
    const local = executorLocal(() => ({ made: Math.random() }));
    const made = await suite.sc
      .range(0, 40, 1, 8)
      .map(() => local.value.made)
      .distinct()
      .collect();
    expect(made.length).to.be.within(1, suite.sc.defaultParallelism);
  });

  it('partition functions may hold state of their own in a partition', async () => {
    const running = suite.sc.range(1, 7, 1, 2).mapPartitions(function* (records) {
      let sum = 0;
      for (const x of records) yield (sum += x);
    });
    expect(await running.collect()).to.deep.equal([1, 3, 6, 4, 9, 15]);
  });

  it('wordcount', async () => {
    const text = ['the quick brown fox', 'jumps over the lazy dog', 'the end'];
    const counts = suite.sc
      .parallelize(text, 3)
      .flatMap((line) => line.split(' '))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b)
      .filter(([, n]) => n > 1);
    expect(await collectSorted(counts)).to.deep.equal([['the', 3]]);
    expect(sorted(['b', 'a'])).to.deep.equal(['a', 'b']);
  });
});
