import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { eventually } from '../eventually.js';
import { openLive, type LiveFileSystem } from '../webhdfs/live-file-system.js';

const run = promisify(execFile);

/** Hosts with addresses of their own: only there a NameNode can see who is near. */
describe('A cluster whose hosts are containers', function () {
  this.timeout(120_000);
  let live: LiveFileSystem;

  before(async function () {
    this.timeout(900_000);
    live = await openLive('near');
  });
  after(() => live.close());

  it('A-075 sends each worker to its own replica of a block', async () => {
    const { cluster, fileSystem, root } = live;
    const writer = await fileSystem.create(`${root}/everywhere`, { replication: 3 });
    await writer.write(Buffer.from('on every worker'));
    await writer.close();
    await eventually('three replicas', async () => {
      const [block] = await fileSystem.blockLocations(`${root}/everywhere`, 0, 1);
      return block?.hosts.length === 3 ? true : undefined;
    });
    const { hostname, port } = new URL(await cluster.webHdfsUrl());
    const request = `GET /webhdfs/v1${root}/everywhere?op=OPEN&user.name=near HTTP/1.0`;
    // Nothing but a shell is in there.
    const script = `exec 3<>/dev/tcp/${hostname}/${port}; printf '${request}\\r\\n\\r\\n' >&3; cat <&3`;
    for (const number of [1, 2, 3]) {
      const container = `heddle-cluster-${cluster.plan.slot}-w${number}`;
      const { stdout } = await run('docker', ['exec', container, 'bash', '-c', script]);
      const location = /^location: (.*)$/im.exec(stdout)?.[1] ?? stdout;
      expect(new URL(location).hostname).to.equal(cluster.worker(number).name);
    }
  });
});
