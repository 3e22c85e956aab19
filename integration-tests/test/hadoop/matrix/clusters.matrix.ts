import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { type MiniCluster, isHealthy, sharedCluster } from '../../../src/cluster/index.js';
import { processesWorkingIn } from '../../../src/cluster/processes.js';

describe('A cluster for tests, beside others', function () {
  this.timeout(400_000);
  let cluster: MiniCluster;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
  });

  it('computes with MapReduce, shuffle included', async () => {
    const pi = await cluster.runHadoop(
      'org.apache.hadoop.examples.ExampleDriver',
      ['pi', '3', '10'],
      {
        timeoutMs: 240_000,
      },
    );
    expect(pi.stdout, pi.stderr.slice(-2000)).to.match(/Estimated value of Pi is 3\.6/);
  });

  it('runs while another one does, which ends with its killed owner and leaves nothing', async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'heddle-second-')), 'cluster');
    const module = fileURLToPath(new URL('../../../src/cluster/index.js', import.meta.url));
    const owner = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { MiniCluster } from ${JSON.stringify(module)};
         const cluster = await MiniCluster.start({ directory: ${JSON.stringify(directory)} });
         process.stdout.write(JSON.stringify(cluster.plan.hosts.map((host) => host.name)) + '\\n');
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const died = once(owner, 'exit').then(() => {
      throw new Error('The owner of the second cluster died.');
    });
    died.catch(() => undefined);
    const [line] = (await Promise.race([once(owner.stdout, 'data'), died])) as [Buffer];
    const names = JSON.parse(line.toString()) as string[];
    expect(processesWorkingIn(directory).length).to.be.at.least(8);
    expect(isHealthy(await cluster.health())).to.equal(true);
    const own = cluster.plan.hosts.map((host) => host.name);
    expect(names.filter((name) => own.includes(name))).to.deep.equal([]);
    owner.kill('SIGKILL');
    const deadline = Date.now() + 60_000;
    while (existsSync(directory) && Date.now() < deadline) await sleep(100);
    expect(existsSync(directory)).to.equal(false);
    expect(processesWorkingIn(directory)).to.deep.equal([]);
    const hosts = readFileSync('/etc/hosts', 'utf8');
    expect(names.filter((name) => hosts.includes(name))).to.deep.equal([]);
    expect(isHealthy(await cluster.health())).to.equal(true);
  });
});
