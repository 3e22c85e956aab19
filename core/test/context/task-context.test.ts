import { expect } from 'chai';
import { TaskContext, setCurrentTaskContext } from '../../src/context/task-context.js';
import { thrown } from '../support/expect-error.js';

describe('TaskContext', () => {
  const make = (): TaskContext =>
    new TaskContext({
      stageId: 1,
      stageAttemptNumber: 0,
      partitionId: 3,
      attemptNumber: 2,
      taskAttemptId: 77,
      executorId: 'driver',
      properties: { pool: 'fast' },
      isInterrupted: () => true,
    });

  afterEach(() => setCurrentTaskContext(undefined));

  it('is found while its task runs, and not on the driver', () => {
    expect(TaskContext.get()).to.equal(undefined);
    const context = make();
    setCurrentTaskContext(context);
    expect(TaskContext.get()).to.equal(context);
  });

  it('tells numbers, properties and whether the task was asked to end', () => {
    const context = make();
    expect(context).to.include({ stageId: 1, partitionId: 3, attemptNumber: 2, taskAttemptId: 77 });
    expect(context.getLocalProperty('pool')).to.equal('fast');
    expect(context.getLocalProperty('toString')).to.equal(undefined);
    expect(context.isInterrupted()).to.equal(true);
  });

  it('runs listeners of completion last registered first, once', () => {
    const context = make();
    const seen: string[] = [];
    context.onCompletion(() => seen.push('first'));
    context.onCompletion(() => seen.push('second'));
    context.onFailure(() => seen.push('failure'));
    TaskContext.finish(context, undefined);
    TaskContext.finish(context, undefined);
    expect(seen).to.deep.equal(['second', 'first']);
  });

  it('runs listeners of failure first, with the error', () => {
    const context = make();
    const seen: string[] = [];
    context.onCompletion(() => seen.push('completion'));
    context.onFailure((_, error) => seen.push(error.message));
    TaskContext.finish(context, new Error('broken'));
    expect(seen).to.deep.equal(['broken', 'completion']);
  });

  it('runs all listeners also when some throw, and then throws itself', () => {
    const context = make();
    const seen: string[] = [];
    context.onCompletion(() => seen.push('ran'));
    context.onCompletion(() => {
      throw new Error('of a listener');
    });
    const error = thrown(() => TaskContext.finish(context, undefined));
    expect(error).to.have.property('code', 'TASK_LISTENER');
    expect((error.cause as Error).message).to.equal('of a listener');
    expect(seen).to.deep.equal(['ran']);
  });
});
