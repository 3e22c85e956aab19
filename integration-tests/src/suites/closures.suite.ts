import { expect } from 'chai';
import { ClosureError, type HeddleContext, type RDD } from 'heddle';
import { useContext } from './support/context.js';
import { taskError, thrown } from './support/expect-error.js';

let context: HeddleContext | undefined;

/** As programs are often written: a class around the job, with the context at hand. */
class Report {
  constructor(
    readonly name: string,
    private readonly factor: number,
  ) {}

  run(): RDD<number> {
    return context!.range(0, 3, 1, 2).map((x) => x * this.factor);
  }

  size(): number {
    return context!.defaultParallelism;
  }

  wrong(): RDD<number> {
    return context!.range(0, 3, 1, 2).map((x) => x + this.size());
  }

  refused(): RDD<number> {
    return context!.range(0, 3, 1, 2).map((x) => x + this.factor + context!.defaultParallelism);
  }
}

describe('classes that use the context (A-121)', () => {
  const suite = useContext();

  before(() => {
    context = suite.sc;
  });

  after(() => {
    context = undefined;
  });

  it('travel with an arrow that uses this, whatever their other methods do', async () => {
    expect(await new Report('a', 3).run().collect()).to.deep.equal([0, 3, 6]);
    const records = suite.sc.parallelize([new Report('b', 1), new Report('c', 2)], 2);
    const names = await records.map((report) => report.name).collect();
    expect(names).to.deep.equal(['b', 'c']);
  });

  it('throw a ClosureError in the task where a method does use it', async () => {
    const error = await taskError(new Report('a', 3).wrong().collect());
    expect(error).to.be.instanceOf(ClosureError);
    expect(error).to.have.property('variable', 'context');
    expect(error)
      .to.have.property('file')
      .that.matches(/closures\.suite\.ts$/);
    expect(error).to.have.property('line').that.is.greaterThan(0);
    expect(error.stack).to.match(/closures\.suite\.ts:\d+/);
  });

  it('are refused at the call where the function itself uses it', () => {
    const error = thrown(() => new Report('a', 3).refused());
    expect(error).to.be.instanceOf(ClosureError);
    expect(error).to.have.property('variable', 'context');
  });
});
