import { HeddleError } from '@heddle/common';
import { expect } from 'chai';
import { reportError } from '../../src/command/error-report.js';

class JobFailedError extends HeddleError {
  readonly code = 'JOB_FAILED';
}

function withStack(error: Error, stack: string): Error {
  error.stack = stack;
  return error;
}

describe('the report of an error that ended a program', () => {
  const cause = withStack(
    new TypeError('x is undefined'),
    [
      'TypeError: x is undefined',
      '    at parse (/home/me/app.ts:12:9)',
      '    at loop (/opt/heddle/client/dist/bundle/chunk-ABC.js:1:1)',
      '    at LoopRun.heddleLoop (heddle:loop:13:20)',
      '    at Array.map (<anonymous>)',
      '    at LoopRun.push (file:///nm/filecache/11/heddle-engine-e6ba1629.tar.gz/thread-main.js:2:28)',
      '    at node:internal/process/task_queues:95:5',
    ].join('\n'),
  );

  it('begins with the user’s own error and its place, then the job, then what to do', () => {
    const report = reportError(new JobFailedError('job 0 failed', { cause }));
    expect(report).to.include({ code: 'JOB_FAILED', file: '/home/me/app.ts', line: 12 });
    expect(report.text.split('\n')).to.deep.equal([
      'heddle: /home/me/app.ts:12: TypeError: x is undefined',
      '    at parse (/home/me/app.ts:12:9)',
      '  which ended: JobFailedError: job 0 failed',
      '  next: each attempt is shown with --conf heddle.log.level=info',
    ]);
  });

  it('takes the place that an error of the engine carries', () => {
    const error = Object.assign(new Error('cannot travel'), { file: '/home/me/b.ts', line: 3 });
    expect(reportError(error).text).to.contain('heddle: /home/me/b.ts:3: Error: cannot travel');
  });

  it('tells of whatever was thrown', () => {
    for (const thrown of ['text', undefined, null, 7, { a: 1 }, Symbol('s')]) {
      expect(reportError(thrown).code).to.equal('THROWN_VALUE');
    }
    const hostile = {
      toString(): string {
        throw new Error('no text');
      },
    };
    expect(reportError(hostile).text).to.contain('heddle: <a value whose text cannot be taken>');
  });

  it('cuts a message that is too long to read', () => {
    expect(reportError(new Error('x'.repeat(1_000_000))).text.length).to.be.lessThan(10_000);
  });

  it('comes to an end when errors are each other’s cause', () => {
    const a = new Error('a');
    const b = new Error('b', { cause: a });
    a.cause = b;
    expect(reportError(a).text).to.contain('Error: b');
  });
});
