import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@heddle/common';
import { expect } from 'chai';
import {
  decodeBatches,
  hashKey,
  partitionOfHash,
  plainCodeTable,
  type MapOutputLocation,
  type Sink,
  type StagePlan,
} from 'heddle/internal';
import { rangePlan } from '../host/executor-fixture.js';
import { rangeSplit } from '../pipeline/stage-fixture.js';
import { ClusterFixture, quickSettings, until, type Ended } from './cluster-fixture.js';

const MAPS = 4;
const KEYS_PER_MAP = 150;
const REDUCERS = 500;
/** As many as share a launch at most. */
const TASKS_AT_ONCE = 64;

describe('nearly empty reduce partitions of two executor processes', function () {
  this.timeout(120_000);
  let cluster: ClusterFixture;
  let folder: string;
  let requestsFile: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-ranges-test-'));
    requestsFile = join(folder, 'requests');
    writeFileSync(requestsFile, '');
    cluster = new ClusterFixture({
      settings: new Map([...quickSettings, ['heddle.shuffle.readHostLocalDisk', 'false']]),
      environment: { PATH: process.env['PATH'] ?? '', HEDDLE_TEST_REQUESTS: requestsFile },
    });
    await cluster.start();
    await until('both executors', () => cluster.added.length >= 2);
  });
  afterEach(async () => {
    const pids = [...cluster.pids.values()];
    await cluster.stop();
    await until('all processes to end', () => !pids.some(isProcessAlive));
    rmSync(folder, { recursive: true, force: true });
  });

  const requests = (): number =>
    readFileSync(requestsFile, 'utf8').split('QUERY /shuffle/parts').length - 1;

  async function ends(ids: readonly number[]): Promise<Ended[]> {
    await until('the tasks to end', () => ids.every((id) => cluster.updateOf(id) !== undefined));
    return ids.map((id) => cluster.updateOf(id)!);
  }

  /** Map tasks on both executors, by turns. */
  async function mapOutputs(): Promise<MapOutputLocation[]> {
    const sink: Sink = {
      kind: 'shuffleWrite',
      write: {
        shuffleId: 3,
        partitioner: { kind: 'hash', numPartitions: REDUCERS },
        mapSideCombine: false,
        keyed: true,
      },
    };
    const plan = rangePlan(['map'], ['double'], sink);
    const stage = cluster.stage({
      ...plan,
      nodes: [
        ...plan.nodes,
        { rddId: 2, operator: { kind: 'pairWithNull' }, inputs: [1], label: 'pairs' },
      ],
    });
    const outputs: MapOutputLocation[] = [];
    for (let map = 0; map < MAPS; map++) {
      const executorId = cluster.added[map % 2]!;
      const split = rangeSplit(map * KEYS_PER_MAP, KEYS_PER_MAP, 1, map);
      const update = await cluster.run(executorId, stage, split);
      if (update.kind !== 'succeeded' || update.result.kind !== 'mapOutput') {
        throw new Error(`a map task failed: ${JSON.stringify(update)}`);
      }
      outputs.push({ ...update.result.status, executorId, host: 'localhost' });
    }
    return outputs;
  }

  const readPlan: StagePlan = {
    nodes: [
      {
        rddId: 9,
        operator: { kind: 'shuffleRead', shuffleId: 3, keyed: true },
        inputs: [],
        label: 'read',
      },
    ],
    closures: [],
    sink: { kind: 'collect' },
  };

  it('A-158 take a request for each launch of many, and one for each task alone; with the same records and bytes', async () => {
    const outputs = await mapOutputs();
    const input = { shuffleId: 3, generation: 0, numReducePartitions: REDUCERS, outputs };
    const reader = cluster.added[1]!;
    const expected = Array.from({ length: REDUCERS }, (): unknown[] => []);
    const remote = new Set<number>();
    for (let i = 0; i < MAPS * KEYS_PER_MAP; i++) {
      const reducer = partitionOfHash(hashKey(2 * i), REDUCERS);
      expected[reducer]!.push([2 * i, null]);
      if (Math.floor(i / KEYS_PER_MAP) % 2 === 0) remote.add(reducer);
    }

    /** Runs all reduce tasks in launches of so many; returns remote bytes of each, and the requests made. */
    async function readAll(tasksAtOnce: number): Promise<{ bytes: number[]; asked: number }> {
      const stage = cluster.stage(readPlan, [input]);
      const before = requests();
      const updates: Ended[] = [];
      for (let from = 0; from < REDUCERS; from += tasksAtOnce) {
        const count = Math.min(tasksAtOnce, REDUCERS - from);
        const splits = Array.from({ length: count }, (_, i) => ({ index: from + i }));
        updates.push(...(await ends(cluster.launchTogether(reader, stage, splits))));
      }
      for (const [reducer, update] of updates.entries()) {
        if (update.kind !== 'succeeded' || update.result.kind !== 'value') {
          throw new Error(`reduce task ${reducer} failed: ${JSON.stringify(update)}`);
        }
        const found = [...decodeBatches(update.result.bytes, plainCodeTable)].flat();
        expect(found, `reducer ${reducer}`).to.deep.equal(expected[reducer]);
      }
      const bytes = updates.map(({ metrics }) => metrics.shuffleReadRemoteBytes);
      return { bytes, asked: requests() - before };
    }

    const together = await readAll(TASKS_AT_ONCE);
    const alone = await readAll(1);
    expect(remote.size).to.be.greaterThan(200);
    expect(alone.asked).to.equal(remote.size);
    expect(together.asked).to.equal(Math.ceil(REDUCERS / TASKS_AT_ONCE));
    expect(together.bytes).to.deep.equal(alone.bytes);
    expect(together.bytes.filter((bytes) => bytes > 0)).to.have.length(remote.size);
  });
});
