import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@heddle/common';
import { expect } from 'chai';
import { MessageProxy, messageFaults, type PlannedMessageFault } from '../control/message-proxy.js';
import { rangePlan } from '../host/executor-fixture.js';
import { rangeSplit } from '../pipeline/stage-fixture.js';
import { ClusterFixture, quickSettings, until } from './cluster-fixture.js';

/** Messages of a task's life, and of what the driver asks of an executor. */
const taskMessages = [
  'registerStage',
  'launch',
  'taskUpdates',
  'mayCommit',
  'commitAnswer',
  'unregisterStage',
  'removeRdd',
  'removeShuffle',
  'removeBroadcast',
  'done',
  'kill',
  'killed',
  'setLogLevel',
  'dropResult',
  'heartbeat',
  'blocksChanged',
];

describe('F26 control messages between processes', function () {
  this.timeout(300_000);
  let folder: string;
  let proxy: MessageProxy;
  let cluster: ClusterFixture;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-control-faults-'));
    const portFile = join(folder, 'port');
    proxy = new MessageProxy(() => Number(readFileSync(portFile, 'utf8')));
    cluster = new ClusterFixture({
      executors: 1,
      environment: {
        PATH: process.env['PATH'] ?? '',
        HEDDLE_TEST_PROXY: `${await proxy.listen()}:${portFile}`,
      },
      // No fault of this test may look like the end of an executor.
      settings: new Map([
        ...quickSettings,
        ['heddle.network.timeout', '60s'],
        ['heddle.task.maxDirectResultSize', '1k'],
        ['heddle.executor.decommission.forceKillTimeout', '100ms'],
      ]),
    });
  });

  afterEach(async () => {
    const pids = [...cluster.pids.values()];
    proxy.planned = [];
    await cluster.stop();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
    await until('all processes to end', () => !pids.some(isProcessAlive));
  });

  /** One of everything; each effect exactly once. */
  async function doEverything(round: number, executorId: string): Promise<void> {
    const { backend } = cluster;
    const temporaryDirectory = join(folder, `out-${round}`);
    mkdirSync(temporaryDirectory);
    const save = cluster.stage(
      rangePlan(['map'], ['double'], {
        kind: 'saveAsTextFile',
        output: { temporaryDirectory, saveId: round },
      }),
    );
    const saved = await cluster.run(executorId, save, rangeSplit(0, 3));
    expect(saved.kind, `round ${round}`).to.equal('succeeded');
    const files = readdirSync(temporaryDirectory);
    expect(files, `round ${round}`).to.have.length(1);
    expect(readFileSync(join(temporaryDirectory, files[0]!), 'utf8')).to.equal('0\n2\n4\n');
    expect(cluster.commits.filter((id) => id === saved.taskAttemptId)).to.have.length(1);
    backend.unregisterStage(save, 0);

    const large = cluster.stage(rangePlan(['map'], ['double'], { kind: 'collect' }));
    const kept = await cluster.run(executorId, large, rangeSplit(0, 1_000));
    if (kept.kind !== 'succeeded' || kept.result.kind !== 'stored') throw new Error('not kept');
    const bytes = await backend.fetchResult(executorId, kept.result);
    expect(bytes).to.have.length(kept.result.sizeBytes);

    const wait = cluster.stage(rangePlan(['map'], ['waitForKill'], { kind: 'count' }));
    const task = cluster.launch(executorId, wait, rangeSplit(0, 1));
    backend.kill(executorId, task, 'enough');
    await until(`the kill in round ${round}`, () => cluster.updateOf(task) !== undefined);

    const encoded = new SharedArrayBuffer(8);
    backend.addBroadcast(round, encoded);
    await backend.removeBroadcast(round);
    await backend.removeRdd(round);
    await backend.removeShuffle(round);
    backend.setLogLevel(round % 2 === 0 ? 'debug' : 'info');
    const ids = cluster.updates.map(({ taskAttemptId }) => taskAttemptId);
    expect(ids, `round ${round}`).to.deep.equal([...new Set(ids)]);
  }

  it('have one effect each, whatever happens to them on their way', async () => {
    await cluster.start();
    const plan: PlannedMessageFault[] = taskMessages
      .filter((message) => message !== 'blocksChanged')
      .flatMap((message) => messageFaults.map((fault) => ({ message, fault })));
    const wanted = plan.length;
    for (let round = 0; plan.length > 0 || proxy.planned.length > 0; round++) {
      // One fault of each kind of message in a round.
      const kinds = new Set(proxy.planned.map(({ message }) => message));
      for (const next of [...plan]) {
        if (kinds.has(next.message)) continue;
        kinds.add(next.message);
        plan.splice(plan.indexOf(next), 1);
        proxy.planned.push(next);
      }
      await doEverything(round, '1');
      if (round > 4 * messageFaults.length) {
        throw new Error(`never happened: ${JSON.stringify([...plan, ...proxy.planned])}`);
      }
    }
    expect(proxy.happened).to.have.length(wanted);
    expect(cluster.losses).to.deep.equal([]);
    expect(cluster.added).to.deep.equal(['1']);
  });

  it('of coming and leaving have one effect each: an executor joins once, and leaves once without blame', async () => {
    const messages = ['register', 'registered', 'peers', 'drain', 'draining', 'goodbye'];
    const combinations = messages.flatMap((message) =>
      messageFaults.map((fault) => ({ message, fault })),
    );
    proxy.planned = [...combinations];
    await cluster.start();
    let executorId = '1';
    let round = 0;
    for (; proxy.planned.length > 0; round++) {
      // What is said once in an executor's life takes as many lives as there are faults.
      if (round > 2 * messageFaults.length) {
        throw new Error(`never happened: ${JSON.stringify(proxy.planned)}`);
      }
      const stage = cluster.stage(rangePlan(['map'], ['double'], { kind: 'sum' }));
      const update = await cluster.run(executorId, stage, rangeSplit(0, 10));
      expect(update.kind).to.equal('succeeded');
      cluster.backend.drain(executorId);
      const before = executorId;
      await until(`executor ${before} to leave`, () =>
        cluster.losses.some((loss) => loss.executorId === before),
      );
      await until('its replacement', () => cluster.alive.length === 1);
      executorId = cluster.alive[0]!;
    }
    expect(cluster.failure).to.equal(undefined);
    expect(cluster.losses.filter(({ countsAsFailure }) => countsAsFailure)).to.deep.equal([]);
    expect(cluster.added).to.deep.equal([...new Set(cluster.added)]);
    expect(new Set(cluster.losses.map((loss) => loss.executorId)).size).to.equal(round);
    expect(proxy.happened).to.have.length(combinations.length);
  });
});
