import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '@heddle/common';
import type { TaskUpdate } from 'heddle/internal';
import { FileSystemRegistry } from '@heddle/webhdfs';
import { createLocalDirectories, LocalBackend } from '../../src/index.js';
import { rangePlan } from '../host/executor-fixture.js';
import { rangeSplit } from '../pipeline/stage-fixture.js';

describe('LocalBackend', () => {
  it('A-012 announces one executor with its slots, runs a task, and refuses other executors', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-backend-test-'));
    const directories = createLocalDirectories(folder, 'test');
    const backend = new LocalBackend({
      executorId: 'driver',
      host: 'localhost',
      applicationId: 'local-1',
      slots: 2,
      threadEntry: new URL('../host/test-thread.js', import.meta.url),
      program: { taskFile: new URL('../host/user-functions.js', import.meta.url).href },
      localDirectories: directories.directories,
      memory: {
        threadHeapMb: 64,
        taskBudgetBytes: 1 << 20,
        threadLimitBytes: 0,
        storageBytes: 1 << 20,
      },
      maxResultBytes: 0,
      logger: silentLogger,
      fileSystems: new FileSystemRegistry(),
    });
    try {
      const events: unknown[] = [];
      const ended = Promise.withResolvers<TaskUpdate>();
      await backend.start({
        executorAdded: (executor) => events.push(executor),
        executorRemoved: () => events.push('removed'),
        taskUpdate: (update) => {
          events.push(update.kind);
          if (update.kind !== 'running') ended.resolve(update);
        },
        executorDraining: () => events.push('draining'),
        blocksChanged: () => events.push('blocks'),
        mayCommit: () => false,
        backendFailed: (error) => events.push(error),
      });
      backend.registerStage({
        stageId: 1,
        stageAttempt: 0,
        jobId: 1,
        plan: rangePlan(['map'], ['double'], { kind: 'count' }),
        shuffleInputs: [],
        properties: {},
      });
      const task = {
        taskAttemptId: 1,
        stageId: 1,
        stageAttempt: 0,
        generation: 0,
        partition: 0,
        attemptNumber: 0,
        split: rangeSplit(0, 10),
      };
      expect(() => backend.launch('somebody else', task)).to.throw('no executor somebody else');
      backend.launch('driver', task);
      await ended.promise;
      expect(events).to.deep.equal([
        { executorId: 'driver', host: 'localhost', slots: 2 },
        'running',
        'succeeded',
      ]);
    } finally {
      await backend.stop();
      await backend.stop();
      directories.remove();
      rmSync(folder, { recursive: true });
    }
  });
});
