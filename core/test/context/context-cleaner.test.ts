import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import type { HeddleContext } from '../../src/context/heddle-context.js';
import type { RDD } from '../../src/rdd/rdd.js';
import { FakeApplication } from '../support/fake-application.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('what the program drops', () => {
  let fake: FakeApplication;
  let sc: HeddleContext;

  beforeEach(async () => {
    fake = new FakeApplication();
    fake.respond = () => ({ value: 1 });
    sc = await fake.start();
  });

  afterEach(() => sc.stop());

  /** Collects garbage until the runner was called `count` times, or for a bounded number of rounds. */
  const cleaned = async (count: number): Promise<string[]> => {
    for (let round = 0; round < 100 && fake.calls.length < count; round += 1) {
      collectGarbage();
      await new Promise(setImmediate);
    }
    return [...fake.calls].sort();
  };

  const shuffled = (): RDD<[number, number]> =>
    sc.range(0, 9, 1, 3).keyBy(Math.sqrt).reduceByKey(Math.max);

  it('is deleted with its metadata: shuffles and cached blocks', async () => {
    let ids: number[] = [];
    await (async () => {
      const rdd = shuffled().cache();
      ids = [rdd.id];
      await rdd.count();
      fake.jobs.length = 0;
    })();
    expect(await cleaned(2)).to.deep.equal(['removeShuffle 0', `unpersist ${ids[0]!} false`]);
  });

  it('is kept while anything that was made of it is', async () => {
    const last = await (async () => {
      const made = shuffled().mapValues(String).union(sc.emptyRDD());
      await made.count();
      fake.jobs.length = 0;
      return made;
    })();
    for (let round = 0; round < 5; round += 1) {
      collectGarbage();
      await new Promise(setImmediate);
    }
    expect(fake.calls).to.deep.equal([]);
    expect(last.dependencies).to.have.length(2);
  });

  it('is not asked for again when the program unpersisted it itself', async () => {
    await (async () => {
      const rdd = sc.range(3).cache();
      await rdd.unpersist();
      shuffled().dependencies.at(0);
    })();
    expect((await cleaned(2)).filter((call) => call.startsWith('unpersist'))).to.have.length(1);
  });
});
