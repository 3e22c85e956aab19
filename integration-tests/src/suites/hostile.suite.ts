import { expect } from 'chai';
import { useContext } from './support/context.js';
import { rejection, taskError } from './support/expect-error.js';

describe('functions that misbehave (A-010)', () => {
  const suite = useContext();

  afterEach(async () => {
    // Whatever a task did, the application goes on, on all of its slots.
    expect(
      await suite.sc
        .range(0, 100, 1, 8)
        .map((x) => x + 1)
        .sum(),
    ).to.equal(5_050);
  });

  it('process.exit ends the task, not the application', async () => {
    const failure = await rejection(
      suite.sc.range(0, 2, 1, 2).foreach((x) => {
        if (x === 1) process.exit(3);
      }),
    );
    expect(failure).to.have.property('code', 'JOB_FAILED');
    expect(`${failure.message} ${String(failure.cause)}`).to.match(/exit/);
  });

  it('endless recursion is a RangeError of the task', async () => {
    const deeper = (x: number): number => deeper(x + 1) + 1;
    const error = await taskError(
      suite.sc
        .range(1)
        .map((x) => deeper(x))
        .collect(),
    );
    expect(error).to.be.instanceOf(RangeError);
    expect(error.message).to.contain('call stack');
  });

  it('an object whose text cannot be taken is reported as well as it can be', async () => {
    const error = await taskError(
      suite.sc.range(1).foreach(() => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what the test is about
        throw {
          toString() {
            throw new Error('no text');
          },
        };
      }),
    );
    expect(error).to.have.property('code', 'THROWN_VALUE');
  });

  it('a message of 50 MB is cut', async () => {
    const error = await taskError(
      suite.sc.range(1).foreach(() => {
        throw new Error('x'.repeat(50_000_000));
      }),
    );
    expect(error.message.length).to.be.within(1_000, 200_000);
  });
});

describe('heddle.driver.maxResultSize (A-119)', () => {
  const suite = useContext({ 'heddle.driver.maxResultSize': '64k' });

  it('ends an action whose results are larger, naming the limit; the driver survives', async () => {
    const error = await rejection(
      suite.sc
        .range(0, 4, 1, 4)
        .map((x) => `${x}`.repeat(40_000))
        .collect(),
    );
    const all = `${String(error.code)} ${error.message} ${String(error.cause)}`;
    expect(all).to.match(/RESULT_TOO_LARGE|ResultTooLargeError/);
    expect(all).to.contain('heddle.driver.maxResultSize');
    expect(
      await suite.sc
        .range(0, 4, 1, 4)
        .map((x) => `${x}`.repeat(40_000))
        .count(),
    ).to.equal(4);
  });
});

describe('A13 T11 records that look like code or like parts of a prototype', () => {
  const suite = useContext();
  const words =
    '__proto__ constructor prototype hasOwnProperty toString valueOf __defineGetter__ length'.split(
      ' ',
    );

  it('are keys like any others, and change no prototype', async () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const counted = await suite.sc
      .parallelize([...words, ...words, ...words], 4)
      .map((word): [string, number] => [word, 1])
      .reduceByKey((a, b) => a + b, 3)
      .collect();
    expect(counted.sort()).to.deep.equal(words.map((word) => [word, 3]).sort());
    const objects = words.map((word) => JSON.parse(`{"${word}":{"polluted":1}}`) as object);
    const back = await suite.sc.parallelize(objects, 3).repartition(2).collect();
    expect(back.map((each) => JSON.stringify(each)).sort()).to.deep.equal(
      objects.map((each) => JSON.stringify(each)).sort(),
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).to.deep.equal(before);
    expect(({} as { polluted?: number }).polluted).to.equal(undefined);
  });

  it('stay the texts that they are', async () => {
    const texts = [
      'function(){process.exit(1)}',
      'x=>process.exit(1)',
      'class { constructor(){} }',
    ];
    const back = await suite.sc.parallelize(texts, 2).repartition(3).collect();
    expect(back.sort()).to.deep.equal([...texts].sort());
  });
});
