import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { heddleCommand } from '../../src/command/run-heddle.js';
import { expectNothingLeft } from '../../src/yarn/nothing-left.js';
import { WalledNetwork } from '../../src/yarn/walled-network.js';
import { YarnUser, smallExecutor } from '../../src/yarn/yarn-user.js';

/** Whether somebody out here can connect. */
async function isReachable(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: 10_000 });
  try {
    await Promise.race([
      once(socket, 'connect'),
      once(socket, 'timeout').then(() => Promise.reject(new Error('timeout'))),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Whoever may not write such rules has no such network. */
const mayWall = spawnSync('iptables', ['-w', '10', '-S', 'INPUT']).status === 0;

if (mayWall) {
  describe("Client mode where nothing can connect to the client's host", function () {
    this.timeout(300_000);
    let user: YarnUser;
    let network: WalledNetwork;

    before(async () => {
      user = await YarnUser.open('walled');
      network = await WalledNetwork.open(user.cluster);
    });
    after(async () => {
      await network.close();
      user.close();
    });
    afterEach(() => expectNothingLeft(user));

    it('the host is walled: a server on it is reached from inside alone', async () => {
      const script = `require('node:net').createServer().listen(40123, '0.0.0.0', () => {
        require('node:net').connect(40123, '${network.address}', () => console.log('inside'));
      });`;
      const [file, ...rest] = [...network.entering, process.execPath, '-e', script];
      const server = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
      try {
        const [text] = (await once(server.stdout, 'data')) as [Buffer];
        expect(text.toString()).to.contain('inside');
        expect(await isReachable(network.address, 40_123)).to.equal(false);
      } finally {
        server.kill('SIGKILL');
        await once(server, 'close');
      }
    });

    it('a program with a shuffle, a broadcast and an added file runs, its driver in there (A-036)', async () => {
      const program = user.scratch.write(
        'program.ts',
        `import { HeddleContext, HeddleFiles } from 'heddle';
        import { readFileSync } from 'node:fs';
        import { networkInterfaces } from 'node:os';
        const sc = await HeddleContext.getOrCreate();
        await sc.addFile(process.argv[2]!);
        const factor = sc.broadcast(3);
        const sums = sc.range(0, 1000, 1, 4).map((x) => [x % 7, x * factor.value]).reduceByKey((a, b) => a + b, 3);
        console.log('sum', await sums.values().sum());
        console.log(await sc.range(1).map(() => readFileSync(HeddleFiles.get('added.txt'), 'utf8')).first());
        console.log(Object.values(networkInterfaces()).flat().map((one) => one?.address).join(' '));
        await sc.stop();`,
      );
      const added = user.scratch.write('added.txt', 'went out');
      const words = ['submit', '--master', 'yarn', '--deploy-mode', 'client', '--json'];
      const inside = await user.run([...words, ...smallExecutor, program, added], {
        node: 'ip',
        nodeArguments: [...network.entering.slice(1), process.execPath],
        script: heddleCommand,
      });
      expect(inside.exitCode, inside.stderr).to.equal(0);
      expect(inside.stdout).to.contain('sum 1498500\n').and.to.contain('went out\n');
      expect(inside.stdout, 'the driver was in there').to.contain(network.address);
    });
  });
}
