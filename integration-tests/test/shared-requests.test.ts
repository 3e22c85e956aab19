import { expect } from 'chai';
import { hashKey, partitionOfHash } from 'heddle/internal';
import { FaultFolder } from '../src/faults/fault-folder.js';

/** As `shared-requests-program.ts` has them. */
const partitions = 500;
const filled = new Set(
  Array.from({ length: partitions }, (_, key) => partitionOfHash(hashKey(key), partitions)),
).size;

describe('nearly empty reduce partitions on executors that do not read each other’s disks', function () {
  this.timeout(300_000);
  let folder: FaultFolder;

  beforeEach(() => (folder = new FaultFolder()));
  afterEach(() => folder.remove());

  async function requestsOf(
    adaptive: boolean,
    few: number,
    mostActions: number,
  ): Promise<readonly number[]> {
    const words = [folder.path, String(few), String(mostActions)];
    const { exitCode, answers, stderr } = await folder.run('shared-requests-program', words, {
      master: 'local-cluster[2,1,512]',
      settings: {
        'heddle.shuffle.readHostLocalDisk': 'false',
        'heddle.adaptive.enabled': String(adaptive),
      },
      preload: true,
    });
    expect(exitCode, stderr).to.equal(0);
    expect(answers['isRight'], stderr).to.equal(true);
    expect(folder.scratch.leftovers()).to.deep.equal([]);
    return answers['requests'] as number[];
  }

  it('are asked for together by tasks that share a launch', async () => {
    const few = Math.floor(filled / 5);
    // On a busy machine tasks look long, and launches are taken apart: then another action may do.
    const requests = await requestsOf(true, few, 20);
    expect(requests.at(-1), String(requests)).to.be.within(1, few);
  });

  it('are asked for one by one when every task is launched by itself', async () => {
    expect(await requestsOf(false, 0, 2)).to.deep.equal([filled, filled]);
  });
});
