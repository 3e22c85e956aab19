import { plainCodeTable, type TaskDescription } from 'heddle/internal';
import type { TaskEnvironment, TaskMetricsRecorder } from '../../src/task-environment.js';

/** The environment of a task that runs nowhere; `end` does what the end of an attempt does. */
export interface TestEnvironment extends TaskEnvironment {
  readonly metrics: TaskMetricsRecorder;
  end(): void;
}

export function testEnvironment(overrides: Partial<TaskEnvironment> = {}): TestEnvironment {
  const ends: (() => void)[] = [];
  const task: TaskDescription = {
    taskAttemptId: 7,
    stageId: 0,
    stageAttempt: 0,
    generation: 0,
    partition: 3,
    attemptNumber: 0,
    split: { index: 3 },
  };
  return {
    stage: {
      stageId: 0,
      stageAttempt: 0,
      jobId: 0,
      plan: { nodes: [], closures: [], sink: { kind: 'count' } },
      shuffleInputs: [],
      properties: {},
    },
    task,
    executorId: 'test',
    localDirectories: [],
    code: plainCodeTable,
    memoryBudgetBytes: 64 * 1024 * 1024,
    metrics: {
      inputBytes: 0,
      inputRecords: 0,
      outputBytes: 0,
      outputRecords: 0,
      shuffleReadLocalBytes: 0,
      shuffleReadRemoteBytes: 0,
      shuffleReadRecords: 0,
      shuffleWriteBytes: 0,
      shuffleWriteRecords: 0,
      spilledBytes: 0,
      spills: 0,
    },
    root: () => undefined,
    freshRoot: () => undefined,
    checkInterrupted: () => undefined,
    onEnd: (action) => ends.push(action),
    ...overrides,
    end: () => {
      for (const action of ends.reverse()) action();
    },
  };
}
