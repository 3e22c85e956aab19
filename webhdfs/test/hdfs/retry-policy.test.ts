import { expect } from 'chai';
import fc from 'fast-check';
import {
  defaultRetryLimits,
  nextStep,
  type AttemptFailure,
  type RetryFacts,
} from '../../src/hdfs/retry-policy.js';

const facts = (changes: Partial<RetryFacts>): RetryFacts => ({
  serverCount: 1,
  serverIndex: 0,
  failedAttempts: 1,
  everAnswered: true,
  jitter: 1,
  ...changes,
});
const step = (failure: AttemptFailure, changes: Partial<RetryFacts>) =>
  nextStep(failure, facts(changes), defaultRetryLimits);

describe('retries at NameNodes', () => {
  it('asks the other server at once, and pauses after a round', () => {
    const two = { serverCount: 2 };
    expect(step('standby', two)).to.deep.equal({ kind: 'retry', serverIndex: 1, delayMs: 0 });
    const secondFailed = { ...two, serverIndex: 1, failedAttempts: 2 };
    expect(step('notSent', secondFailed)).to.deep.equal({
      kind: 'retry',
      serverIndex: 0,
      delayMs: 500,
    });
  });

  it('stays at a server that asks for patience', () => {
    const busy = step('busy', { serverCount: 2, serverIndex: 1 });
    expect(busy).to.deep.include({ kind: 'retry', serverIndex: 1 });
  });

  it('gives up soon at a single server that never answered, late at one that did', () => {
    const unknown = { everAnswered: false, failedAttempts: 3 };
    expect(step('notSent', unknown).kind).to.equal('giveUp');
    expect(step('notSent', { ...unknown, everAnswered: true }).kind).to.equal('retry');
    expect(step('notSent', { ...unknown, serverCount: 2 }).kind).to.equal('retry');
    expect(step('busy', unknown).kind).to.equal('retry');
  });

  it('does not repeat a name that does not resolve, unless there are others', () => {
    expect(step('unresolvable', {}).kind).to.equal('giveUp');
    expect(step('unresolvable', { serverCount: 2 }).kind).to.equal('retry');
  });

  it('ends for every sequence of failures, visits all servers and pauses within its bounds', () => {
    const failure = fc.constantFrom<AttemptFailure>(
      'notSent',
      'unknown',
      'standby',
      'unresolvable',
    );
    const run = fc.property(
      fc.array(failure, { minLength: 50, maxLength: 50 }),
      fc.integer({ min: 2, max: 5 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, serverCount, jitter) => {
        const visited = new Set<number>();
        let serverIndex = 0;
        for (const [index, kind] of failures.entries()) {
          visited.add(serverIndex);
          const next = step(kind, { serverCount, serverIndex, jitter, failedAttempts: index + 1 });
          if (next.kind === 'giveUp') {
            expect(index + 1).to.equal(defaultRetryLimits.maxAttempts);
            expect(visited.size).to.equal(serverCount);
            return;
          }
          expect(next.delayMs).to.be.within(0, defaultRetryLimits.maxDelayMs);
          serverIndex = next.serverIndex;
        }
        expect.fail('it never gave up');
      },
    );
    fc.assert(run);
  });
});
