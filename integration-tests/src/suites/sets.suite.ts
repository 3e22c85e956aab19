import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HashPartitioner, type RDD } from 'heddle';
import { useContext } from './support/context.js';
import { taskError, rejection, thrown } from './support/expect-error.js';
import { jobsOf } from './support/jobs.js';
import { collectSorted, partitionsOf } from './support/order.js';

/** Waits until a process of this machine is gone, or is only left to be reaped. */
async function processGone(pid: number): Promise<void> {
  expect(pid).to.be.above(1);
  for (;;) {
    try {
      if (/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('set operations, zips and pipe (B.2, B.3)', () => {
  const suite = useContext();

  describe('subtract (B.2 subtract)', () => {
    it('keeps left records that the right side has not, duplicates included', async () => {
      const { sc } = suite;
      const left = sc.parallelize([1, 1, 2, 3, 3, null, NaN], 3);
      const right = sc.parallelize([2, 3, NaN], 2);
      expect(await collectSorted(left.subtract(right))).to.deep.equal([1, 1, null]);
      expect(await collectSorted(left.subtract(sc.emptyRDD<number>()))).to.have.length(7);
      expect(await sc.emptyRDD<number>().subtract(right).collect()).to.deep.equal([]);
    });

    it('has as many partitions as the left side, or as are asked for, and starts no job', async () => {
      const { sc } = suite;
      const left = sc.parallelize([[1], [2]], 3);
      const right = sc.parallelize([[2]], 5);
      const seen = await jobsOf(sc, async () => {
        expect(await left.subtract(right).getNumPartitions()).to.equal(3);
        expect(await left.subtract(right, 4).getNumPartitions()).to.equal(4);
        expect(await left.subtract(right, 4).partitioner()).to.equal(undefined);
      });
      expect(seen.jobs).to.equal(0);
      expect(await left.subtract(right).collect()).to.deep.equal([[1]]);
    });
  });

  describe('intersection (B.2 intersection)', () => {
    it('gives one of each record that both sides have', async () => {
      const { sc } = suite;
      const left = sc.parallelize([1, 1, 2, null, undefined, 'a'], 2);
      const right = sc.parallelize([2, 1, 1, null, 'b'], 3);
      expect(await collectSorted(left.intersection(right as never))).to.deep.equal(
        await collectSorted(sc.parallelize([1, 2, null])),
      );
      expect(await left.intersection(right).getNumPartitions()).to.equal(2);
      expect(await left.intersection(sc.emptyRDD()).collect()).to.deep.equal([]);
    });
  });

  describe('subtractByKey and intersectByKey (B.3 subtractByKey, B.3 intersectByKey)', () => {
    const sides = (): { left: RDD<[string, number]>; right: RDD<[string, string]> } => ({
      left: suite.sc.parallelize<[string, number]>(
        [
          ['a', 1],
          ['b', 2],
          ['a', 3],
          ['c', 4],
        ],
        3,
      ),
      right: suite.sc.parallelize<[string, string]>(
        [
          ['a', 'x'],
          ['a', 'y'],
          ['d', 'z'],
        ],
        2,
      ),
    });

    it('keep left pairs by whether the right side has their key; right duplicates do not multiply', async () => {
      const { left, right } = sides();
      expect(await collectSorted(left.subtractByKey(right))).to.deep.equal([
        ['b', 2],
        ['c', 4],
      ]);
      expect(await collectSorted(left.intersectByKey(right))).to.deep.equal([
        ['a', 1],
        ['a', 3],
      ]);
    });

    it('take and keep the partitioner of the left side, and then shuffle only the right one', async () => {
      const { left, right } = sides();
      const partitioned = left.partitionBy(5);
      const rest = partitioned.subtractByKey(right);
      expect(await rest.getNumPartitions()).to.equal(5);
      expect((await rest.partitioner())!.equals(new HashPartitioner(5))).to.equal(true);
      expect(await left.subtractByKey(right).getNumPartitions()).to.equal(3);
      await partitioned.count();
      const seen = await jobsOf(suite.sc, () => rest.count());
      expect(seen.stages).to.equal(2);
    });
  });

  describe('cartesian (B.2 cartesian)', () => {
    it('pairs everything: partition i·m + j is i with j', async () => {
      const { sc } = suite;
      const both = sc.parallelize([1, 2, 3], 2).cartesian(sc.parallelize(['a', 'b', 'c'], 2));
      expect(await partitionsOf(both)).to.deep.equal([
        [[1, 'a']],
        [
          [1, 'b'],
          [1, 'c'],
        ],
        [
          [2, 'a'],
          [3, 'a'],
        ],
        [
          [2, 'b'],
          [2, 'c'],
          [3, 'b'],
          [3, 'c'],
        ],
      ]);
    });

    it('with an empty side is empty, and with itself square', async () => {
      const { sc } = suite;
      const some = sc.range(0, 10, 1, 3);
      expect(await some.cartesian(sc.emptyRDD()).collect()).to.deep.equal([]);
      expect(await some.cartesian(sc.parallelize([], 2)).collect()).to.deep.equal([]);
      expect(await some.cartesian(some).count()).to.equal(100);
      expect(await some.cartesian(some).getNumPartitions()).to.equal(9);
    });
  });

  describe('zip and zipPartitions (B.2 zip, B.2 zipPartitions)', () => {
    it('zip pairs by position', async () => {
      const { sc } = suite;
      const numbers = sc.range(0, 5, 1, 2);
      const pairs = numbers.zip(numbers.map((x) => `n${x}`));
      expect(await partitionsOf(pairs)).to.deep.equal([
        [
          [0, 'n0'],
          [1, 'n1'],
        ],
        [
          [2, 'n2'],
          [3, 'n3'],
          [4, 'n4'],
        ],
      ]);
      expect(await numbers.zip(numbers).count()).to.equal(5);
    });

    it('zip refuses different numbers of partitions at once where they are known, of records in the task', async () => {
      const { sc } = suite;
      const three = sc.range(0, 6, 1, 3);
      const early = thrown(() => three.zip(sc.range(0, 6, 1, 2)));
      expect(early.code).to.equal('ARGUMENT');
      expect(early.message).to.match(/same number of partitions, and have 3, 2/);
      const late = three.sortBy((x) => x, true, 3).zip(sc.range(0, 6, 1, 2));
      expect((await rejection(late.collect())).message).to.match(/same number of partitions/);
      const error = await taskError(three.zip(three.filter((x) => x !== 5)).collect());
      expect(error.code).to.equal('ZIP_LENGTH');
      expect(error).to.include({ partition: 2, length: 1 });
    });

    it('zipPartitions hands over up to four iterators, of any lengths, and empty ones', async () => {
      const { sc } = suite;
      const a = sc.range(0, 4, 1, 2);
      const b = sc.parallelize(['x'], 2);
      const c = sc.parallelize([true, false, true], 2);
      const sizes = a.zipPartitions(b, c, a, (...sides) => [
        sides.map((side) => [...(side as Iterable<unknown>)]),
      ]);
      expect(await sizes.collect()).to.deep.equal([
        [[0, 1], [], [true], [0, 1]],
        [[2, 3], ['x'], [false, true], [2, 3]],
      ]);
      const lazy = a.zipPartitions(b, (left) => left.take(1));
      expect(await lazy.collect()).to.deep.equal([0, 2]);
      const broken = a.zipPartitions(b, () => {
        throw new TypeError('mine');
      });
      expect((await taskError(broken.collect())).message).to.equal('mine');
    });
  });

  it('zipWithUniqueId numbers partition k as k, n + k, 2n + k, and starts no job', async () => {
    const { sc } = suite;
    const letters = sc.parallelize(['a', 'b', 'c', 'd', 'e'], 3);
    const seen = await jobsOf(sc, async () => {
      await letters.zipWithUniqueId().getNumPartitions();
    });
    expect(seen.jobs).to.equal(0);
    expect(await letters.zipWithUniqueId().collect()).to.deep.equal([
      ['a', 0],
      ['b', 1],
      ['c', 4],
      ['d', 2],
      ['e', 5],
    ]);
  });

  describe('repartitionAndSortWithinPartitions', () => {
    it('sorts inside the partitions that a function chooses', async () => {
      const { sc } = suite;
      const pairs = sc.parallelize<[number, number]>(
        [
          [0, 5],
          [3, 8],
          [2, 6],
          [0, 8],
          [3, 8],
          [1, 3],
        ],
        3,
      );
      const even = pairs.repartitionAndSortWithinPartitions(2, (key) => key % 2);
      expect(await partitionsOf(even)).to.deep.equal([
        [
          [0, 5],
          [0, 8],
          [2, 6],
        ],
        [
          [1, 3],
          [3, 8],
          [3, 8],
        ],
      ]);
      const falling = pairs.repartitionAndSortWithinPartitions(2, (key) => key % 2, false);
      expect((await partitionsOf(falling)).map((part) => part.map(([key]) => key))).to.deep.equal([
        [2, 0, 0],
        [3, 3, 1],
      ]);
      const byKey = pairs.repartitionAndSortWithinPartitions(1, undefined, true, (key) => -key);
      expect((await byKey.keys().collect()).slice(0, 3)).to.deep.equal([3, 3, 2]);
    });

    it('keeps the new partitioner, so that a join after it shuffles nothing', async () => {
      const { sc } = suite;
      const pairs = sc.parallelize<[number, number]>(
        [
          [1, 1],
          [2, 2],
        ],
        2,
      );
      const sorted = pairs.repartitionAndSortWithinPartitions(3);
      expect((await sorted.partitioner())!.equals(new HashPartitioner(3))).to.equal(true);
      await sorted.count();
      const seen = await jobsOf(sc, () => sorted.reduceByKey((a, b) => a + b).count());
      expect(seen.stages).to.equal(1);
    });
  });

  describe('filterByRange (B.3 filterByRange)', () => {
    const pairs = (): RDD<[number, string]> =>
      suite.sc.parallelize(
        Array.from({ length: 40 }, (_, i): [number, string] => [(i * 7) % 40, `v${i}`]),
        4,
      );

    it('keeps keys of the range, ends included', async () => {
      const found = await pairs().filterByRange(10, 12).keys().collect();
      expect(found.sort((a, b) => a - b)).to.deep.equal([10, 11, 12]);
      expect(await pairs().filterByRange(12, 10).collect()).to.deep.equal([]);
    });

    it('reads only the partitions that may hold such keys after a sort', async () => {
      for (const ascending of [true, false]) {
        const sorted = pairs().sortByKey(ascending, 4);
        await sorted.count();
        const few = sorted.filterByRange(2, 4);
        expect(await few.getNumPartitions()).to.be.lessThan(3);
        const seen = await jobsOf(suite.sc, async () => {
          const keys = await few.keys().collect();
          expect(keys).to.deep.equal(ascending ? [2, 3, 4] : [4, 3, 2]);
        });
        expect(seen.tasks).to.equal(await few.getNumPartitions());
      }
    });
  });

  describe('pipe (A-122, B.2 pipe)', () => {
    it('writes records as lines and reads lines as records, per partition, empty ones too', async () => {
      const { sc } = suite;
      const words = sc.parallelize(['b', '', 'a', 'ä'], 2);
      expect(await partitionsOf(words.pipe(['sort', '-r']))).to.deep.equal([
        ['b', ''],
        ['ä', 'a'],
      ]);
      expect(await sc.parallelize([], 3).pipe('wc -c').collect()).to.have.length(3);
      const mixed = sc.parallelize<unknown>([1, { a: 1 }, null], 1).pipe('cat');
      expect(await mixed.collect()).to.deep.equal(['1', '{"a":1}', 'null']);
    });

    it('has the executor’s environment, with what is added', async () => {
      const { sc } = suite;
      const env = sc
        .parallelize([1], 1)
        .pipe(['sh', '-c', 'echo "$GREETING:$PATH"'], { env: { GREETING: 'hi' } });
      expect((await env.first()).startsWith('hi:/')).to.equal(true);
    });

    it('outlives a command that reads nothing, and one that floods', async () => {
      const { sc } = suite;
      const many = sc.range(0, 200_000, 1, 1).map((x) => `line ${x}`);
      expect(await many.pipe('true').collect()).to.deep.equal([]);
      const flood = many.pipe(['sh', '-c', 'cat; yes | head -n 300000']);
      expect(await flood.count()).to.equal(500_000);
    });

    it('names a command that is missing, and one that fails, with the end of its stderr', async () => {
      const { sc } = suite;
      const one = sc.parallelize(['x'], 1);
      const missing = await taskError(one.pipe('no-such-command-here').collect());
      expect(missing.code).to.equal('PIPE');
      expect(missing.message).to.match(/no-such-command-here could not be run/);
      const failing = await taskError(one.pipe(['sh', '-c', 'echo oops >&2; exit 3']).collect());
      expect(failing).to.include({ code: 'PIPE', exitCode: 3 });
      expect(failing.message).to.match(/ended with exit code 3; it wrote to stderr: oops/);
      const ignored = one.pipe(['sh', '-c', 'echo out; exit 3'], { checkCode: false });
      expect(await ignored.collect()).to.deep.equal(['out']);
      const killed = await taskError(one.pipe(['sh', '-c', 'kill -9 $$']).collect());
      expect(killed).to.include({ code: 'PIPE', exitCode: 137 });
      expect(killed.message).to.match(/SIGKILL/);
    });

    it('streams: the first lines are there before the last records, and an endless command ends with the task', async () => {
      const { sc } = suite;
      const one = sc.parallelize(['x'], 1);
      const endless = one.pipe(['sh', '-c', 'echo $$; exec yes']);
      const [pid, line] = await endless.take(2);
      expect(line).to.equal('y');
      await processGone(Number(pid));
      const endlessInput = sc.parallelize([0], 1).flatMap(function* () {
        for (let i = 0; ; i += 1) yield `line ${i}`;
      });
      expect(await endlessInput.pipe('cat').take(3)).to.deep.equal(['line 0', 'line 1', 'line 2']);
      expect(await endlessInput.pipe(['head', '-n', '2']).collect()).to.have.length(2);
    });

    it('kills a command that hangs when the job is cancelled', async () => {
      const { sc } = suite;
      const folder = mkdtempSync(join(tmpdir(), 'heddle-pipe-test-'));
      try {
        const file = join(folder, 'pid');
        const script = `echo $$ >${file}.new; mv ${file}.new ${file}; exec sleep 1000`;
        const cancel = new AbortController();
        const hanging = sc.parallelize(['x'], 1).pipe(['sh', '-c', script]);
        const ended = rejection(hanging.collect({ signal: cancel.signal }));
        while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
        cancel.abort();
        expect((await ended).code).to.equal('JOB_CANCELLED');
        await processGone(Number(readFileSync(file, 'utf8')));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it('gives what one reads and writes at different paces: all in at first, out at the end, and both floods', async () => {
      const { sc } = suite;
      const many = sc.range(0, 20_000, 1, 1).map((x) => `${x}`.padStart(50, '.'));
      expect(await many.pipe(['sort', '-r']).first()).to.match(/19999$/);
      const script = 'yes "$(printf %0500d 7)" | head -n 5000 >&2; cat';
      expect(await many.pipe(['sh', '-c', script]).count()).to.equal(20_000);
      const device = many.pipe(['sh', '-c', 'cat /dev/stdin | wc -l']);
      expect((await device.first()).trim()).to.equal('20000');
    });
  });
});
