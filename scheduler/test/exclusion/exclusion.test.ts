import { expect } from 'chai';
import { DEFAULT_EXCLUSION } from '../../src/exclusion/exclusion-options.js';
import { HealthTracker } from '../../src/exclusion/health-tracker.js';
import { TaskSetExclusion } from '../../src/exclusion/task-set-exclusion.js';
import { TaskStory } from '../support/task-story.js';

const exclusion = DEFAULT_EXCLUSION;

describe('Exclusion of failing executors (A-147)', () => {
  describe('TaskSetExclusion', () => {
    it('excludes a task from an executor after one failure, from the host after two', () => {
      const set = new TaskSetExclusion(exclusion);
      set.failed(0, 'a', 'h', 0);
      expect(set.isExcludedFor(0, 'a', 'h')).to.equal(true);
      expect(set.isExcludedFor(0, 'b', 'h')).to.equal(false);
      set.failed(0, 'b', 'h', 0);
      expect(set.isExcludedFor(0, 'c', 'h')).to.equal(true);
      expect(set.isExcludedFor(1, 'c', 'h')).to.equal(false);
    });

    it('excludes an executor for the stage after two different tasks failed there', () => {
      const set = new TaskSetExclusion(exclusion);
      set.failed(0, 'a', 'h', 0);
      set.failed(0, 'a', 'h', 0);
      expect(set.isExcluded('a', 'h')).to.equal(false);
      expect(set.failed(1, 'a', 'h', 0)).to.deep.equal({
        executorExcluded: true,
        hostExcluded: false,
      });
      expect(set.isExcluded('a', 'h')).to.equal(true);
    });

    it('excludes a host for the stage after two of its executors', () => {
      const set = new TaskSetExclusion(exclusion);
      for (const executorId of ['a', 'b']) {
        set.failed(0, executorId, 'h', 0);
        set.failed(1, executorId, 'h', 0);
      }
      expect(set.isExcluded('c', 'h')).to.equal(true);
      expect(set.isExcluded('c', 'other')).to.equal(false);
    });
  });

  describe('HealthTracker', () => {
    const failures = (executorId: string, tasks: readonly number[]) => ({
      executorId,
      host: 'h',
      tasks: new Map(tasks.map((index) => [index, { count: 1, lastMs: 0 }])),
    });

    it('excludes executors with two failed tasks of stages that ended well, for the timeout', () => {
      const health = new HealthTracker(exclusion);
      expect(health.taskSetSucceeded(0, 0, [failures('a', [0])], 0)).to.deep.equal([]);
      expect(health.taskSetSucceeded(1, 0, [failures('a', [5])], 0)).to.deep.equal([
        { kind: 'executorExcluded', executorId: 'a', failedTasks: 2 },
      ]);
      expect(health.isExcluded('a', 'h')).to.equal(true);
      expect(health.expire(exclusion.timeoutMs - 1)).to.deep.equal([]);
      expect(health.expire(exclusion.timeoutMs)).to.deep.equal([
        { kind: 'executorAllowed', executorId: 'a' },
      ]);
      expect(health.isExcluded('a', 'h')).to.equal(false);
    });

    it('excludes a host with two excluded executors, also when these are gone', () => {
      const health = new HealthTracker(exclusion);
      health.taskSetSucceeded(0, 0, [failures('a', [0, 1])], 0);
      health.executorRemoved('a');
      expect(health.taskSetSucceeded(1, 0, [failures('b', [0, 1])], 0).at(-1)).to.deep.equal({
        kind: 'hostExcluded',
        host: 'h',
      });
      expect(health.isExcluded('c', 'h')).to.equal(true);
    });

    it('F23 excludes at once whose map outputs cannot be read, when it is told to', () => {
      expect(new HealthTracker(exclusion).fetchFailed('a', 'h', false, 0)).to.deep.equal([]);
      const health = new HealthTracker({ ...exclusion, onFetchFailure: true });
      expect(health.fetchFailed('a', 'h', false, 0)).to.deep.equal([
        { kind: 'executorExcluded', executorId: 'a', failedTasks: 0 },
      ]);
      expect(health.fetchFailed('a', 'h', false, 5)).to.deep.equal([]);
      expect(health.isExcluded('b', 'h')).to.equal(false);
      expect(health.fetchFailed('b', 'g', true, 5)).to.deep.equal([
        { kind: 'hostExcluded', host: 'g' },
      ]);
      expect(health.isExcluded('c', 'g')).to.equal(true);
      expect(health.expire(exclusion.timeoutMs)).to.deep.equal([
        { kind: 'executorAllowed', executorId: 'a' },
      ]);
    });

    it('forgets failures that are older than the timeout', () => {
      const health = new HealthTracker(exclusion);
      health.taskSetSucceeded(0, 0, [failures('a', [0])], 0);
      const late = exclusion.timeoutMs + 1;
      const recent = {
        ...failures('a', []),
        tasks: new Map([[9, { count: 1, lastMs: late }]]),
      };
      expect(health.taskSetSucceeded(1, 0, [recent], late)).to.deep.equal([]);
    });
  });

  describe('TaskScheduler with exclusion', () => {
    it('does not run a task again where it failed, however long it waits', () => {
      const story = new TaskStory({ exclusion });
      story.executor('a', 1);
      story.submit(0, 1);
      expect(story.fail('0.0', 0)).to.include('0[0] has no place, idle: a');
      story.pass(60_000);
      expect(story.running.size).to.equal(0);
      expect(story.executor('b', 1)).to.include('0.0[0] on b try 1');
    });

    it('fails a task set that has had no place for two minutes', () => {
      const story = new TaskStory({ exclusion });
      story.executor('a', 1);
      story.submit(0, 1);
      story.fail('0.0', 0);
      expect(story.pass(119_999)).to.deep.equal(['wake at 120000']);
      expect(story.pass(1)).to.include('dag: taskSetUnschedulable');
    });

    it('a stage avoids an executor on which two of its tasks failed; another stage does not', () => {
      const story = new TaskStory({ exclusion });
      story.executor('a', 2);
      story.submit(0, 2);
      story.fail('0.0', 0);
      story.fail('0.0', 1);
      expect(story.running.size).to.equal(0);
      expect(story.submit(1, 1)).to.include('1.0[0] on a');
    });

    it('without exclusion a task runs again on the only executor', () => {
      const story = new TaskStory();
      story.executor('a', 1);
      story.submit(0, 1);
      expect(story.fail('0.0', 0)).to.deep.equal(['0.0[0] on a try 1']);
    });

    it('failures of a stage that ended well exclude the executor for everybody, until the timeout', () => {
      const story = new TaskStory({ exclusion });
      story.executor('a', 2);
      story.executor('b', 2);
      story.submit(0, 4);
      const bad = [...story.running.values()].filter(({ executorId }) => executorId === 'a');
      for (const { partition } of bad) story.fail('0.0', partition);
      for (const { partition } of [...story.running.values()]) story.succeed('0.0', partition);
      let last: string[] = [];
      for (const { partition } of [...story.running.values()])
        last = story.succeed('0.0', partition);
      expect(last).to.include('executorExcluded a');
      const launched = story.submit(1, 4).filter((text) => text.includes(' on '));
      expect(launched.every((text) => text.includes(' on b'))).to.equal(true);
      expect(story.pass(exclusion.timeoutMs)).to.include('executorAllowed a');
      expect([...story.running.values()].some(({ executorId }) => executorId === 'a')).to.equal(
        true,
      );
    });
  });
});
