import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';

import { resourceManagersOf } from '@heddle/hadoop-conf';
import { expect } from 'chai';
import {
  type ApplicationMasterClient,
  type Container,
  RemoteError,
  RpcTimeoutError,
  formatNodeId,
} from '@heddle/hadoop-rpc';

import { type MiniCluster, sharedCluster } from '../../../src/cluster/index.js';
import { eventually } from '../eventually.js';
import { LiveClients, errorOf, isAway, offeredProtection } from './live-clients.js';
import { UnmanagedMaster } from './unmanaged-master.js';

const patience = {
  maxElapsedMs: 60_000,
  retryIntervalMs: 200,
  failoverBaseMs: 200,
  failoverMaxMs: 500,
};

describe('RPC clients and faults of live daemons', function () {
  this.timeout(400_000);
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

  const restarted = new Set<string>();

  afterEach('everything works again, and speaks as before', async () => {
    for (const name of restarted) await cluster.restart(name);
    restarted.clear();
    await cluster.waitForHealth(90_000);
  });

  /** Starts a container that does nothing for long. */
  async function startSleeper(master: UnmanagedMaster): Promise<Container> {
    const container = await master.containerOn();
    const marker = cluster.sharedFile(`runs-${randomUUID()}`);
    const context = {
      localResources: new Map(),
      serviceData: new Map(),
      environment: new Map(),
      commands: [`touch ${marker}; sleep 600`],
      acls: new Map(),
    };
    const node = clients.nodeClient(
      container.nodeId,
      master.nodeTokens.get(formatNodeId(container.nodeId))!,
    );
    const started = await node.startContainers([{ context, containerToken: container.token! }]);
    expect(started.failed).to.deep.equal([]);
    // A NodeManager says RUNNING before it knows the process: killed in that moment, it could not recover it.
    await eventually('a running container', async () => {
      await master.beat();
      return existsSync(marker) ? true : undefined;
    });
    return container;
  }

  /** Restarts a daemon with signed or encrypted RPC, for this test. */
  function restartProtected(name: string, protection: 'integrity' | 'privacy'): Promise<void> {
    restarted.add(name);
    return cluster.restart(name, { 'hadoop.rpc.protection': protection });
  }

  it('a call to a daemon that hangs ends at its deadline; the next one goes through', async () => {
    const client = clients.applicationClient();
    const { id } = await client.getNewApplication();
    await cluster.pause('rm');
    try {
      const startMs = performance.now();
      const error = await errorOf(client.getNewApplication({ timeoutMs: 1_000 }));
      expect(error).to.be.instanceOf(RpcTimeoutError);
      expect((error as RpcTimeoutError).mayHaveBeenSent).to.equal(true);
      expect(performance.now() - startMs).to.be.at.least(990);
    } finally {
      await cluster.resume('rm');
    }
    const next = await client.getNewApplication();
    expect(next.id.id).to.be.above(id.id);
  });

  it('pings keep a silent connection, idleness closes it, and the next call opens another', async () => {
    const { token } = await clients.startUnmanaged('rpc-idle');
    const client = clients.masterClient(token, { pingIntervalMs: 100, maxIdleMs: 300 });
    const master = new UnmanagedMaster(client);
    await master.register();
    // The answer comes after more than one ping.
    await cluster.pause('rm');
    const waiting = master.beat();
    try {
      await errorOf(clients.applicationClient().getNewApplication({ timeoutMs: 700 }));
    } finally {
      await cluster.resume('rm');
    }
    expect((await waiting).responseId).to.equal(1);
    // Nothing to do for longer than the limit.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await master.beat()).responseId).to.equal(2);
    await master.finish();
  });

  it('a ResourceManager that restarts with signed, then encrypted RPC knows its masters again', async () => {
    const { token } = await clients.startUnmanaged('rpc-restart');
    const masterOver = (): ApplicationMasterClient =>
      clients.masterClient(token, { retry: patience });
    let client = masterOver();
    let master = new UnmanagedMaster(client);
    await master.register();
    const container = await startSleeper(master);
    const nodeToken = master.nodeTokens.get(formatNodeId(container.nodeId))!;
    const [manager] = resourceManagersOf(clients.configuration);
    expect(await offeredProtection(manager!.schedulerAddress)).to.equal('auth');
    for (const [protection, offer] of [
      ['integrity', 'auth-int'],
      ['privacy', 'auth-conf'],
    ] as const) {
      await restartProtected('rm', protection);
      // The client waits until the port opens; then the master is unknown until it registers.
      const error = await errorOf(master.beat());
      expect(error).to.be.instanceOf(RemoteError);
      expect((error as RemoteError).className).to.match(/ApplicationMasterNotRegisteredException$/);
      expect(await offeredProtection(manager!.schedulerAddress)).to.equal(offer);
      client = masterOver();
      master = new UnmanagedMaster(client);
      await master.register();
      await eventually('all nodes', async () => {
        return (await master.beat()).clusterNodes === 3 ? true : undefined;
      });
    }
    // The container knows nothing of all that.
    const node = clients.nodeClient(container.nodeId, nodeToken);
    const { statuses } = await node.getContainerStatuses([container.id]);
    expect(statuses[0]!.state).to.equal('running');
    await node.stopContainers([container.id]);
    await master.end(container.id);
    await master.finish();
  });

  it('a NodeManager that restarts with encrypted RPC still has its containers and takes the old token', async () => {
    const { token } = await clients.startUnmanaged('rpc-node');
    const master = new UnmanagedMaster(clients.masterClient(token, { retry: patience }));
    await master.register();
    const container = await startSleeper(master);
    const number = [1, 2, 3].find((one) => cluster.worker(one).name === container.nodeId.host)!;
    const nodeToken = master.nodeTokens.get(formatNodeId(container.nodeId))!;
    await restartProtected(`nm${number}`, 'privacy');
    const refused = await errorOf(
      clients.nodeClient(container.nodeId, nodeToken).getContainerStatuses([container.id]),
    );
    // Not there for some seconds: nothing to conclude from.
    expect(isAway(refused), String(refused)).to.equal(true);
    const hasty = clients.nodeClient(container.nodeId, nodeToken);
    const running = await eventually(
      'the container after the restart',
      async () => {
        // A busy machine takes longer for it than the ResourceManager waits for a silent master.
        await master.beat();
        try {
          return (await hasty.getContainerStatuses([container.id])).statuses[0];
        } catch (error) {
          // It answers before it has recovered everything.
          if (error instanceof RemoteError || isAway(error)) return undefined;
          throw error;
        }
      },
      120_000,
    );
    expect(running.state).to.equal('running');
    expect(await offeredProtection(container.nodeId)).to.equal('auth-conf');
    // A request that is larger than one encrypted message may be.
    const node = clients.nodeClient(container.nodeId, nodeToken, { retry: patience });
    const context = {
      localResources: new Map(),
      serviceData: new Map(),
      environment: new Map([['LARGE', 'x'.repeat(100_000)]]),
      commands: ['exit $((${#LARGE} - 99993))'],
      acls: new Map(),
    };
    const worker = cluster.worker(number);
    const another = await master.containerOn({ name: worker.name, rack: worker.rack! });
    const started = await node.startContainers([{ context, containerToken: another.token! }]);
    expect(started.failed).to.deep.equal([]);
    expect((await master.end(another.id)).exitStatus).to.equal(7);
    await node.stopContainers([container.id]);
    await master.end(container.id);
    await master.finish();
  });
});
