import { readWholeFile } from '@heddle/webhdfs';
import { expect } from 'chai';
import { YarnPrograms, executorOnEachNode } from '../../src/yarn/yarn-programs.js';
import { deployModes } from '../../src/yarn/yarn-user.js';

/** A shuffle between three executors, each of which has map and reduce tasks. */
const program = `
  import { HeddleContext } from 'heddle';
  const sc = await HeddleContext.getOrCreate();
  for (let waits = 0; waits < 900 && sc.statusTracker.getExecutorInfos().length < 3; waits++) {
    await new Promise((go) => setTimeout(go, 100));
  }
  const sums = await sc
    .range(0, 60_000, 1, 12)
    .map((n): [number, number] => [n % 1_000, n])
    .mapPartitions(function* (pairs) {
      // Long enough that every executor takes some.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      yield* pairs;
    })
    .reduceByKey((a, b) => a + b, 12)
    .mapPartitions(function* (pairs) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      yield* pairs;
    })
    .values()
    .sum();
  console.log('sum ' + sums);
  await sc.stop();
`;

interface TaskEnd {
  readonly kind: string;
  readonly task?: { readonly executorId: string; readonly host: string };
  readonly metrics?: {
    readonly shuffleWriteBytes: number;
    readonly shuffleReadLocalBytes: number;
    readonly shuffleReadRemoteBytes: number;
  };
}

describe('The phases of an application on YARN', function () {
  this.timeout(300_000);
  let yarn: YarnPrograms;

  before(async () => {
    yarn = await YarnPrograms.open('phases');
  });

  after(() => yarn.close());

  afterEach(() => yarn.tidy());

  for (const mode of deployModes) {
    it(`follow one another, and executors of all hosts exchange data, in ${mode} mode (A-041, A-042)`, async () => {
      const { id, result } = await yarn.start(mode, program, {
        words: executorOnEachNode,
        conf: { 'heddle.log.level': 'info' },
      });
      const ended = await result;
      expect(ended.exitCode, ended.stderr).to.equal(0);
      expect(await yarn.account.printed(mode, ended)).to.contain('sum 1799970000');

      const log = await yarn.log(id, 'am');
      const phases = [
        'registered',
        'containers are asked for',
        'a container is launched',
        'an executor has registered',
        'ending',
      ];
      const places = phases.map((phase) => log.search(new RegExp(`INFO +${phase}`)));
      expect(places, log).to.not.include(-1);
      expect(places).to.deep.equal(places.toSorted((a, b) => a - b));

      const events = await eventsOf(String(ended.report?.['eventLog']));
      const written = new Set<string>();
      const fetched = new Set<string>();
      for (const { kind, task, metrics } of events) {
        if (kind !== 'taskEnd' || task === undefined || metrics === undefined) continue;
        if (metrics.shuffleWriteBytes > 0) written.add(task.host);
        if (metrics.shuffleReadRemoteBytes > 0) fetched.add(task.host);
      }
      const hosts = [1, 2, 3].map((number) => yarn.cluster.worker(number).name);
      expect([...written].sort(), 'hosts that wrote map outputs').to.deep.equal(hosts);
      expect([...fetched].sort(), 'hosts that fetched from others').to.deep.equal(hosts);
    });
  }

  async function eventsOf(uri: string): Promise<TaskEnd[]> {
    const { fileSystem, path } = yarn.account.files.registry.resolve(uri);
    const { sizeBytes } = await fileSystem.status(path);
    const text = (await readWholeFile(fileSystem, path, sizeBytes)).toString('utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TaskEnd);
  }
});
