import { expect } from 'chai';
import fc from 'fast-check';
import { encodeValue, plainCodeTable } from 'heddle/internal';
import { ControlProtocolError } from '../../src/control/errors.js';
import {
  decodeDriverMessage,
  decodeExecutorMessage,
  encodeDriverMessage,
  encodeExecutorMessage,
} from '../../src/control/message-codec.js';
import type { DriverMessage, ExecutorMessage } from '../../src/control/messages.js';
import { packUpdates, unpackUpdates, type EndedUpdate } from '../../src/control/task-updates.js';
import { noMetrics } from '../../src/thread/task-metrics.js';
import { rangePlan } from '../host/executor-fixture.js';
import { rangeSplit } from '../pipeline/stage-fixture.js';

const succeeded: EndedUpdate = {
  kind: 'succeeded',
  taskAttemptId: 7,
  executorId: '1',
  result: { kind: 'value', bytes: Uint8Array.of(1, 2, 3) },
  metrics: noMetrics,
  accumulators: [{ accumulatorId: 1, value: Uint8Array.of(9) }],
  blocks: [{ rddId: 1, partition: 0, memoryBytes: 10, diskBytes: 0 }],
};
const mapOutput: EndedUpdate = {
  ...succeeded,
  result: {
    kind: 'mapOutput',
    status: {
      mapId: 'heddle_x_t7',
      shuffleId: 0,
      mapPartition: 1,
      generation: 0,
      localDirectory: '/tmp/x',
      partSizesBytes: Float64Array.of(0, 100),
      records: 12,
    },
  },
};
const failed: EndedUpdate = {
  kind: 'failed',
  taskAttemptId: 7,
  executorId: '1',
  failure: { kind: 'exception', error: Uint8Array.of(1), summary: 'Error: no', retryable: true },
  metrics: noMetrics,
};

const executorMessages: ExecutorMessage[] = [
  { kind: 'register', executorId: '1', host: 'h', slots: 2, pid: 5, port: 80, programHash: 'ab' },
  { kind: 'heartbeat', runningTasks: [1, 2], cacheBytes: 5 },
  { kind: 'taskUpdates', ...packUpdates([succeeded]) },
  { kind: 'taskUpdates', ...packUpdates([mapOutput, failed]) },
  { kind: 'mayCommit', requestId: 1, saveId: 2, generation: 0, partition: 3, taskAttemptId: 4 },
  { kind: 'blocksChanged', statuses: [{ rddId: 1, partition: 2, memoryBytes: 0, diskBytes: 0 }] },
  { kind: 'done', requestId: 3 },
  { kind: 'draining', reason: 'SIGTERM' },
  { kind: 'goodbye', exitCode: 0, reason: 'drained' },
];

describe('control messages', () => {
  it('arrive as they were sent', () => {
    const stage = {
      stageId: 1,
      stageAttempt: 0,
      jobId: 1,
      plan: rangePlan(['map'], ['double'], { kind: 'count' }),
      shuffleInputs: [],
      properties: { a: 'b' },
    };
    const task = {
      taskAttemptId: 1,
      stageId: 1,
      stageAttempt: 0,
      generation: 0,
      partition: 0,
      attemptNumber: 0,
      split: rangeSplit(0, 10),
    };
    const driverMessages: DriverMessage[] = [
      { kind: 'registered' },
      { kind: 'registerStage', stage },
      { kind: 'launch', task },
      { kind: 'peers', executors: [{ executorId: '1', host: 'h', port: 1, alive: true }] },
      { kind: 'stop' },
    ];
    for (const message of driverMessages) {
      expect(decodeDriverMessage(encodeDriverMessage(message), 'test')).to.deep.equal(message);
    }
    for (const message of executorMessages) {
      expect(decodeExecutorMessage(encodeExecutorMessage(message), 'test')).to.deep.equal(message);
    }
  });

  it('of ended tasks have the metrics of each, and no others', () => {
    const updates = [1, 2, 3].map((runMs): EndedUpdate => ({
      ...succeeded,
      metrics: { ...noMetrics, runMs, spills: 7 },
    }));
    const packed = packUpdates(updates);
    expect(unpackUpdates(packed, succeeded.executorId)).to.deep.equal(updates);
    const short = { kind: 'taskUpdates', ...packed, metrics: packed.metrics.slice(1) } as const;
    expect(() => decodeExecutorMessage(encodeExecutorMessage(short), 'test')).to.throw(
      ControlProtocolError,
      'does not have the metrics of its updates',
    );
  });

  it('of a stage are encoded once, however many executors get them (A-135)', () => {
    const stage = {
      stageId: 1,
      stageAttempt: 0,
      jobId: 1,
      plan: rangePlan(['map'], ['double'], { kind: 'count' }),
      shuffleInputs: [],
      properties: {},
    };
    const message: DriverMessage = { kind: 'registerStage', stage };
    expect(encodeDriverMessage(message)).to.equal(encodeDriverMessage(message));
  });

  it('carry no more of a buffer than their own part of it', () => {
    const large = new Uint8Array(1_000_000);
    const update: EndedUpdate = {
      ...succeeded,
      result: { kind: 'value', bytes: large.subarray(0, 10) },
    };
    const message: ExecutorMessage = { kind: 'taskUpdates', ...packUpdates([update]) };
    expect(encodeExecutorMessage(message).length).to.be.below(2_000);
  });

  it('A20 of an executor are refused when a field is missing, of another type or out of range', () => {
    const wrong: unknown[] = [undefined, null, -1, 0.5, NaN, 'x', {}, [], [[]], 2 ** 60, () => 1];
    let refused = 0;
    for (const message of executorMessages) {
      for (const name of Object.keys(message).filter((key) => key !== 'kind')) {
        const without = Object.fromEntries(Object.entries(message).filter(([key]) => key !== name));
        expect(() => decode(without), `${message.kind} without ${name}`).to.throw(
          ControlProtocolError,
        );
        for (const value of wrong) {
          if (typeof value === 'function') continue;
          const changed = { ...message, [name]: value };
          try {
            decode(changed);
          } catch (error) {
            expect(error).to.be.instanceOf(ControlProtocolError);
            refused++;
          }
        }
      }
    }
    expect(refused).to.be.above(100);
  });

  it('A05 damaged in any way end in ControlProtocolError, never in something else', () => {
    const encoded = executorMessages.map((message) => encodeExecutorMessage(message));
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), damage, fc.nat(), (which, changes, cut) => {
        const bytes = Buffer.from(encoded[which]!);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        try {
          decodeExecutorMessage(bytes.subarray(0, bytes.length - (cut % 4)), 'test');
        } catch (error) {
          expect(error).to.be.instanceOf(ControlProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('T11 with hostile names of properties change no prototype', () => {
    const hostile = JSON.parse(
      '{"kind":"done","requestId":1,"__proto__":{"polluted":1}}',
    ) as object;
    decode(hostile);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
    for (const kind of ['__proto__', 'constructor', 'toString']) {
      expect(() => decode({ kind })).to.throw(ControlProtocolError, 'unknown kind');
    }
  });

  function decode(value: object): ExecutorMessage {
    return decodeExecutorMessage(encodeValue(value, plainCodeTable), 'test');
  }
});
