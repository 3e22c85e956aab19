import { expect } from 'chai';

import {
  activateProgram,
  captureCallSite,
  captureClosure,
  ClosureError,
  closeProgram,
  currentProgram,
} from '../../src/closures/index.js';

const site = { operator: 'map', file: 'app.ts', line: 12, column: 3 };

describe('Capturing without a built program', () => {
  // Other tests of the process have loaded programs.
  let loaded: ReturnType<typeof currentProgram>;
  before(() => {
    loaded = currentProgram();
    closeProgram();
  });
  after(() => {
    if (loaded !== undefined) activateProgram(loaded);
  });

  it('takes plain values', () => {
    const closure = captureClosure([{ a: 1 }, 'x'], site);
    expect(closure).to.include({ rootCount: 2, callSite: site });
    expect(closure.broadcastIds).to.deep.equal([]);
  });

  it('refuses functions, and says how programs are built', () => {
    expect(() => captureClosure([(x: number) => x], site))
      .to.throw(ClosureError, /map at app\.ts:12: argument 1 .*heddle submit/)
      .that.includes({ code: 'CLOSURE', variable: 'argument 1', file: 'app.ts', line: 12 });
  });

  it('names the way to what cannot travel', () => {
    expect(() => captureClosure([{ jobs: [{ done: Promise.resolve() }] }], site)).to.throw(
      ClosureError,
      /argument 1\.jobs\[0\]\.done cannot travel to a task: it is a promise: await it before/,
    );
  });

  it('counts broadcasts and accumulators by their ids, each once', () => {
    const marked = (kind: string, id: number): object => ({
      get [Symbol.for('heddle.reference')]() {
        return { kind, id };
      },
    });
    const [b, a] = [marked('broadcast', 4), marked('accumulator', 9)];
    const closure = captureClosure([[b, a, b], marked('broadcast', 5)], site);
    expect(closure.broadcastIds).to.have.members([4, 5]);
    expect(closure.accumulatorIds).to.deep.equal([9]);
  });

  it('refuses what only the driver has, in its own words', () => {
    const context = {
      [Symbol.for('heddle.driverOnly')]: 'it is the context, which lives in the driver',
    };
    expect(() => captureClosure([context], site)).to.throw(ClosureError, /it is the context/);
  });
});

describe('The place of a call', () => {
  it('is the first frame that is not of the engine', () => {
    const here = captureCallSite('collect');
    expect(here.operator).to.equal('collect');
    expect(here.file).to.match(/capture\.test\.js$/);
    expect(here.line).to.be.greaterThan(1);
  });

  it('leaves the settings of stack traces as they were', () => {
    const { stackTraceLimit } = Error;
    const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');
    captureCallSite('map');
    expect(Error.stackTraceLimit).to.equal(stackTraceLimit);
    expect(Reflect.get(Error, 'prepareStackTrace')).to.equal(prepareStackTrace);
  });
});
