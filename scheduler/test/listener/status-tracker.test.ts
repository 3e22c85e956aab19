import { expect } from 'chai';
import type { ListenerEvent } from '../../src/index.js';
import { StatusTracker } from '../../src/index.js';

const stage = (stageId: number) => ({
  stageId,
  kind: 'result' as const,
  name: `count at app.ts:${stageId}`,
  numTasks: 2,
  rddId: 0,
  parentShuffleIds: [],
});

const task = (stageId: number, stageAttempt = 0) => ({
  taskAttemptId: 1,
  stageId,
  stageAttempt,
  partition: 0,
  attemptNumber: 0,
  executorId: 'a',
  host: 'h',
  locality: 'ANY' as const,
  launchTimeMs: 0,
});

const jobStart = (jobId: number, stageIds: number[], jobGroup?: string): ListenerEvent => ({
  kind: 'jobStart',
  timeMs: 0,
  jobId,
  name: 'count',
  ...(jobGroup !== undefined && { jobGroup }),
  tags: [],
  stages: stageIds.map(stage),
  properties: {},
});

const jobEnd = (
  jobId: number,
  outcome: 'succeeded' | 'failed' | 'cancelled' = 'succeeded',
): ListenerEvent => ({ kind: 'jobEnd', timeMs: 0, jobId, outcome });

describe('StatusTracker', () => {
  it('follows a job and its stage', () => {
    const tracker = new StatusTracker();
    tracker.onEvent(jobStart(0, [0], 'g'));
    tracker.onEvent({
      kind: 'stageSubmitted',
      timeMs: 0,
      stage: stage(0),
      stageAttempt: 0,
      jobIds: [0],
      numTasks: 2,
    });
    tracker.onEvent({ kind: 'taskStart', task: task(0) });
    tracker.onEvent({ kind: 'taskStart', task: task(0) });
    tracker.onEvent({ kind: 'taskEnd', timeMs: 0, task: task(0) });
    expect(tracker.stageInfo(0)).to.deep.equal({
      stageId: 0,
      attemptId: 0,
      name: 'count at app.ts:0',
      numTasks: 2,
      numActiveTasks: 1,
      numCompletedTasks: 1,
      numFailedTasks: 0,
    });
    expect(tracker.activeJobIds()).to.deep.equal([0]);
    expect(tracker.activeStageIds()).to.deep.equal([0]);
    expect(tracker.jobIdsForGroup('g')).to.deep.equal([0]);
    expect(tracker.jobIdsForGroup(undefined)).to.deep.equal([]);
    tracker.onEvent({
      kind: 'taskEnd',
      timeMs: 0,
      task: task(0),
      failure: { kind: 'exception', summary: 'x' },
    });
    tracker.onEvent({ kind: 'stageCompleted', timeMs: 0, stageId: 0, stageAttempt: 0 });
    tracker.onEvent(jobEnd(0));
    expect(tracker.stageInfo(0)).to.deep.include({ numActiveTasks: 0, numFailedTasks: 1 });
    expect(tracker.jobInfo(0)).to.deep.equal({ jobId: 0, status: 'SUCCEEDED', stageIds: [0] });
    expect(tracker.activeStageIds()).to.deep.equal([]);
  });

  it('shows the latest attempt of a stage, and ignores tasks of older ones', () => {
    const tracker = new StatusTracker();
    tracker.onEvent(jobStart(0, [0]));
    for (const stageAttempt of [0, 1]) {
      tracker.onEvent({
        kind: 'stageSubmitted',
        timeMs: 0,
        stage: stage(0),
        stageAttempt,
        jobIds: [0],
        numTasks: 2 - stageAttempt,
      });
      tracker.onEvent({ kind: 'taskStart', task: task(0, stageAttempt) });
    }
    tracker.onEvent({ kind: 'taskEnd', timeMs: 0, task: task(0, 0) });
    tracker.onEvent({
      kind: 'stageCompleted',
      timeMs: 0,
      stageId: 0,
      stageAttempt: 0,
      failure: 'x',
    });
    expect(tracker.stageInfo(0)).to.deep.include({
      attemptId: 1,
      numTasks: 1,
      numActiveTasks: 1,
      numCompletedTasks: 0,
    });
    expect(tracker.activeStageIds()).to.deep.equal([0]);
  });

  it('forgets ended jobs and their stages oldest first, never active ones', () => {
    const tracker = new StatusTracker(2);
    tracker.onEvent(jobStart(0, [0]));
    for (let jobId = 1; jobId <= 5; jobId++) {
      tracker.onEvent(jobStart(jobId, [jobId]));
      tracker.onEvent(jobEnd(jobId, 'cancelled'));
    }
    expect(tracker.jobInfo(0)?.status).to.equal('RUNNING');
    expect(tracker.stageInfo(0)).not.to.equal(undefined);
    for (const jobId of [1, 2, 3]) {
      expect(tracker.jobInfo(jobId)).to.equal(undefined);
      expect(tracker.stageInfo(jobId)).to.equal(undefined);
    }
    expect(tracker.jobInfo(5)?.status).to.equal('FAILED');
  });
});
