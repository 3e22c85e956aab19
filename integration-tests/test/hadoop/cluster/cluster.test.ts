import { expect } from 'chai';

import { type MiniCluster, isHealthy, sharedCluster } from '../../../src/cluster/index.js';
import { submitShell, waitForEnd, waitForReport } from '../../../src/cluster/shell-application.js';
import { eventually } from '../eventually.js';

const fsShell = 'org.apache.hadoop.fs.FsShell';

describe('The Hadoop cluster for tests', function () {
  this.timeout(120_000);
  let cluster: MiniCluster;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
  });

  it('has three running NodeManagers on two racks and three live DataNodes', async () => {
    expect(isHealthy(await cluster.health())).to.equal(true);
    const url = `${await cluster.resourceManagerUrl()}/ws/v1/cluster/nodes`;
    const { nodes } = (await (await fetch(url)).json()) as {
      nodes: { node: { nodeHostName: string; rack: string }[] };
    };
    const racks = Object.fromEntries(nodes.node.map((node) => [node.nodeHostName, node.rack]));
    expect(racks).to.deep.equal({
      [cluster.worker(1).name]: '/rack-a',
      [cluster.worker(2).name]: '/rack-a',
      [cluster.worker(3).name]: '/rack-b',
    });
  });

  it('needs less than 2 GiB of memory when it is ready', () => {
    // Noted at the start: what daemons need after hours of other tests is those tests' affair.
    const bytes = Object.values(cluster.memoryBytesWhenReady());
    expect(bytes).to.have.length(cluster.plan.daemons.length);
    expect(bytes.every((one) => one > 0)).to.equal(true);
    expect(bytes.reduce((sum, one) => sum + one, 0)).to.be.below(2 * 2 ** 30);
  });

  it('stores small blocks on hosts with names and racks', async () => {
    const file = `/user/cluster-test/blocks-${process.pid}`;
    const input = 'x'.repeat(2 * 2 ** 20 + 1);
    const put = await cluster.runHadoop(fsShell, ['-put', '-', file], { input });
    expect(put.code, put.stderr).to.equal(0);
    const url = `${await cluster.webHdfsUrl()}${file}?op=GETFILEBLOCKLOCATIONS&user.name=root`;
    // The second DataNode of a pipeline reports its replica a moment after the file was closed.
    const blocks = await eventually('two replicas of each block', async () => {
      const { BlockLocations } = (await (await fetch(url)).json()) as {
        BlockLocations: {
          BlockLocation: { length: number; hosts: string[]; topologyPaths: string[] }[];
        };
      };
      const located = BlockLocations.BlockLocation;
      return located.every(({ hosts }) => hosts.length === 2) ? located : undefined;
    });
    expect(blocks.map((block) => block.length)).to.deep.equal([2 ** 20, 2 ** 20, 1]);
    const workers = [1, 2, 3].map((number) => cluster.worker(number).name);
    for (const { hosts, topologyPaths } of blocks) {
      expect(workers).to.include.members(hosts);
      const racks = new Set(topologyPaths.map((path) => path.split('/')[1]));
      expect([...racks].sort()).to.deep.equal(['rack-a', 'rack-b']);
    }
    const removed = await cluster.runHadoop(fsShell, [
      '-rm',
      '-r',
      '-skipTrash',
      '/user/cluster-test',
    ]);
    expect(removed.code, removed.stderr).to.equal(0);
  });

  it('shows containers no Node in their PATH, and aggregates their logs', async () => {
    const id = await submitShell(cluster, {
      user: 'alice',
      command:
        'echo programs: $(command -v bash ls java | wc -l); ' +
        'if command -v node nodejs npm npx; then exit 9; else echo no such program; exit 7; fi',
    });
    const report = await waitForEnd(cluster, id);
    expect(report.state).to.equal('FAILED');
    expect(report.diagnostics).to.contain('exitCode: 7');
    await waitForReport(
      cluster,
      id,
      ({ logAggregationStatus }) => logAggregationStatus === 'SUCCEEDED',
    );
    const logs = await cluster.runHadoop(
      'org.apache.hadoop.yarn.client.cli.LogsCLI',
      ['-applicationId', id, '-appOwner', 'alice'],
      { user: 'alice' },
    );
    expect(logs.stdout)
      .to.match(/^programs: 3$/m)
      .and.to.match(/^no such program$/m);
  });

  it('kills a container whose virtual memory exceeds 2.1 times its size', async () => {
    const id = await submitShell(cluster, {
      user: 'alice',
      memoryMb: 256,
      // Reserves address space and waits.
      command:
        'sleep 60 | java -Xms1g -Xmx1g -cp $HADOOP_CONF_DIR:' +
        `'${cluster.plan.jarDirectory}/*' ${fsShell} -put - /tmp/never`,
    });
    const report = await waitForEnd(cluster, id);
    expect(report.diagnostics)
      .to.contain('exitCode: -103')
      .and.to.contain("'VIRTUAL' memory limit");
  });

  it('kills a container that uses more memory than its size', async () => {
    const id = await submitShell(cluster, {
      user: 'alice',
      memoryMb: 128,
      // What tail keeps of a stream without line ends is all of it.
      command: '(head -c 200m /dev/zero; sleep 60) | tail',
    });
    const report = await waitForEnd(cluster, id);
    expect(report.diagnostics).to.match(/exitCode: -10[34]/);
  });
});
