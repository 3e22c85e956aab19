import { expect } from 'chai';
import { formatApplicationId } from '@heddle/hadoop-rpc';

import { type MiniCluster, sharedCluster } from '../../../src/cluster/index.js';
import { eventually } from '../eventually.js';
import { LiveClients, refusalOf } from './live-clients.js';

describe('ApplicationClientProtocol on a live ResourceManager', function () {
  this.timeout(60_000);
  let cluster: MiniCluster;
  let clients: LiveClients;
  let close = (): void => undefined;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    clients = new LiveClients(cluster);
    close = () => {
      clients.close();
    };
  });

  after(() => {
    close();
  });

  it('gives new application ids and says how large a container may be', async () => {
    const client = clients.applicationClient();
    const [first, second] = await Promise.all([
      client.getNewApplication(),
      client.getNewApplication(),
    ]);
    expect(first.id.clusterTimestamp).to.equal(second.id.clusterTimestamp);
    expect(first.id.id).to.not.equal(second.id.id);
    expect(first.maximumCapability).to.include({ memoryMiB: 4096, virtualCores: 8 });
  });

  it('runs a managed application to its end and tells what its container said', async () => {
    const client = clients.applicationClient();
    const { id } = await client.getNewApplication();
    await client.submitApplication({
      id,
      name: 'rpc-managed',
      queue: 'small',
      type: 'HEDDLE-TEST',
      tags: ['rpc', 'live'],
      maxAttempts: 1,
      resource: { memoryMiB: 128, virtualCores: 1, others: new Map() },
      isUnmanaged: false,
      keepContainers: false,
      context: {
        localResources: new Map(),
        serviceData: new Map(),
        environment: new Map([['GREETING', 'two words']]),
        commands: ['test', '$GREETING', '=', '1 || exit 23'],
        acls: new Map(),
      },
    });
    const ended = await eventually('the end of the application', async () => {
      const report = await client.getApplicationReport(id);
      return report.state === 'failed' ? report : undefined;
    });
    expect(ended.diagnostics).to.contain('exitCode: 23');
    const url = `${await cluster.resourceManagerUrl()}/ws/v1/cluster/apps/${formatApplicationId(id)}`;
    const { app } = (await (await fetch(url)).json()) as {
      app: { applicationTags: string; queue: string; user: string };
    };
    expect(app.user).to.equal('rpc-test');
    expect(app.applicationTags.split(',').sort()).to.deep.equal(['live', 'rpc']);
    expect(app.queue).to.match(/small$/);
  });

  it('ends an application when told to', async () => {
    const client = clients.applicationClient();
    const { id } = await clients.startUnmanaged('rpc-killed');
    await eventually('the end of the application', async () => {
      return (await client.forceKillApplication(id, 'enough')) ? true : undefined;
    });
    const report = await eventually('the killed state', async () => {
      const found = await client.getApplicationReport(id);
      return found.state === 'killed' ? found : undefined;
    });
    expect(report.finalStatus).to.equal('killed');
    expect(report.diagnostics).to.contain('enough');
  });

  it('refuses an application that does not exist by its Java exception, without its stack', async () => {
    const client = clients.applicationClient();
    const { id } = await client.getNewApplication();
    const refusal = await refusalOf(
      client.getApplicationReport({ clusterTimestamp: id.clusterTimestamp, id: 999_999 }),
    );
    expect(refusal.className).to.match(/ApplicationNotFoundException$/);
    expect(refusal.remoteMessage).to.contain('999999').and.not.to.contain('\n\tat ');
    expect(refusal.remoteTrace).to.contain('ClientRMService');
  });

  it('answers many calls at once on one connection', async () => {
    const client = clients.applicationClient();
    const { id } = await clients.startUnmanaged('rpc-many');
    const reports = await Promise.all(
      Array.from({ length: 200 }, () => client.getApplicationReport(id)),
    );
    expect(new Set(reports.map((report) => report.id.id))).to.deep.equal(new Set([id.id]));
    await client.forceKillApplication(id, 'enough');
  });
});
