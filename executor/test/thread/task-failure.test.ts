import { expect } from 'chai';
import {
  decodeError,
  GroupTooLargeError,
  plainCodeTable,
  RecordTypeError,
  ThrownValueError,
} from 'heddle/internal';
import { ShuffleFetchError } from '../../src/shuffle/errors.js';
import { CommitDeniedError, TaskKilledError, TaskMemoryError } from '../../src/thread/errors.js';
import { asError, taskFailure } from '../../src/thread/task-failure.js';

const failureOf = (thrown: unknown, label?: string) => taskFailure(thrown, label, plainCodeTable);

describe('failures of tasks', () => {
  it('errors of the engine that have a meaning for the scheduler keep it', () => {
    expect(failureOf(new TaskKilledError())).to.have.property('kind', 'killed');
    expect(failureOf(new CommitDeniedError(3))).to.have.property('kind', 'commitDenied');
    expect(failureOf(new TaskMemoryError(1, 2))).to.deep.include({
      kind: 'threadLost',
      reason: 'heapLimit',
    });
    const identity = { shuffleId: 1, mapPartition: 2, mapId: 'm', generation: 4 };
    const fetch = new ShuffleFetchError(identity, 5, 'gone');
    expect(failureOf(fetch)).to.deep.equal({
      kind: 'fetchFailed',
      ...identity,
      scope: 'output',
      summary: fetch.message,
    });
  });

  it('errors that another attempt would meet again are not retryable', () => {
    expect(failureOf(new RecordTypeError('no pair'))).to.have.property('retryable', false);
    const group = new GroupTooLargeError("'giant'", 20, 10);
    expect(failureOf(group)).to.have.property('retryable', false);
    expect(failureOf(new Error('perhaps'))).to.have.property('retryable', true);
  });

  it('the summary says what was thrown and in which operator', () => {
    const failure = failureOf(new TypeError('bad'), 'map at app.ts:3');
    expect(failure).to.have.property('summary', 'TypeError: bad (in map at app.ts:3)');
  });

  it('long messages and stacks are cut, also of frozen errors, without failing', () => {
    const long = new Error('x'.repeat(1_000_000));
    expect(asError(long)).to.equal(long);
    expect(long.message).to.have.lengthOf.below(70_000);
    expect(long.stack).to.have.lengthOf.below(140_000);
    const frozen = Object.freeze(new Error('y'.repeat(1_000_000)));
    expect(asError(frozen)).to.equal(frozen);
  });

  it('what is no Error is wrapped with its value', () => {
    for (const thrown of ['text', 7, null, undefined, { a: 1 }]) {
      const error = asError(thrown);
      expect(error).to.be.instanceOf(ThrownValueError);
      expect(error).to.have.property('value', thrown);
    }
  });

  it('an error whose fields cannot travel arrives with class name and message', () => {
    const error = Object.assign(new RangeError('kept'), { socket: () => 'not data' });
    const failure = failureOf(error);
    if (failure.kind !== 'exception') throw new Error(failure.kind);
    const decoded = decodeError(failure.error, plainCodeTable);
    expect(decoded.name).to.equal('RangeError');
    expect(decoded.message).to.equal('kept');
  });
});
