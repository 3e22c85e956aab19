import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { hostConfDirectory, hostDirectory } from '@heddle/integration-tests/cluster';
import { repositoryRoot, type CommandResult } from '../../src/command/run-heddle.js';
import {
  YarnPrograms,
  executorOnEachNode,
  type ContainerProcess,
} from '../../src/yarn/yarn-programs.js';
import { deployModes, type DeployMode } from '../../src/yarn/yarn-user.js';

const file = join(repositoryRoot, 'integration-tests/src/chaos/lost-executor-program.ts');
/** Parts go over the network, also between executors of one node. */
const overNetwork = { 'heddle.shuffle.readHostLocalDisk': 'false' };

/** What was seen of a job whose map outputs were read again after harm to who wrote them. */
interface Outcome {
  readonly result: CommandResult;
  readonly told: string;
  /** Map partitions that ran on the victim's host at first. */
  readonly onVictim: readonly number[];
  /** Map partitions that ran again. */
  readonly again: readonly number[];
}

describe('Map outputs on YARN', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('map-outputs');
  });

  after(() => yarn.close());

  afterEach(() => yarn.tidy());

  /** Lets map tasks run on three nodes, does harm, and lets the job read their outputs again. */
  async function runWithHarm(
    mode: DeployMode,
    conf: Readonly<Record<string, string>>,
    pick: (executors: readonly ContainerProcess[], master: ContainerProcess) => ContainerProcess,
    harm: (victim: ContainerProcess, id: string) => Promise<void> | void,
  ): Promise<Outcome> {
    const { folder } = yarn;
    const { id, result } = await yarn.start(
      mode,
      { file },
      {
        words: executorOnEachNode,
        conf: { ...overNetwork, ...conf },
        args: [folder, '3'],
      },
    );
    await yarn.heard('ready');
    const first = new Map(
      yarn.marks('map-').map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
    expect(first.size, 'each map task ran once').to.equal(8);
    const executors = yarn.processes(id).filter(({ kind }) => kind === 'executor');
    const victim = pick(executors, yarn.one(id, 'master'));
    const onVictim = [...first]
      .filter(([, host]) => host === victim.host)
      .map(([name]) => partitionOf(name));
    expect(onVictim, 'it has map outputs').to.have.length.greaterThan(0);
    await harm(victim, id);
    yarn.say('go');
    const ended = await result;
    const all = yarn.marks('map-');
    const again = all.filter((name) => !first.has(name)).map(partitionOf);
    expect(ended.exitCode, ended.stderr).to.equal(0);
    const printed = await yarn.account.printed(mode, ended);
    expect(printed).to.contain('{"first":80000}').and.to.contain('{"second":80000}');
    expect(await yarn.leftProcesses(id)).to.deep.equal([]);
    const told = await yarn.told(mode, ended);
    return { result: ended, told, onVictim: onVictim.sort(), again: again.sort() };
  }

  function kill({ pid }: ContainerProcess): void {
    process.kill(pid, 'SIGKILL');
  }

  /** The application's folder on a node. */
  function appCache(host: string, id: string): string {
    const on = yarn.cluster.plan.hosts.find(({ name }) => name === host)!;
    const local = join(hostDirectory(yarn.cluster.plan, on), 'nm-local', 'usercache');
    return join(local, yarn.user, 'appcache', id);
  }

  function nodeManagerOf(host: string): string {
    return yarn.cluster.plan.daemons.find(
      ({ kind, host: on }) => kind === 'nodemanager' && on.name === host,
    )!.name;
  }

  const farFrom = (
    executors: readonly ContainerProcess[],
    master: ContainerProcess,
  ): ContainerProcess => executors.find(({ host }) => host !== master.host)!;

  for (const mode of deployModes) {
    it(`outlive their executor through the node's own service, in ${mode} mode (F02, A-165)`, async () => {
      let directory = '';
      const outcome = await runWithHarm(
        mode,
        {},
        ([first]) => first!,
        (victim, id) => {
          directory = appCache(victim.host, id);
          const outputs = join(directory, 'output');
          const folders = readdirSync(outputs);
          expect(folders).to.have.length.greaterThan(0);
          for (const folder of folders) {
            const modeOf = (...names: string[]): string =>
              (statSync(join(outputs, folder, ...names)).mode & 0o7777).toString(8).slice(-3);
            expect(modeOf(), 'its group may look into it').to.equal('750');
            expect(modeOf('file.out')).to.equal('640');
            expect(modeOf('file.out.index')).to.equal('640');
          }
          kill(victim);
        },
      );
      expect(outcome.again, outcome.told).to.deep.equal([]);
      await yarn.until(() => !existsSync(directory), 'YARN removes the map outputs');
    });
  }

  it('are made again only where the whole node was lost (F18)', async () => {
    let daemon = '';
    try {
      const outcome = await runWithHarm('client', {}, farFrom, async (victim) => {
        daemon = nodeManagerOf(victim.host);
        await yarn.cluster.kill(daemon);
        kill(victim);
      });
      expect(outcome.again, outcome.told).to.deep.equal(outcome.onVictim);
    } finally {
      if (daemon !== '') await yarn.cluster.startDaemon(daemon);
      await yarn.cluster.waitForHealth();
    }
  });

  it('die with their executor where the node has no such service, which the log says (A-132)', async () => {
    const on = yarn.cluster.worker(3);
    const daemon = nodeManagerOf(on.name);
    const site = join(hostConfDirectory(yarn.cluster.plan, on), 'yarn-site.xml');
    const text = readFileSync(site, 'utf8');
    try {
      await yarn.cluster.terminate(daemon);
      writeFileSync(site, text.replace(/>mapreduce_shuffle</, '><'));
      await yarn.cluster.startDaemon(daemon);
      await yarn.cluster.waitForHealth();
      const outcome = await runWithHarm(
        'client',
        { 'heddle.log.level': 'info' },
        (executors) => executors.find(({ host }) => host === on.name)!,
        kill,
      );
      expect(outcome.again, outcome.told).to.deep.equal(outcome.onVictim);
      expect(outcome.told).to.contain(`the NodeManager on ${on.name} has no mapreduce_shuffle`);
    } finally {
      if (await yarn.cluster.isRunning(daemon)) await yarn.cluster.terminate(daemon);
      await yarn.cluster.restart(daemon);
      await yarn.cluster.waitForHealth();
    }
  });
});

/** `map-<partition>-<attempt>` */
function partitionOf(name: string): number {
  return Number(name.split('-')[1]);
}
