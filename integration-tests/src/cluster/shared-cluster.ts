import { MiniCluster } from './mini-cluster.js';

let shared: Promise<MiniCluster> | undefined;
let isOurs = false;

/**
 * The cluster that all tests of this process share: started by the first that asks, stopped by mocha's root
 * hook, or, where that does not run, with the process. `HEDDLE_CLUSTER_DIR` names a running one to use
 * instead; `HEDDLE_CLUSTER_PROFILE` and `HEDDLE_CLUSTER_WAY` say which kind to start.
 * Tests leave it as they found it: every daemon running, every folder of theirs removed.
 * @throws Error when it cannot be started; asking again does not start it again
 */
export function sharedCluster(): Promise<MiniCluster> {
  shared ??= openShared();
  return shared;
}

async function openShared(): Promise<MiniCluster> {
  const running = process.env['HEDDLE_CLUSTER_DIR'];
  if (running !== undefined && running !== '') return MiniCluster.attach(running);
  isOurs = true;
  const way = process.env['HEDDLE_CLUSTER_WAY'] === 'docker' ? 'docker' : 'processes';
  return MiniCluster.start({
    way,
    profile: process.env['HEDDLE_CLUSTER_PROFILE'] ?? 'default',
    report: (line) => {
      process.stdout.write(`    cluster: ${line}\n`);
    },
  });
}

/** Stops the shared cluster if it was started; the logs stay when `keepLogs` says so. */
export async function stopSharedCluster(options: { keepLogs?: boolean } = {}): Promise<void> {
  if (!shared || !isOurs) return;
  let cluster: MiniCluster;
  try {
    cluster = await shared;
  } catch {
    return;
  }
  await cluster.stop(options);
  if (options.keepLogs)
    process.stdout.write(`    cluster: logs stay in ${cluster.plan.directory}\n`);
}

/** The part of mocha's test that a hook needs. */
interface EndedTest {
  readonly state?: string;
}

/** The part of mocha's hook context that we use. */
interface HookContext {
  timeout(ms: number): void;
  readonly currentTest?: EndedTest;
}

let someTestFailed = false;

/** Mocha's root hooks: the shared cluster ends with the last test; its logs stay if any test failed. */
export const mochaHooks = {
  afterEach(this: HookContext): void {
    if (this.currentTest?.state === 'failed') someTestFailed = true;
  },
  async afterAll(this: HookContext): Promise<void> {
    this.timeout(60_000);
    await stopSharedCluster({ keepLogs: someTestFailed });
  },
};
