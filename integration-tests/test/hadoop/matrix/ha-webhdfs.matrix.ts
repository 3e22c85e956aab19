import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { LeveledLogger, type LogEntry } from '@heddle/common';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { NameNodeUnavailableError } from '@heddle/webhdfs';
import { expectError } from '@heddle/webhdfs/contract';
import { WebHdfsFileSystem, webHdfsOptions, type HadoopClient } from '@heddle/webhdfs/hadoop';
import { expect } from 'chai';

import { AnswerProxy } from '../webhdfs/answer-proxy.js';

const mebibyte = 1024 * 1024;

describe('A-086 WebHDFS on a pair of NameNodes', function () {
  this.timeout(300_000);
  let cluster: MiniCluster;
  let root: string;
  const logged: LogEntry[] = [];
  const opened: WebHdfsFileSystem[] = [];

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    root = `/tmp/ha-${randomUUID()}`;
    await clientWith().makeDirectories(root);
  });
  beforeEach(() => (logged.length = 0));
  afterEach('both NameNodes run, one is active', async () => {
    for (const name of ['nn1', 'nn2']) {
      if (!(await cluster.isRunning(name))) await cluster.startDaemon(name);
    }
    await cluster.waitForHealth(120_000);
  });
  after(() => {
    for (const one of opened) one.close();
  });

  function clientWith(
    overrides: Record<string, string> = {},
    more: Partial<HadoopClient> = {},
  ): WebHdfsFileSystem {
    const conf = loadHadoopConfiguration({ directories: [cluster.confDir], overrides });
    const logger = new LeveledLogger({ write: (entry) => logged.push(entry) }, { level: 'debug' });
    const client = { conf, user: cluster.superUser, logger, ...more };
    const fileSystem = new WebHdfsFileSystem(webHdfsOptions(client, 'hdfs', 'heddle'));
    opened.push(fileSystem);
    return fileSystem;
  }

  /** The name of the NameNode that serves, and of the other. */
  async function roles(): Promise<{ readonly active: string; readonly standby: string }> {
    const { hostname } = new URL(await cluster.webHdfsUrl());
    const one = cluster.plan.daemons.find(({ name, host }) => {
      return name.startsWith('nn') && host.address === hostname;
    });
    return one?.name === 'nn1'
      ? { active: 'nn1', standby: 'nn2' }
      : { active: 'nn2', standby: 'nn1' };
  }

  function repeated(): string[] {
    return logged
      .filter(({ message }) => message === 'a NameNode call is tried again')
      .map(({ fields }) => String(fields['nameNode']).slice(0, 3));
  }

  it('goes on when the active one is killed in the middle of a read', async () => {
    const fs = clientWith();
    const content = randomBytes(5 * mebibyte);
    const writer = await fs.create(`${root}/read`);
    await writer.write(content);
    await writer.close();
    const reader = await fs.openRead(`${root}/read`);
    const found = Buffer.alloc(content.length);
    expect(await reader.read(0, found.subarray(0, mebibyte))).to.equal(mebibyte);
    const { active, standby } = await roles();
    await cluster.kill(active);
    const switched = cluster.activate(standby);
    // Each of these reads begins at another place, and so asks a NameNode.
    for (const block of [3, 1, 4, 2]) {
      const part = found.subarray(block * mebibyte, (block + 1) * mebibyte);
      expect(await reader.read(block * mebibyte, part)).to.equal(mebibyte);
    }
    await switched;
    await reader.close();
    expect(digest(found)).to.equal(digest(content));
    expect(repeated(), 'the fault happened').to.include(active);
  });

  it('goes on when the active one is killed in the middle of a write', async () => {
    const fs = clientWith();
    const content = randomBytes(6 * mebibyte);
    const writer = await fs.create(`${root}/write`);
    await writer.write(content.subarray(0, mebibyte + 1));
    const { active, standby } = await roles();
    await cluster.kill(active);
    const switched = cluster.activate(standby);
    // Further blocks, which the DataNode must ask the other NameNode for.
    await writer.write(content.subarray(mebibyte + 1));
    await writer.close();
    await switched;
    const reader = await fs.openRead(`${root}/write`);
    const found = Buffer.alloc(content.length);
    expect(await reader.read(0, found)).to.equal(content.length);
    await reader.close();
    expect(digest(found)).to.equal(digest(content));
    expect(repeated(), 'the fault happened').to.include(active);
  });

  it('goes on when the active one is killed in the middle of a listing', async () => {
    const names = Array.from({ length: 35 }, (_, i) => `d${String(i).padStart(2, '0')}`);
    for (const name of names) await clientWith().makeDirectories(`${root}/list/${name}`);
    const { active, standby } = await roles();
    let batches = 0;
    let switched: Promise<void> | undefined;
    const proxy = await AnswerProxy.start(new URL(await cluster.webHdfsUrl()).origin, {
      onAnswer: async ({ op, status }) => {
        if (op !== 'LISTSTATUS_BATCH' || status !== 200) return 'pass';
        batches += 1;
        if (batches < 2) return 'pass';
        // It dies before its second answer has arrived.
        await cluster.kill(active);
        switched = cluster.activate(standby);
        return 'drop';
      },
    });
    try {
      const key = `dfs.namenode.http-address.heddle.${active}`;
      const fs = clientWith({ [key]: `127.0.0.1:${proxy.port}` });
      expect(await fs.listNames(`${root}/list`)).to.deep.equal(names);
      expect(proxy.dropped).to.equal(1);
      expect(repeated(), 'the fault happened').to.include(active);
      await switched;
    } finally {
      await proxy.close();
    }
  });

  it('settles a rename that the active one did before it died, without doing it twice', async () => {
    await clientWith().makeDirectories(`${root}/from`);
    const { active, standby } = await roles();
    let switched: Promise<void> | undefined;
    const proxy = await AnswerProxy.start(new URL(await cluster.webHdfsUrl()).origin, {
      onAnswer: async ({ op, status }) => {
        if (op !== 'RENAME' || status !== 200) return 'pass';
        await cluster.kill(active);
        switched = cluster.activate(standby);
        return 'drop';
      },
    });
    try {
      const key = `dfs.namenode.http-address.heddle.${active}`;
      const fs = clientWith({ [key]: `127.0.0.1:${proxy.port}` });
      await fs.rename(`${root}/from`, `${root}/to`);
      await switched;
      expect(proxy.dropped).to.equal(1);
      expect((await fs.listNames(root)).filter((name) => /^(from|to)$/.test(name))).to.deep.equal([
        'to',
      ]);
    } finally {
      await proxy.close();
    }
  });

  it('says of each why it cannot serve when both are standby, and waits when told to', async () => {
    const { active } = await roles();
    // Without automatic fail-over a NameNode that starts is a standby.
    await cluster.restart(active);
    const hasty = clientWith({}, { retries: { baseDelayMs: 20, maxDelayMs: 100, maxAttempts: 4 } });
    let error: NameNodeUnavailableError;
    const deadline = Date.now() + 60_000;
    do {
      // Until its web server is up the connection is refused.
      error = await expectError(hasty.status('/'), NameNodeUnavailableError);
    } while (
      !error.failures.every(({ reason }) => reason.includes('standby')) &&
      Date.now() < deadline
    );
    const told = error.failures.map(({ server, reason }) => [
      server.slice(0, 3),
      /state standby/.test(reason),
    ]);
    expect(told.sort()).to.deep.equal([
      ['nn1', true],
      ['nn2', true],
    ]);
    expect(error.message).to.include('heddle');
    const patient = clientWith().status('/');
    await cluster.activate(active);
    expect((await patient).kind).to.equal('directory');
  });
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
