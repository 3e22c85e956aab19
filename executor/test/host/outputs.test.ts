import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CommittedFile, MapOutputStatus, Sink } from 'heddle/internal';
import { rangeSplit } from '../pipeline/stage-fixture.js';
import { ExecutorFixture, rangePlan, resultOf } from './executor-fixture.js';

describe('what tasks leave behind', () => {
  let fixture: ExecutorFixture;

  beforeEach(() => {
    fixture = new ExecutorFixture();
  });

  afterEach(async () => {
    await fixture.stop();
  });

  const save = (): { sink: Sink; folder: string } => {
    const folder = join(fixture.folder, '._heddle_test_1');
    mkdirSync(folder);
    return {
      folder,
      sink: {
        kind: 'saveAsTextFile',
        output: { temporaryDirectory: `file://${folder}`, saveId: 12 },
      },
    };
  };

  it('a saved partition is committed after the driver said so', async () => {
    const { sink, folder } = save();
    const stage = fixture.stage(rangePlan(['map'], ['double'], sink));
    const task = stage.task(rangeSplit(0, 3, 1, 4));
    const update = await fixture.launch(task).ended;
    const file = resultOf(stage.stage, update) as CommittedFile;
    expect(file).to.deep.include({ partition: 4, name: 'part-00004', records: 3 });
    expect(readFileSync(join(folder, file.temporaryName), 'utf8')).to.equal('0\n2\n4\n');
    expect(fixture.commits).to.deep.equal([task.taskAttemptId]);
  });

  it('a denied commit is reported as such, and the file is gone', async () => {
    fixture.mayCommit = false;
    const { sink, folder } = save();
    const stage = fixture.stage(rangePlan(['map'], ['double'], sink));
    const update = await stage.launch(rangeSplit(0, 3));
    expect(update.kind === 'failed' && update.failure.kind).to.equal('commitDenied');
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('a failed save leaves no file and asks for no commit', async () => {
    const { sink, folder } = save();
    const stage = fixture.stage(rangePlan(['map'], ['throwError'], sink));
    await stage.error(rangeSplit(0, 3));
    expect(readdirSync(folder)).to.deep.equal([]);
    expect(fixture.commits).to.deep.equal([]);
  });

  it('a map output is published, and removed with its shuffle', async () => {
    const sink: Sink = {
      kind: 'shuffleWrite',
      write: {
        shuffleId: 3,
        partitioner: { kind: 'hash', numPartitions: 4 },
        mapSideCombine: false,
        keyed: true,
      },
    };
    const plan = rangePlan(['map'], ['double'], sink);
    const stage = fixture.stage({
      ...plan,
      nodes: [
        ...plan.nodes,
        { rddId: 2, operator: { kind: 'pairWithNull' }, inputs: [1], label: 'pairs' },
      ],
    });
    const status = (await stage.result(rangeSplit(0, 100))) as MapOutputStatus;
    expect(status).to.deep.include({ shuffleId: 3, records: 100 });
    expect(status.partSizesBytes).to.have.lengthOf(4);
    const folder = join(status.localDirectory, 'output', status.mapId);
    expect(readdirSync(folder)).to.include('file.out');
    await fixture.executor.removeShuffle(3);
    expect(existsSync(folder)).to.equal(false);
  });

  it('records that are no pairs are refused by the map side of a keyed shuffle', async () => {
    const sink: Sink = {
      kind: 'shuffleWrite',
      write: {
        shuffleId: 4,
        partitioner: { kind: 'hash', numPartitions: 2 },
        mapSideCombine: false,
        keyed: true,
      },
    };
    const stage = fixture.stage(rangePlan(['map'], ['double'], sink));
    const error = await stage.error(rangeSplit(0, 1));
    expect(error.name).to.equal('RecordTypeError');
    expect(error.message).to.include('pairs');
  });
});
