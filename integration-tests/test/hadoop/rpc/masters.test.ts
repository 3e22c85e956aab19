import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';

import { expect } from 'chai';
import {
  type Container,
  type ContainerLaunchContext,
  RpcConnectionError,
  type Token,
  formatNodeId,
} from '@heddle/hadoop-rpc';

import { type MiniCluster, sharedCluster } from '../../../src/cluster/index.js';
import { eventually } from '../eventually.js';
import { LiveClients, errorOf, refusalOf } from './live-clients.js';
import { UnmanagedMaster } from './unmanaged-master.js';

function shellContext(command: string): ContainerLaunchContext {
  return {
    localResources: new Map(),
    serviceData: new Map(),
    environment: new Map([['GREETING', 'a b']]),
    commands: [command],
    acls: new Map(),
  };
}

function startRequest(
  container: Container,
  command: string,
): { context: ContainerLaunchContext; containerToken: Token } {
  return { context: shellContext(command), containerToken: container.token! };
}

describe('ApplicationMasters on live daemons', function () {
  this.timeout(90_000);
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

  it('register, get a container where they ask for it, run it, and finish', async () => {
    const { id, token } = await clients.startUnmanaged('rpc-master');
    const master = new UnmanagedMaster(clients.masterClient(token));
    await master.register();
    const worker = cluster.worker(3);
    const container = await master.containerOn({ name: worker.name, rack: worker.rack! });
    expect(container.nodeId.host).to.equal(worker.name);
    expect(container.resource.memoryMiB).to.equal(256);

    const nodeToken = master.nodeTokens.get(formatNodeId(container.nodeId))!;
    const node = clients.nodeClient(container.nodeId, nodeToken);
    const started = await node.startContainers([
      startRequest(
        container,
        'test "$GREETING" = "a b" && sleep 60'.replaceAll('"', String.raw`\"`),
      ),
    ]);
    expect(started.failed).to.deep.equal([]);
    expect(started.succeeded).to.deep.equal([container.id]);
    expect([...started.serviceMetaData.keys()]).to.deep.equal(['mapreduce_shuffle']);
    const port = Buffer.from(started.serviceMetaData.get('mapreduce_shuffle')!).readInt32BE();
    expect(port).to.be.within(21_000, 32_000);

    await eventually('a running container', async () => {
      const { statuses } = await node.getContainerStatuses([container.id]);
      return statuses[0]?.subState === 'running' ? true : undefined;
    });
    const again = await node.startContainers([startRequest(container, 'true')]);
    expect(again.succeeded).to.deep.equal([]);
    expect(again.failed[0]!.message).to.contain('Attempt to relaunch the same container');

    const stopped = await node.stopContainers([container.id]);
    expect(stopped.succeeded).to.deep.equal([container.id]);
    const ended = await master.end(container.id);
    expect(ended.exitStatus).to.equal(-105);
    expect(ended.diagnostics).to.contain('killed by the ApplicationMaster');

    await master.finish();
    const report = await eventually('the end of the application', async () => {
      const found = await clients.applicationClient().getApplicationReport(id);
      return found.state === 'finished' ? found : undefined;
    });
    expect(report).to.include({ finalStatus: 'succeeded', diagnostics: 'well done' });
  });

  it('learn how containers ended: by their exit code, by a signal, by being released', async () => {
    const { token } = await clients.startUnmanaged('rpc-ends');
    const master = new UnmanagedMaster(clients.masterClient(token));
    await master.register();
    const first = await master.containerOn();
    const second = await master.containerOn();
    const third = await master.containerOn();
    const nodeOf = (container: Container): ReturnType<LiveClients['nodeClient']> =>
      clients.nodeClient(container.nodeId, master.nodeTokens.get(formatNodeId(container.nodeId))!);
    await nodeOf(first).startContainers([startRequest(first, 'exit 3')]);
    const marker = cluster.sharedFile(`runs-${randomUUID()}`);
    await nodeOf(second).startContainers([startRequest(second, `touch ${marker}; sleep 60`)]);
    await eventually('a running container', () => {
      return Promise.resolve(existsSync(marker) ? true : undefined);
    });
    await nodeOf(second).signalToContainer(second.id, 'forcefulShutdown');
    await master.beat([], [third.id]);
    expect((await master.end(first.id)).exitStatus).to.equal(3);
    const killed = await master.end(second.id);
    expect(killed.exitStatus, killed.diagnostics).to.equal(137);
    expect((await master.end(third.id)).exitStatus).to.equal(-100);
    await master.finish();
  });

  it('are told what is wrong with a call, and go on on the same connection', async () => {
    const { token } = await clients.startUnmanaged('rpc-refusals');
    const client = clients.masterClient(token);
    const master = new UnmanagedMaster(client);
    const early = await refusalOf(master.beat());
    expect(early.className).to.match(/ApplicationMasterNotRegisteredException$/);
    await master.register();
    const second = await refusalOf(master.register());
    expect(second.className).to.match(/InvalidApplicationMasterRequestException$/);
    expect(second.remoteMessage).to.contain('already registered');
    const capability = { memoryMiB: 99_999, virtualCores: 1, others: new Map<string, number>() };
    const ask = { priority: 1, resourceName: '*', capability, containers: 1, relaxLocality: true };
    const large = await refusalOf(master.beat([ask]));
    expect(large.className).to.match(/InvalidResourceRequestException$/);
    expect(large.verdict).to.equal('userMistake');
    await master.beat();
    await master.finish();
  });

  it('are refused with a wrong password, an unknown attempt, a token of the wrong kind', async () => {
    const { token } = await clients.startUnmanaged('rpc-credentials');
    const password = Uint8Array.from(token.password, (byte) => byte ^ 1);
    const wrong = await refusalOf(
      new UnmanagedMaster(clients.masterClient({ ...token, password })).register(),
    );
    expect(wrong.remoteMessage).to.contain('Mismatched response');

    const master = new UnmanagedMaster(clients.masterClient(token));
    await master.register();
    const container = await master.containerOn();
    const nodeToken = master.nodeTokens.get(formatNodeId(container.nodeId))!;
    // The ResourceManager's token at a NodeManager, and the other way round.
    const atNode = await errorOf(
      clients.nodeClient(container.nodeId, token).getContainerStatuses([container.id]),
    );
    expect(atNode).to.be.instanceOf(RpcConnectionError);
    expect(String(atNode)).to.contain('is the token of the wrong kind?');
    const atManager = await errorOf(
      new UnmanagedMaster(clients.masterClient(nodeToken)).register(),
    );
    expect(String(atManager)).to.match(/wrong kind|InvalidToken|SaslException/);

    // A container token that was altered.
    const forged = Uint8Array.from(container.token!.password, (byte) => byte ^ 1);
    const altered = { ...container, token: { ...container.token!, password: forged } };
    const node = clients.nodeClient(container.nodeId, nodeToken);
    const refused = await refusalOf(node.startContainers([startRequest(altered, 'true')]));
    expect(refused.remoteMessage).to.contain('Invalid container token used for starting container');
    await master.finish();

    // The end is stored first; until then the attempt is known.
    const gone = await eventually('the end of the token', async () => {
      const refusal = await refusalOf(new UnmanagedMaster(clients.masterClient(token)).register());
      return refusal.className.endsWith('InvalidToken') ? refusal : undefined;
    });
    expect(gone.remoteMessage).to.contain('not found in AMRMTokenSecretManager');
  });
});
