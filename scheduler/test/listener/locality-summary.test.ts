import { expect } from 'chai';
import type { ListenerEvent, LocalityName } from '@heddle/scheduler';
import { LocalitySummary } from '@heddle/scheduler';
import { NO_METRICS } from '../support/fakes.js';

function ended(locality: LocalityName, inputBytes: number, failed = false): ListenerEvent {
  return {
    kind: 'taskEnd',
    timeMs: 0,
    task: {
      taskAttemptId: 0,
      stageId: 0,
      stageAttempt: 0,
      partition: 0,
      attemptNumber: 0,
      executorId: '1',
      host: 'h',
      locality,
      launchTimeMs: 0,
    },
    ...(failed && { failure: { kind: 'exception', summary: 'no' } }),
    metrics: { ...NO_METRICS, inputBytes },
  };
}

describe('LocalitySummary', () => {
  it('adds up what successful tasks read, by how near it was (A-070)', () => {
    const summary = new LocalitySummary();
    expect(summary.text).to.equal(undefined);
    summary.onEvent(ended('NO_PREF', 500));
    expect(summary.text, 'no place is known').to.equal(undefined);
    for (const event of [
      ended('PROCESS_LOCAL', 1_048_576),
      ended('NODE_LOCAL', 2_097_152),
      ended('NODE_LOCAL', 9_999_999, true),
      ended('RACK_LOCAL', 524_288),
      ended('ANY', 524_288),
    ]) {
      summary.onEvent(event);
    }
    expect(summary.bytes).to.deep.equal({
      nodeLocalBytes: 3_145_728,
      rackLocalBytes: 524_288,
      remoteBytes: 524_288,
    });
    expect(summary.text).to.equal(
      'input read: 3 MiB node-local (75 %), 512 KiB rack-local (13 %), 512 KiB remote (13 %)',
    );
  });
});
