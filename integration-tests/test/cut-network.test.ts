import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { FaultFolder } from '../src/faults/fault-folder.js';

const settings = {
  // Everything goes through the executors' own servers.
  'heddle.shuffle.service.enabled': 'false',
  'heddle.shuffle.readHostLocalDisk': 'false',
  'heddle.shuffle.io.maxRetries': '1',
  'heddle.shuffle.io.retryWait': '200ms',
  'heddle.excludeOnFailure.enabled': 'true',
  'heddle.excludeOnFailure.application.fetchFailure.enabled': 'true',
  // Each of the two blames the other one, and all are on one host.
  'heddle.excludeOnFailure.application.maxFailedExecutorsPerNode': '10',
};

describe('F23 two executors that cannot reach each other, while the driver reaches both', function () {
  this.timeout(300_000);
  let folder: FaultFolder;

  beforeEach(() => (folder = new FaultFolder()));
  afterEach(() => folder.remove());

  async function expectRightAnswer(cut: string, more: Record<string, string>): Promise<void> {
    folder.write('cut', cut);
    const { exitCode, answers, stderr } = await folder.run('peers-program', [folder.path], {
      master: 'local-cluster[3,1,512]',
      settings: { ...settings, ...more },
      preload: true,
    });
    expect(folder.notes('was-cut'), stderr).to.have.length(1);
    expect(exitCode, stderr).to.equal(0);
    expect(answers).to.deep.equal({ keys: 100, total: 60_000 });
    // At most four attempts of nine tasks.
    expect(folder.notes('map-').length).to.be.within(10, 36);
    expect(stderr).to.match(/failures of tasks changed which executors are used/);
    expect(folder.scratch.leftovers()).to.deep.equal([]);
  }

  it('makes the outputs of one of them again elsewhere, in a bounded number of attempts, when they are refused', async () => {
    await expectRightAnswer('refuse', {});
  });

  it('does the same when nothing answers', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = silent.address() as AddressInfo;
      await expectRightAnswer(String(port), { 'heddle.shuffle.io.connectionTimeout': '2s' });
      expect(sockets.size).to.be.greaterThan(0);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => silent.close(() => resolve()));
    }
  });
});
