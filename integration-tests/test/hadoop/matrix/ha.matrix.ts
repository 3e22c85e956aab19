import { type HadoopConfiguration, nameServiceOf } from '@heddle/hadoop-conf';
import type { RemoteError } from '@heddle/hadoop-rpc';
import { expect } from 'chai';

import { type MiniCluster, sharedCluster } from '../../../src/cluster/index.js';
import { eventually } from '../eventually.js';
import { LiveClients, errorOf } from '../rpc/live-clients.js';
import { UnmanagedMaster } from '../rpc/unmanaged-master.js';

const fsShell = 'org.apache.hadoop.fs.FsShell';
const patience = {
  maxElapsedMs: 90_000,
  retryIntervalMs: 200,
  failoverBaseMs: 100,
  failoverMaxMs: 500,
};

describe('A cluster with pairs of masters', function () {
  this.timeout(300_000);
  let cluster: MiniCluster;
  let clients: LiveClients;
  let close = (): void => undefined;
  let configuration: HadoopConfiguration;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    clients = new LiveClients(cluster);
    close = () => {
      clients.close();
    };
    ({ configuration } = clients);
  });

  after(() => {
    close();
  });

  it('is resolved to its two NameNodes', () => {
    const { nameNodes } = nameServiceOf(configuration, 'heddle');
    expect(nameNodes.map(({ id }) => id)).to.deep.equal(['nn1', 'nn2']);
  });

  it('keeps its masters when the active ResourceManager dies: clients fail over', async () => {
    const client = clients.applicationClient({ retry: patience });
    const { token, id } = await clients.startUnmanaged('ha');
    const rpc = clients.masterClient(token, { retry: patience });
    const master = new UnmanagedMaster(rpc);
    await master.register();
    await cluster.kill('rm1');
    await cluster.activate('rm2');
    const error = await errorOf(master.beat());
    expect((error as RemoteError).className).to.match(/ApplicationMasterNotRegisteredException$/);
    await master.register();
    await eventually('all nodes', async () => {
      return (await master.beat()).clusterNodes === 3 ? true : undefined;
    });
    const container = await master.containerOn();
    await master.beat([], [container.id]);
    expect((await client.getApplicationReport(id)).state).to.equal('running');

    // The first comes back as the standby, which refuses, and is passed by.
    await cluster.startDaemon('rm1');
    const fresh = clients.applicationClient({ retry: patience });
    await eventually('an answer of the active one', async () => {
      const report = await fresh.getApplicationReport(id);
      return report.state === 'running' ? true : undefined;
    });
    await master.finish();
    const health = await cluster.waitForHealth(60_000);
    expect(health.nodes['RUNNING']).to.equal(3);
  });

  it('keeps its files when the active NameNode dies', async () => {
    const input = 'kept\n';
    const put = await cluster.runHadoop(fsShell, ['-put', '-', '/tmp/ha.txt'], { input });
    expect(put.code, put.stderr).to.equal(0);
    await cluster.kill('nn1');
    await cluster.activate('nn2');
    const cat = await cluster.runHadoop(fsShell, ['-cat', '/tmp/ha.txt']);
    expect(cat.stdout, cat.stderr).to.equal(input);
    await cluster.startDaemon('nn1');
    await cluster.waitForHealth(90_000);
  });
});
