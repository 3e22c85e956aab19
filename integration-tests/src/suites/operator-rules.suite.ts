import { expect } from 'chai';
import type { HeddleContext, RDD } from 'heddle';
import { operators, type Pairs } from '../model/operators.js';
import { useContext } from './support/context.js';
import { taskError } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';

/** Twelve pairs with keys 0 to 2 in four partitions. */
function some(sc: HeddleContext): Pairs {
  return sc.range(0, 12, 1, 4).map((x): [number, number] => [x % 3, x]);
}

/** The largest number of map outputs, and of tasks, is small: a table of jobs that say little each. */
describe('rules that hold for every transformation', () => {
  const suite = useContext();

  for (const { row, name, ...operator } of operators) {
    describe(`${row} (${name})`, () => {
      it(`${row}: B.0 laziness: starts no job and reads nothing when it is called`, async () => {
        const { sc } = suite;
        const reads = sc.accumulator(0);
        const source = some(sc).map((pair): [number, number] => {
          reads.add(1);
          return pair;
        });
        const seen = await jobsOf(sc, async () => {
          operator.apply(source);
          await Promise.resolve();
        });
        expect([seen.jobs, reads.value]).to.deep.equal([0, 0]);
      });

      it(`${row}: B.6 toDebugString: is named after the call and its place in the program`, async () => {
        const [line] = (await operator.apply(some(suite.sc)).toDebugString()).split('\n');
        expect(line).to.match(new RegExp(`at ${name} at operators\\.ts:\\d+ \\[\\]$`));
      });

      it(`${row}: B.0 partition-count: of the result`, async () => {
        if (operator.partitions === undefined) return;
        for (const parent of [1, 2, 4]) {
          const rdd = suite.sc.range(0, 12, 1, parent).map((x): [number, number] => [x % 3, x]);
          expect(await operator.apply(rdd).getNumPartitions()).to.equal(
            operator.partitions(parent),
          );
        }
      });

      it(`${row}: B.0 partitioner: ${operator.partitioner}`, async () => {
        const placed = some(suite.sc).partitionBy(4);
        const before = await placed.partitioner();
        const after = await operator.apply(placed).partitioner();
        if (operator.partitioner === 'dropped') expect(after).to.equal(undefined);
        else if (operator.partitioner === 'kept') expect(after!.equals(before)).to.equal(true);
        else expect(after!.numPartitions).to.be.within(1, 3);
      });

      it(`${row}: B.0 zero-partitions: gives nothing`, async () => {
        expect(await operator.apply(suite.sc.emptyRDD()).collect()).to.deep.equal([]);
      });

      it(`${row}: B.0 empty-partitions: are no trouble`, async () => {
        const empty = some(suite.sc)
          .filter(() => false)
          .coalesce(3);
        expect(await operator.apply(empty).count()).to.equal(operator.ofEmptyPartitions ?? 0);
      });

      it(`${row}: B.0 recomputation: gives the same records in every run`, async () => {
        const rdd = operator.apply(some(suite.sc));
        const first = (await rdd.collect()).map((x) => JSON.stringify(x)).sort();
        const second = (await rdd.collect()).map((x) => JSON.stringify(x)).sort();
        expect(second).to.deep.equal(first);
      });

      it(`${row}: B.0 mutation: leaves a cached parent as it was`, async () => {
        const parent = some(suite.sc).cache();
        const before = await parent.collect();
        await operator
          .apply(parent)
          .map((x) => {
            // What a careless program does to what it was given.
            if (Array.isArray(x)) x.fill(-1);
            return x;
          })
          .count();
        expect(await parent.collect()).to.deep.equal(before);
        await parent.unpersist();
      });

      if (operator.isNarrow && !['pipe', 'glom'].includes(name)) {
        it(`${row}: B.0 early-end: take reads only what it needs`, async () => {
          const { sc } = suite;
          const reads = sc.accumulator(0);
          const source = sc.range(0, 200_000, 1, 1).map((x): [number, number] => {
            reads.add(1);
            return [x % 3, x];
          });
          const rdd = operator.apply(source);
          expect(await rdd.take(1)).to.have.length(1);
          expect(reads.value).to.be.within(1, 20_000);
        });
      }

      const { fail } = operator;
      if (fail !== undefined) {
        it(`${row}: B.0 user-error: arrives with class, message and line`, async () => {
          const error = await taskError(fail(some(suite.sc)).collect());
          expect(error).to.be.instanceOf(RangeError);
          expect(error.message).to.equal('a bad record');
          expect(error.stack).to.match(/operators\.ts:\d+/);
        });
      }

      if (operator.needsPairs === true) {
        it(`${row}: B.0 record-shape: what is no pair is shown`, async () => {
          for (const record of [5, 'ab', [1, 2, 3], null]) {
            const wrong = suite.sc.parallelize([record], 1) as RDD<unknown> as Pairs;
            const error = await taskError(operator.apply(wrong).collect());
            expect(error.code).to.equal('RECORD_TYPE');
            expect(error.message).to.match(/pair/);
          }
        });
      }
    });
  }
});
