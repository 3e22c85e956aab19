import { expect } from 'chai';
import type { RDD } from 'heddle';
import { useContext } from './support/context.js';
import { taskError } from './support/expect-error.js';

/** Values of the giant group, of 1 KiB each: together well above what a task of the context below may hold. */
const giantValues = 80_000;
const valueLength = 1_024;
const sumOfPlaces = (giantValues * (giantValues - 1)) / 2;

describe('groups larger than the memory of a task (B.3 groupByKey, B.3 flatMapGroups)', function () {
  this.timeout(300_000);
  const suite = useContext({
    'heddle.executor.memory': '256m',
    'heddle.executor.memoryOverhead': '640m',
  });

  /** One giant group among small ones; each value begins with its place. */
  const giant = (): RDD<[string, string]> =>
    suite.sc
      .range(0, giantValues + 20, 1, 8)
      .map((x) =>
        x < giantValues ? ['giant', `${x} `.padEnd(valueLength, 'value ')] : [`small ${x}`, '1'],
      );

  it('groupByKey ends with GroupTooLargeError, which names the key and what to do', async () => {
    const error = await taskError(giant().groupByKey(2).count());
    expect(error).to.have.property('code', 'GROUP_TOO_LARGE');
    expect(error).to.have.property('key', "'giant'");
    expect(error.message).to.contain('flatMapGroups');
    const { sizeBytes, limitBytes } = error as unknown as Record<string, number>;
    expect(sizeBytes).to.be.within(limitBytes!, 2 * giantValues * valueLength);
    // The executor lives on.
    expect(await suite.sc.range(0, 10, 1, 4).count()).to.equal(10);
  });

  it('so does cogroup; join streams the larger side', async () => {
    const small = suite.sc.parallelize<[string, number]>(
      [
        ['giant', 1],
        ['giant', 2],
        ['other', 3],
      ],
      2,
    );
    expect(await taskError(giant().cogroup(small, 2).count())).to.have.property(
      'code',
      'GROUP_TOO_LARGE',
    );
    const joined = await giant()
      .join(small, 2)
      .map(([, [value, n]]) => n * parseInt(value, 10))
      .sum();
    expect(joined).to.equal(3 * sumOfPlaces);
  });

  it('flatMapGroups streams the same group', async () => {
    const seen = await giant()
      .flatMapGroups((key, values) => {
        let [count, sum] = [0, 0];
        for (const value of values) {
          count += 1;
          sum += parseInt(value, 10);
        }
        return key === 'giant' ? [[count, sum]] : [];
      }, 2)
      .collect();
    expect(seen).to.deep.equal([[giantValues, sumOfPlaces]]);
  });

  it('aggregateByKey combines it', async () => {
    const lengths = await giant()
      .aggregateByKey(
        0,
        (sum, value) => sum + value.length,
        (a, b) => a + b,
        2,
      )
      .lookup('giant');
    expect(lengths).to.deep.equal([giantValues * valueLength]);
  });
});

describe('the heap of a task thread (A-181)', function () {
  this.timeout(200_000);
  const suite = useContext();

  it('is that of the executor, not the little that the main thread of its process has', async () => {
    const kept = suite.sc.range(0, 1, 1, 1).map((x) => {
      const rows: number[][] = [];
      // About 200 MiB.
      for (let i = 0; i < 200_000; i += 1) rows.push(new Array<number>(128).fill(i));
      return rows.length + x;
    });
    expect(await kept.first()).to.equal(200_000);
  });
});
