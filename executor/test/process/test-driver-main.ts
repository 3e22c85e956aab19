import { rangePlan } from '../host/executor-fixture.js';
import { rangeSplit } from '../pipeline/stage-fixture.js';
import { ClusterFixture, until } from './cluster-fixture.js';

// A driver that starts two executors, gives one of them a task without an end, says so, and waits.
const cluster = new ClusterFixture();
await cluster.start();
await until('both executors', () => cluster.added.length === 2);
cluster.launch(
  '1',
  cluster.stage(rangePlan(['map'], ['loop'], { kind: 'count' })),
  rangeSplit(0, 1),
);
process.stdout.write(
  `${JSON.stringify({
    pids: [...cluster.pids.values()],
    folder: cluster.folder,
    directory: cluster.directories.directories[0],
  })}\n`,
);
setInterval(() => undefined, 1_000);
