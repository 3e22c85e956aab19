import { expect } from 'chai';
import type { TaskFailure } from 'heddle/internal';
import type { Verdict } from '../../src/failure/verdict.js';
import { failureSummary, verdictOf } from '../../src/failure/verdict.js';

const fetchFailed: Extract<TaskFailure, { kind: 'fetchFailed' }> = {
  kind: 'fetchFailed',
  shuffleId: 3,
  mapPartition: 5,
  mapId: 'm1',
  generation: 2,
  summary: 'checksum is wrong',
};

interface Case {
  readonly failure: TaskFailure;
  readonly verdict: Omit<Verdict, 'lostOutput'>;
  readonly summary: string;
}

const cases: Record<string, Case> = {
  'an error of user code counts and is tried again, elsewhere if possible': {
    failure: { kind: 'exception', error: new Uint8Array(0), summary: 'Error: x', retryable: true },
    verdict: { counts: true, retry: 'inTaskSet', avoidExecutor: true },
    summary: 'Error: x',
  },
  'an error that cannot be cured is not tried again': {
    failure: { kind: 'exception', error: new Uint8Array(0), summary: 'Error: x', retryable: false },
    verdict: { counts: true, retry: 'never', avoidExecutor: false },
    summary: 'Error: x',
  },
  'a fetch failure does not count; the stage gets a new attempt': {
    failure: fetchFailed,
    verdict: { counts: false, retry: 'newStageAttempt', avoidExecutor: false },
    summary: 'map output 5 of shuffle 3 could not be read: checksum is wrong',
  },
  'a thread over its heap limit counts': {
    failure: { kind: 'threadLost', reason: 'heapLimit', summary: 'heap limit' },
    verdict: { counts: true, retry: 'inTaskSet', avoidExecutor: true },
    summary: 'heap limit',
  },
  'process.exit in a task counts': {
    failure: { kind: 'threadLost', reason: 'exit', summary: 'exit 0' },
    verdict: { counts: true, retry: 'inTaskSet', avoidExecutor: true },
    summary: 'exit 0',
  },
  'a native crash counts': {
    failure: { kind: 'threadLost', reason: 'crash', summary: 'signal 11' },
    verdict: { counts: true, retry: 'inTaskSet', avoidExecutor: true },
    summary: 'signal 11',
  },
  'a kill does not count': {
    failure: { kind: 'killed', reason: 'job 1 failed' },
    verdict: { counts: false, retry: 'inTaskSet', avoidExecutor: false },
    summary: 'killed: job 1 failed',
  },
  'a denied commit does not count': {
    failure: { kind: 'commitDenied', summary: 'attempt 7 commits' },
    verdict: { counts: false, retry: 'inTaskSet', avoidExecutor: false },
    summary: 'attempt 7 commits',
  },
  'an executor that died counts': {
    failure: { kind: 'executorLost', reason: 'exit code 134', countsAsFailure: true },
    verdict: { counts: true, retry: 'inTaskSet', avoidExecutor: false },
    summary: 'executor lost: exit code 134',
  },
  'an executor that was taken away does not count': {
    failure: { kind: 'executorLost', reason: 'preempted', countsAsFailure: false },
    verdict: { counts: false, retry: 'inTaskSet', avoidExecutor: false },
    summary: 'executor lost: preempted',
  },
};

describe('Verdict of a task failure (A-139)', () => {
  for (const [name, { failure, verdict, summary }] of Object.entries(cases)) {
    it(name, () => {
      expect(verdictOf(failure)).to.deep.include(verdict);
      expect(failureSummary(failure)).to.equal(summary);
    });
  }

  it('only a fetch failure loses map output: that one, unless it says more', () => {
    const lost = { shuffleId: 3, mapPartition: 5, mapId: 'm1', generation: 2 };
    expect(verdictOf(fetchFailed).lostOutput).to.deep.equal({ ...lost, scope: 'output' });
    expect(verdictOf({ ...fetchFailed, scope: 'host' }).lostOutput).to.deep.equal({
      ...lost,
      scope: 'host',
    });
    for (const { failure } of Object.values(cases)) {
      if (failure.kind !== 'fetchFailed') expect(verdictOf(failure).lostOutput).to.equal(undefined);
    }
  });
});
