import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { TaskContext } from 'heddle';
import { useContext } from './support/context.js';
import { rejection, taskError } from './support/expect-error.js';

describe('mapAsync (B.2 mapAsync)', () => {
  const suite = useContext();

  it('waits for timers, in order, several at once in a task and never more than it may', async () => {
    const found = await suite.sc
      .range(0, 40, 1, 2)
      .mapAsync(
        async (x) => {
          counter.running += 1;
          counter.most = Math.max(counter.most, counter.running);
          await sleep((x * 7) % 4);
          counter.running -= 1;
          return [x, counter.most];
        },
        { concurrency: 5 },
      )
      .collect();
    expect(found.map(([x]) => x)).to.deep.equal([...Array(40).keys()]);
    expect(Math.max(...found.map(([, most]) => most))).to.be.within(2, 5);
  });

  it('has the task context and accumulators after waiting', async () => {
    const { sc } = suite;
    const calls = sc.accumulator(0);
    const partitions = await sc
      .range(0, 6, 1, 3)
      .mapAsync(async () => {
        await sleep(1);
        calls.add(1);
        return TaskContext.get()!.partitionId;
      })
      .collect();
    expect(partitions).to.deep.equal([0, 0, 1, 1, 2, 2]);
    expect(calls.value).to.equal(6);
  });

  it('calls the function for few records when an action ends early', async () => {
    const { sc } = suite;
    const calls = sc.accumulator(0);
    const rdd = sc.range(0, 100_000, 1, 1).mapAsync(
      (x) => {
        calls.add(1);
        return Promise.resolve(x * 2);
      },
      { concurrency: 4 },
    );
    expect(await rdd.filter((x) => x > 10).take(2)).to.deep.equal([12, 14]);
    expect(calls.value).to.be.within(8, 200);
  });

  it('stands anywhere: cached, before shuffles, joins, partition functions, twice in one stage', async () => {
    const { sc } = suite;
    const calls = sc.accumulator(0);
    const looked = sc
      .range(0, 20, 1, 3)
      .mapAsync(async (x): Promise<[number, number]> => {
        calls.add(1);
        await sleep(0);
        return [x % 4, x];
      })
      .cache();
    expect(await looked.count()).to.equal(20);
    expect(await looked.reduceByKey((a, b) => a + b).count()).to.equal(4);
    expect(await looked.join(looked).count()).to.equal(100);
    expect(calls.value).to.equal(20);
    await looked.unpersist();
    const twice = sc
      .range(0, 10, 1, 2)
      .mapAsync((x) => Promise.resolve(x + 1))
      .mapPartitions((records) => records.map((x) => x * 2))
      .mapAsync((x) => Promise.resolve(x + 1))
      .zip(sc.range(0, 10, 1, 2).mapAsync((x) => Promise.resolve(-x)));
    const expected = [...Array(10).keys()].map((x) => [(x + 1) * 2 + 1, 0 - x]);
    expect((await twice.coalesce(1).collect()).map(([a, b]) => [a, b + 0])).to.deep.equal(
      expected.map(([a, b]) => [a, b! + 0]),
    );
    await twice.foreachPartition((records) => records.toArray());
  });

  it('fails with the first rejection in the order of the records', async () => {
    const failing = suite.sc.range(0, 10, 1, 1).mapAsync(async (x) => {
      await sleep(x === 3 ? 10 : 0);
      if (x >= 3) throw new RangeError(`record ${x}`);
      return x;
    });
    const error = await taskError(failing.collect());
    expect(error).to.be.instanceOf(RangeError);
    expect(error.message).to.equal('record 3');
    expect(await failing.take(3)).to.deep.equal([0, 1, 2]);
  });

  it('is cancelled while a promise never settles', async () => {
    const { sc } = suite;
    const controller = new AbortController();
    const begun = sc.accumulator(0);
    const stuck = sc
      .range(0, 2, 1, 1)
      .mapAsync(() => {
        begun.add(1);
        return new Promise<number>(() => undefined);
      })
      .count({ signal: controller.signal });
    setTimeout(() => controller.abort(), 200);
    expect(await rejection(stuck)).to.have.property('code', 'JOB_CANCELLED');
    expect(await sc.range(0, 5, 1, 2).count()).to.equal(5);
  });

  it('refuses a concurrency below 1 at the call', () => {
    expect(() =>
      suite.sc.range(2).mapAsync((x) => Promise.resolve(x), { concurrency: 0 }),
    ).to.throw(RangeError);
  });
});

/** Calls under way, as each task thread counts them. */
const counter = { running: 0, most: 0 };
