import { silentLogger } from '@heddle/common';
import { Allocator, ResourceManager, type AllocatorInstruction } from '@heddle/am';
import { resourceManagersOf } from '@heddle/hadoop-conf';
import {
  formatApplicationId,
  formatContainerId,
  type AllocateResponse,
  type ContainerStatus,
} from '@heddle/hadoop-rpc';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { expect } from 'chai';
import { eventually } from '../hadoop/eventually.js';
import { LiveClients } from '../hadoop/rpc/live-clients.js';

const memoryMiB = 256;

/** The allocator against a real ResourceManager, with its wish changed at the worst moment. */
describe('Containers that came too late to be wanted', function () {
  this.timeout(180_000);
  let cluster: MiniCluster;
  let clients: LiveClients;
  let rm: ResourceManager;
  let applicationId: string;
  let lastResponse: AllocateResponse;
  /** Ends that YARN told of containers given back. */
  const ended: ContainerStatus[] = [];
  const allocator = new Allocator({
    containerMemoryMiB: memoryMiB,
    asksForHosts: true,
    localityPatienceMs: 3_000,
    maxExecutorFailures: 3,
    failureWindowMs: undefined,
    startTimeoutMs: 600_000,
    firstExecutorNumber: 1,
    excludedNodes: [],
  });

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    clients = new LiveClients(cluster);
    const { id, token } = await clients.startUnmanaged('surplus');
    applicationId = formatApplicationId(id);
    rm = new ResourceManager({
      addresses: resourceManagersOf(clients.configuration).map(
        ({ schedulerAddress }) => schedulerAddress,
      ),
      token,
      host: 'localhost',
      rpcPort: -1,
      trackingUrl: '',
      capability: () => ({ memoryMiB, virtualCores: 1, others: new Map() }),
      logger: silentLogger,
    });
    await rm.register();
  });

  after(() => {
    rm.close();
    clients.close();
  });

  function wish(target: number): void {
    allocator.handle({ kind: 'wished', target, hosts: [], nowMs: performance.now() });
  }

  function answered({ allocated, completed }: AllocateResponse): AllocatorInstruction[] {
    return allocator.handle({ kind: 'answered', allocated, completed, nowMs: performance.now() });
  }

  /** One call, and what the allocator makes of its answer. */
  async function beat(): Promise<AllocatorInstruction[]> {
    const said = allocator.handle({ kind: 'beat', nowMs: performance.now() });
    const request = said.find((one) => one.kind === 'allocate');
    const answer = await rm.beat({ ...request!, progress: 0 });
    if (answer.kind !== 'answered') throw new Error('the ResourceManager was restarted');
    lastResponse = answer.response;
    return answered(answer.response);
  }

  /** Containers that the ResourceManager counts as the application's. */
  async function held(): Promise<number> {
    const url = `${await cluster.resourceManagerUrl()}/ws/v1/cluster/apps/${applicationId}`;
    const { app } = (await (await fetch(url)).json()) as { app: { runningContainers: number } };
    return app.runningContainers;
  }

  /**
   * Beats until YARN counts the one container that is wanted. It may have granted another one by then:
   * the call that lowered the wish did not know yet that the wish was met.
   */
  async function giveBack(): Promise<void> {
    await eventually('one container', async () => {
      expect(await beat()).to.deep.equal([]);
      lastResponse.completed.forEach((status) => ended.push(status));
      return (await held()) === 1 ? true : undefined;
    });
  }

  it('are given back, and what is wanted stays (F36, A-055)', async () => {
    wish(3);
    expect(await beat()).to.deep.equal([]);
    // Nobody has asked again: YARN grants them, and keeps them for the next call.
    await eventually('three granted containers', async () =>
      (await held()) === 3 ? true : undefined,
    );
    wish(1);
    const first = await beat();
    expect(lastResponse.allocated, 'more than are wanted now').to.have.length(3);
    expect(first.filter(({ kind }) => kind === 'launch')).to.have.length(1);
    expect(allocator.running).to.have.length(1);
    await giveBack();
  });

  it('are not mourned when YARN tells their end, however often it does (F36)', async () => {
    await eventually('their ends', async () => {
      await giveBack();
      return ended.length >= 2 ? true : undefined;
    });
    const repeated = { ...lastResponse, allocated: [], completed: ended };
    for (let repetition = 0; repetition < 3; repetition++) {
      expect(answered(repeated)).to.deep.equal([]);
    }
    expect(allocator.summary).to.deep.equal({
      target: 1,
      registered: 0,
      starting: 1,
      outstanding: 0,
    });
  });

  it('one that ends before its start is confirmed is replaced once, however often it is told (F36)', async () => {
    const [own] = allocator.running;
    const key = formatContainerId(own!.id);
    // As its node would: it ends without the allocator's doing.
    const master = await rm.beat({
      asks: [],
      releases: [own!],
      exclusions: [],
      readmissions: [],
      progress: 0,
    });
    if (master.kind !== 'answered') throw new Error('the ResourceManager was restarted');
    lastResponse = master.response;
    const ends = (): AllocateResponse['completed'] =>
      lastResponse.completed.filter(({ id }) => formatContainerId(id) === key);
    const told = answered(lastResponse);
    await eventually('its end', async () => {
      if (ends().length > 0) return true;
      told.push(...(await beat()));
      return undefined;
    });
    const repeated = { ...lastResponse, allocated: [], completed: ends() };
    told.push(...answered(repeated), ...answered(repeated));
    expect(told.filter(({ kind }) => kind === 'ended')).to.have.length(1);
    await eventually('its replacement', async () => {
      told.push(...(await beat()));
      return told.some(({ kind }) => kind === 'launch') ? true : undefined;
    });
    await giveBack();
    expect(told.filter(({ kind }) => kind === 'launch')).to.have.length(1);
  });

  it('none is left when the application ends', async () => {
    await rm.finish('succeeded', '');
    await eventually('no container', async () => ((await held()) <= 0 ? true : undefined));
  });
});
