import { HeddleError } from '@heddle/common';
import { expect } from 'chai';

import {
  decodeError,
  encodeError,
  plainCodeTable,
  registerErrorClasses,
} from '../../src/codec/index.js';

const trip = (error: unknown): Error =>
  decodeError(encodeError(error, plainCodeTable), plainCodeTable);

class TestFailedError extends HeddleError {
  readonly code = 'TEST_FAILED';

  constructor(
    message: string,
    readonly part: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
class UnknownHereError extends HeddleError {
  readonly code = 'UNKNOWN_HERE';
}
registerErrorClasses(TestFailedError);

describe('Errors between processes', () => {
  it('keep engine classes, fields and causes', () => {
    const back = trip(new TestFailedError('no', 4, { cause: new TypeError('deep') }));
    expect(back).to.be.instanceOf(TestFailedError);
    expect(back).to.include({
      message: 'no',
      part: 4,
      code: 'TEST_FAILED',
      name: 'TestFailedError',
    });
    expect(back.cause).to.be.instanceOf(TypeError);
  });

  it('keep name, code and texts of an engine class that this process does not know', () => {
    const back = trip(new UnknownHereError('what'));
    expect(back).to.include({ name: 'UnknownHereError', message: 'what', code: 'UNKNOWN_HERE' });
  });

  it('leave out what cannot travel, also in causes, and keep the rest', () => {
    const cause = Object.assign(new RangeError('inner'), { socket: Promise.resolve(), port: 80 });
    const error = Object.assign(new TypeError('outer', { cause }), { handle: () => 1, tries: 3 });
    const back = trip(error) as TypeError & { tries: number; cause: { port: number } };
    expect(back).to.be.instanceOf(TypeError);
    expect(back.stack).to.equal(error.stack);
    expect(back.tries).to.equal(3);
    expect(back).not.to.have.property('handle');
    expect(back.cause).to.be.instanceOf(RangeError);
    expect(back.cause.port).to.equal(80);
    expect(back.cause).not.to.have.property('socket');
  });

  it('keep name and texts of an error of a class that nobody else has', () => {
    class LocalError extends Error {
      override name = 'LocalError';
    }
    const back = trip(new LocalError('mine'));
    expect(back).to.include({ name: 'LocalError', message: 'mine' });
    expect(back.stack).to.match(/mine/);
  });

  it('survive whatever was thrown', () => {
    expect(trip('text').message).to.equal('text');
    expect(trip(undefined).message).to.equal('undefined');
    expect(
      trip({
        toString() {
          throw new Error('no text');
        },
      }).message,
    ).to.match(/cannot be taken/);
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get() {
        throw new Error('no message');
      },
    });
    expect(trip(hostile)).to.be.instanceOf(Error);
    const circle = new Error('circle');
    circle.cause = circle;
    expect(trip(circle).message).to.equal('circle');
  });

  it('cut a message of a hundred megabytes and a chain of a thousand causes', () => {
    const bytes = encodeError(new Error('x'.repeat(100 * 1_024 * 1_024)), plainCodeTable);
    expect(bytes.length).to.be.lessThan(1_000_000);
    expect(decodeError(bytes, plainCodeTable).message).to.match(
      /^x+… \(cut, 104857600 characters\)$/,
    );
    let chain = new Error('root', { cause: Promise.resolve() });
    for (let i = 0; i < 1_000; i++) chain = new Error(`link ${i}`, { cause: chain });
    expect(trip(chain).message).to.equal('link 999');
  });

  it('fall back to the texts when the rest is damaged', () => {
    const bytes = encodeError(new TypeError('kept'), plainCodeTable);
    const back = decodeError(bytes.fill(0xee, bytes.length - 20), plainCodeTable);
    expect(back).to.include({ name: 'TypeError', message: 'kept' });
  });
});
