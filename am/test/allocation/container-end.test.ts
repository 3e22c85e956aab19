import { expect } from 'chai';
import { explainContainerEnd } from '@heddle/am';

const vmem = `[2026-11-20 15:12:32.931]Container [pid=435,containerID=container_1_1_01_000001] is running 182250752B beyond the 'VIRTUAL' memory limit. Current usage: 48.8 MB of 512 MB physical memory used; 1.2 GB of 1.0 GB virtual memory used. Killing container.
Dump of the process-tree for container_1_1_01_000001 :`;

describe('The end of a container, explained', () => {
  it('names the figures of a memory kill and the setting to change (A-059)', () => {
    const end = explainContainerEnd(-103, vmem, 'none');
    expect(end.countsAsFailure).to.equal(true);
    expect(end.reason)
      .to.contain('1.2 GB of 1.0 GB virtual memory used')
      .and.to.contain('heddle.executor.memoryOverhead');
  });

  it('knows a lost node by its text (F18)', () => {
    const end = explainContainerEnd(-100, 'Container released on a *lost* node', 'none');
    expect(end).to.include({ hostLost: true, countsAsFailure: false });
    expect(
      explainContainerEnd(-100, 'Container released by application', 'none').hostLost,
    ).to.equal(false);
  });

  it('explains every status of YARN and every code of executors with advice or a reason', () => {
    const codes = [
      -1000, -100, -101, -102, -103, -104, -105, -106, -107, -108, -109, 0, 50, 52, 53, 56, 57, 58,
      59, 126, 127, 134, 137, 139, 143, 154,
    ];
    for (const code of codes) {
      const { reason } = explainContainerEnd(code, '', 'none');
      expect(reason, String(code)).to.not.contain('its log says why');
      expect(reason.length, String(code)).to.be.greaterThan(20);
    }
    expect(explainContainerEnd(99, '', 'none')).to.include({ countsAsFailure: true });
  });

  it('shows why a container could not be started, without stack traces', () => {
    const text = `Resource hdfs://nn/x changed on src filesystem - expected: "1", was: "2"\n\tat org.apache.hadoop.Foo(Foo.java:1)`;
    expect(explainContainerEnd(-1000, text, 'none').reason).to.contain('changed on src filesystem');
  });
});
