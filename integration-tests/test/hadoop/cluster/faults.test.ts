import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';

import { expect } from 'chai';

import { type MiniCluster, isHealthy, sharedCluster } from '../../../src/cluster/index.js';
import {
  killApplication,
  submitShell,
  waitForReport,
} from '../../../src/cluster/shell-application.js';
import { eventually } from '../eventually.js';

describe('Daemons of the cluster for tests', function () {
  this.timeout(300_000);
  let cluster: MiniCluster;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
  });

  afterEach('everything works again', () => cluster.waitForHealth(90_000));

  it('are known by name', async () => {
    expect(() => cluster.daemon('nm9')).to.throw(/no daemon 'nm9', only nn, rm, dn1/);
    let said = '';
    await cluster.startDaemon('nm1').catch((error: unknown) => {
      said = String(error);
    });
    expect(said).to.contain('nm1 runs already');
  });

  it('can be killed: a NodeManager is lost after its expiry, and comes back', async () => {
    await cluster.kill('nm2');
    expect(await cluster.isRunning('nm2')).to.equal(false);
    const name = cluster.worker(2).name;
    await cluster.waitForHealth(60_000, ({ nodeStates }) => nodeStates[name] === 'LOST');
    await cluster.startDaemon('nm2');
    const health = await cluster.waitForHealth(60_000);
    expect(health.nodeStates[name]).to.equal('RUNNING');
  });

  it('can be paused: a DataNode is dead for the NameNode, and alive when it goes on', async () => {
    await cluster.pause('dn3');
    try {
      await cluster.waitForHealth(60_000, ({ deadDataNodes }) => deadDataNodes === 1);
    } finally {
      await cluster.resume('dn3');
    }
    const health = await cluster.waitForHealth(60_000, ({ liveDataNodes }) => liveDataNodes === 3);
    expect(health.deadDataNodes).to.equal(0);
  });

  it('can be restarted: a container outlives its NodeManager and its ResourceManager', async () => {
    const marker = cluster.sharedFile(`runs-${randomUUID()}`);
    const id = await submitShell(cluster, {
      user: 'alice',
      command: `while touch ${marker}; do sleep 1; done`,
      memoryMb: 128,
    });
    const placed = await waitForReport(cluster, id, ({ amHostHttpAddress }) => {
      return amHostHttpAddress !== undefined && amHostHttpAddress !== '';
    });
    // The process must run, and not only be placed: a NodeManager that is killed in between loses it.
    await waitForReport(cluster, id, () => existsSync(marker));
    const host = placed.amHostHttpAddress!.split(':')[0]!;
    const number = [1, 2, 3].find((worker) => cluster.worker(worker).name === host)!;
    await cluster.restart(`nm${number}`);
    await cluster.restart('rm');
    const restartedMs = Date.now();
    // A master that never registers is given up 15 s after the restart: so it is looked at at once.
    const attempts = await eventually('the attempts after the restart', async () => {
      const base = await cluster.resourceManagerUrl().catch(() => undefined);
      const path = `/ws/v1/cluster/apps/${id}/appattempts`;
      const answer = base === undefined ? undefined : await fetch(base + path);
      if (answer?.ok !== true) return undefined;
      const body = (await answer.json()) as { appAttempts?: { appAttempt?: { id: number }[] } };
      return body.appAttempts?.appAttempt?.map((attempt) => attempt.id);
    });
    expect(attempts).to.deep.equal([1]);
    await eventually('a sign of the container', () => {
      return Promise.resolve(statSync(marker).mtimeMs > restartedMs ? true : undefined);
    });
    await killApplication(cluster, id, 'alice');
    await waitForReport(cluster, id, ({ state }) => /^(KILLED|FAILED)$/.test(state));
  });

  it('run on when their worker is cut off; where that cannot be done, the error says so', async () => {
    const worker = cluster.worker(3);
    const { name } = worker;
    let said = '';
    await cluster.cutOff(worker).catch((error: unknown) => {
      said = String(error);
    });
    if (said !== '') {
      // Nobody but root can do it, and only where the kernel tells processes apart.
      expect(said).to.contain('needs root').and.to.contain("the way 'docker'");
      expect(isHealthy(await cluster.health())).to.equal(true);
      return;
    }
    try {
      const cut = await cluster.waitForHealth(90_000, ({ nodeStates, deadDataNodes }) => {
        return nodeStates[name] === 'LOST' && deadDataNodes === 1;
      });
      // The others are in touch.
      expect(cut.nodes).to.deep.equal({ RUNNING: 2, LOST: 1 });
      expect(await cluster.isRunning('nm3')).to.equal(true);
      expect(await cluster.isRunning('dn3')).to.equal(true);
    } finally {
      await cluster.rejoin(worker);
    }
    const health = await cluster.waitForHealth(120_000);
    expect(health.nodeStates[name]).to.equal('RUNNING');
  });
});
