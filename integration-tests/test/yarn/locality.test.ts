import { expect } from 'chai';
import { YarnPrograms, executorOnEachNode } from '../../src/yarn/yarn-programs.js';
import { deployModes, type DeployMode } from '../../src/yarn/yarn-user.js';

/** Counts lines, and says on which hosts. The first action reads another input than the first job of the program. */
const program = `
  import { HeddleContext } from 'heddle';
  const sc = await HeddleContext.getOrCreate();
  const lines = sc.textFile(process.argv[2]!);
  const places = await lines.mapPartitions(function* (partition) {
    let count = 0;
    for (const line of partition) count += line.length > 0 ? 1 : 0;
    yield [process.env['NM_HOST']!, count] as [string, number];
  }).collect();
  console.log('places ' + JSON.stringify(places));
  await sc.stop();
`;

/** On a busy machine a node may take longer to offer what it has. */
const patient = { 'heddle.yarn.locality.wait': '30s' };

/** The same when all its executors are there. */
const withThree = program.replace(
  'const places',
  `for (let waits = 0; waits < 600 && sc.statusTracker.getExecutorInfos().length < 3; waits++) {
    await new Promise((go) => setTimeout(go, 100));
  }
  const places`,
);
const oneExecutor = ['--num-executors', '1', '--executor-memory', '256m'];

interface Seen {
  readonly places: readonly (readonly [string, number])[];
  readonly nodeLocalBytes: number;
  readonly otherBytes: number;
}

describe('Where executors and tasks run on YARN', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('locality');
  });

  after(() => yarn.close());

  afterEach(() => yarn.tidy());

  async function run(
    mode: DeployMode,
    text: string,
    path: string,
    conf: Readonly<Record<string, string>> = {},
    words: readonly string[] = oneExecutor,
  ): Promise<Seen> {
    const result = await yarn.submit(mode, text, {
      words,
      conf,
      args: [path],
    });
    expect(result.exitCode, result.stderr).to.equal(0);
    const printed = await yarn.account.printed(mode, result);
    const places = JSON.parse(/^places (.*)$/m.exec(printed)![1]!) as Seen['places'];
    const told = await yarn.told(mode, result);
    expect(told, 'the summary').to.match(/input read: .* node-local .* rack-local .* remote/);
    const input = (result.report?.['input'] ?? {}) as Record<string, number>;
    const { nodeLocalBytes = 0, rackLocalBytes = 0, remoteBytes = 0 } = input;
    return { places, nodeLocalBytes, otherBytes: rackLocalBytes + remoteBytes };
  }

  /** A file of one block, of which there is one copy, on a host that its name tells. */
  async function fileOnOneHost(name: string): Promise<string> {
    await yarn.account.put(name, 'a b a\n'.repeat(2_000), { replication: 1 });
    const [hosts] = await yarn.blockHosts(name);
    expect(hosts).to.have.length(1);
    return hosts![0]!;
  }

  for (const mode of deployModes) {
    it(`an executor comes to the only copy of the input, and reads there, in ${mode} mode (A-056)`, async () => {
      const host = await fileOnOneHost(`near-${mode}.txt`);
      const { places, nodeLocalBytes, otherBytes } = await run(
        mode,
        program,
        `near-${mode}.txt`,
        patient,
      );
      expect(places.reduce((sum, [, count]) => sum + count, 0)).to.equal(2_000);
      expect(new Set(places.map(([where]) => where))).to.deep.equal(new Set([host]));
      if (mode === 'client') expect([nodeLocalBytes, otherBytes]).to.deep.equal([12_000, 0]);
    });
  }

  it('the first request already names the host of an input that no job has read yet (A-056)', async () => {
    const host = await fileOnOneHost('named.txt');
    // The first job knows no hosts; its executor comes where the input of the second one is.
    const first = program.replace(
      'const places',
      `const [where] = await sc.parallelize([1], 1).map(() => process.env['NM_HOST']!).collect();
      console.log('first ' + where);
      const places`,
    );
    const result = await yarn.submit('client', first, { conf: patient, args: ['named.txt'] });
    expect(result.exitCode, result.stderr).to.equal(0);
    expect(result.stdout).to.contain(`first ${host}`);
  });

  it('with locality switched off executors come anywhere, and fewer bytes are near (A-070)', async () => {
    const names = ['off-1', 'off-2', 'off-3', 'off-4', 'off-5', 'off-6'];
    for (const [i, name] of names.entries()) {
      await yarn.account.putOn(1 + (i % 3), `off/${name}`, 'a b a\n'.repeat(20_000));
    }
    const hosts = await Promise.all(names.map(async (name) => yarn.blockHosts(`off/${name}`)));
    expect(new Set(hosts.flat(2)).size, 'on three hosts').to.equal(3);
    const near = await run('client', withThree, 'off', {}, executorOnEachNode);
    expect(near.nodeLocalBytes / (near.nodeLocalBytes + near.otherBytes)).to.be.at.least(0.9);
    const off = { 'heddle.yarn.locality.enabled': 'false', 'heddle.locality.wait': '0' };
    const far = await run('client', program, 'off', off);
    expect(far.places.reduce((sum, [, count]) => sum + count, 0)).to.equal(120_000);
    expect(far.nodeLocalBytes, 'one executor is near a part of it').to.be.lessThan(
      near.nodeLocalBytes,
    );
    expect(far.otherBytes).to.be.greaterThan(0);
  });
});
