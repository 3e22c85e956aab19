import { expect } from 'chai';
import {
  AccessDeniedError,
  AuthenticationRefusedError,
  expandInput,
  FileNotFoundError,
  FileSystemRegistry,
  HostUnresolvableError,
  InvalidPathError,
  NameNodeUnavailableError,
  NotWebHdfsError,
  SafeModeError,
  StorageFullError,
  createAtomically,
  type FileSystem,
} from '@heddle/webhdfs';
import { expectError } from '@heddle/webhdfs/contract';
import { HadoopConfiguration, loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { WebHdfsFileSystem, webHdfsOptions, type HadoopClient } from '@heddle/webhdfs/hadoop';
import { AnswerProxy } from './answer-proxy.js';
import { openLive, type LiveFileSystem } from './live-file-system.js';

const quick = { baseDelayMs: 20, maxDelayMs: 50, maxAttempts: 4 };

describe('WebHDFS and bad input, against real daemons', function () {
  this.timeout(180_000);
  let live: LiveFileSystem;
  let fs: FileSystem;
  let root: string;
  let nameNodeUrl: string;
  let resourceManagerUrl: string;

  before(async () => {
    live = await openLive('careless');
    nameNodeUrl = new URL(await live.cluster.webHdfsUrl()).origin;
    resourceManagerUrl = new URL(await live.cluster.resourceManagerUrl()).origin;
    fs = live.fileSystem;
    root = live.root;
  });
  after(() => live.close());

  const clientAt = (url: string, more: Partial<HadoopClient> = {}): WebHdfsFileSystem => {
    const conf = new HadoopConfiguration({ siteFiles: [] });
    const client = { conf, user: 'careless', retries: quick, ...more };
    return new WebHdfsFileSystem(webHdfsOptions(client, 'webhdfs', new URL(url).host));
  };
  const write = async (fileSystem: FileSystem, path: string, bytes: Buffer): Promise<void> => {
    const writer = await fileSystem.create(path);
    try {
      await writer.write(bytes);
      await writer.close();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  };
  /** An operation that this package does not need, as the superuser. */
  const asSuperUser = async (method: string, path: string, query: string): Promise<void> => {
    const url = `${nameNodeUrl}/webhdfs/v1${path}?${query}&user.name=${live.cluster.superUser}`;
    const answer = await fetch(url, { method });
    expect(answer.status, await answer.text()).to.equal(200);
  };

  it('says that a wrong address is no WebHDFS service', async () => {
    const wrong = clientAt(resourceManagerUrl);
    const error = await expectError(wrong.status('/'), NotWebHdfsError);
    expect(error.message).to.include(new URL(resourceManagerUrl).host);
    expect(error.message).to.include('dfs.namenode.http-address');
  });

  it('says that a DataNode is no NameNode', async () => {
    const url = `${nameNodeUrl}/webhdfs/v1${root}/a?op=CREATE&user.name=careless`;
    const redirect = await fetch(url, { method: 'PUT', redirect: 'manual' });
    const dataNode = new URL(redirect.headers.get('location')!).origin;
    const error = await expectError(clientAt(dataNode).status('/'), NotWebHdfsError);
    expect(error.message).to.include('as a DataNode does').and.to.include(new URL(dataNode).host);
  });

  it('says that nobody listens, after a few attempts, naming the server', async () => {
    const closed = await AnswerProxy.start(nameNodeUrl);
    const address = `127.0.0.1:${closed.port}`;
    await closed.close();
    const error = await expectError(
      clientAt(`http://${address}`).status('/'),
      NameNodeUnavailableError,
    );
    expect(error.failures).to.deep.equal([{ server: address, reason: 'connection refused' }]);
    expect(error.attempts).to.equal(3);
  });

  it('says which NameNode name does not resolve, and which setting decides it', async () => {
    const nowhere = clientAt('http://nn.nowhere.invalid:9870');
    const error = await expectError(nowhere.status('/'), HostUnresolvableError);
    expect(error).to.include({ host: 'nn.nowhere.invalid', role: 'NameNode' });
    expect(error.message).to.include('dfs.namenode.http-address');
  });

  it('says which DataNode name does not resolve, and which setting decides it', async () => {
    await write(fs, `${root}/named`, Buffer.from('abc'));
    const proxy = await AnswerProxy.start(nameNodeUrl, {
      onRedirect: (url) => {
        url.hostname = 'dn.nowhere.invalid';
        return url;
      },
    });
    try {
      const conf = loadHadoopConfiguration({ directories: [live.cluster.confDir] });
      const client = clientAt(`http://127.0.0.1:${proxy.port}`, { conf });
      const reader = await client.openRead(`${root}/named`);
      const read = await expectError(reader.read(0, Buffer.alloc(3)), HostUnresolvableError);
      expect(read).to.include({ host: 'dn.nowhere.invalid', role: 'DataNode' });
      expect(read.setting).to.equal('dfs.datanode.hostname');
      await expectError(client.create(`${root}/unwritten`), HostUnresolvableError);
    } finally {
      await proxy.close();
    }
  });

  it('A-085 names the user, the path and the reason when permission is denied', async () => {
    await fs.makeDirectories(`${root}/private`, 0o700);
    await write(fs, `${root}/private/file`, Buffer.from('secret'));
    const mallory = live.as('mallory');
    const path = `${root}/private/file`;
    for (const attempt of [
      () => mallory.status(path),
      () => mallory.openRead(path),
      () => mallory.listNames(`${root}/private`),
      () => mallory.makeDirectories(`${root}/mine`),
      () => mallory.create(`${root}/mine.txt`),
      () => mallory.rename(`${root}/private`, `${root}/stolen`),
    ]) {
      const error = await expectError(attempt(), AccessDeniedError);
      expect(error.user).to.equal('mallory');
      expect(error.message).to.include(root).and.to.include('Permission denied: user=mallory');
      expect(error.message).not.to.match(/\bat org\.apache/);
    }
    await fs.setPermission(path, 0o600);
    await fs.setPermission(`${root}/private`, 0o755);
    const reader = await mallory.openRead(path);
    await expectError(reader.read(0, Buffer.alloc(6)), AccessDeniedError);
  });

  it('says that a file is gone between listing and reading', async () => {
    await write(fs, `${root}/fleeting`, Buffer.from('soon gone'));
    const registry = new FileSystemRegistry();
    registry.register('hdfs', () => fs);
    const [file] = await expandInput(registry, fs.uri(`${root}/fleeting`));
    const reader = await fs.openRead(`${root}/fleeting`);
    await fs.delete(`${root}/fleeting`);
    const opened = await expectError(reader.read(0, Buffer.alloc(4)), FileNotFoundError);
    expect(opened.path).to.equal(`${root}/fleeting`);
    await expectError(fs.openRead(registry.resolve(file!.path).path), FileNotFoundError);
  });

  it('reads less when a file has become shorter since it was opened', async () => {
    await write(fs, `${root}/shrinking`, Buffer.alloc(3_000_000, 'x'));
    const reader = await fs.openRead(`${root}/shrinking`);
    await fs.delete(`${root}/shrinking`);
    await write(fs, `${root}/shrinking`, Buffer.alloc(1_000_000, 'y'));
    expect(await reader.read(500_000, Buffer.alloc(2_000_000))).to.equal(500_000);
    expect(await reader.read(2_000_000, Buffer.alloc(10))).to.equal(0);
    await reader.close();
  });

  it('refuses names that no file can have, at once, whatever is done with them', async () => {
    for (const name of ['\ud800lone', 'n'.repeat(256)]) {
      await expectError(fs.create(`${root}/${name}`), InvalidPathError);
      await expectError(fs.makeDirectories(`${root}/${name}`), InvalidPathError);
    }
    await expectError(fs.status(`${root}/\ud800lone`), InvalidPathError);
    // Names as long as they may be, also while they are written.
    for (const name of ['日'.repeat(85), `a${'😀'.repeat(60)}`]) {
      const writer = await createAtomically(fs, `${root}/${name}`);
      await writer.write(Buffer.from('abc'));
      await writer.close();
      expect((await fs.status(`${root}/${name}`)).sizeBytes).to.equal(3);
    }
  });

  it('says that a quota of names or of space is used up', async () => {
    await fs.makeDirectories(`${root}/names`);
    await asSuperUser('PUT', `${root}/names`, 'op=SETQUOTA&namespacequota=1');
    const names = await expectError(fs.create(`${root}/names/a`), StorageFullError);
    expect(names.message).to.include('quota').and.to.include(`${root}/names`);
    await expectError(fs.makeDirectories(`${root}/names/d`), StorageFullError);
    await fs.makeDirectories(`${root}/space`);
    await asSuperUser('PUT', `${root}/space`, 'op=SETQUOTA&storagespacequota=1048576');
    for (const sizeBytes of [100, 6_000_000]) {
      const big = write(fs, `${root}/space/big`, Buffer.alloc(sizeBytes));
      const error = await expectError(big, StorageFullError);
      expect(error.path).to.equal(`${root}/space/big`);
    }
    expect(await fs.listNames(`${root}/space`)).to.deep.equal([]);
  });

  it('gets, uses, renews and cancels a delegation token, and says when it is refused', async () => {
    const token = await live.fileSystem.delegationToken('careless');
    expect(token).to.be.a('string');
    const { decodeTokenFromUrl } = await import('@heddle/hadoop-rpc');
    const credentials = {
      tokens: new Map([['any alias', decodeTokenFromUrl(token!)]]),
      secrets: new Map<string, Uint8Array>(),
    };
    const holder = live.as('careless', { credentials });
    await write(holder, `${root}/with-token`, Buffer.from('abc'));
    expect((await holder.status(`${root}/with-token`)).owner).to.equal('careless');
    expect(await live.fileSystem.renewDelegationToken(token!)).to.be.greaterThan(Date.now());
    await live.fileSystem.cancelDelegationToken(token!);
    const error = await expectError(
      live.fileSystem.renewDelegationToken(token!),
      AuthenticationRefusedError,
    );
    expect(error.message).to.include('HADOOP_TOKEN_FILE_LOCATION');
    expect(error.message).not.to.include(token!);
  });

  it('settles a rename whose answer was lost by the file id, and does it once', async () => {
    let losses = 0;
    const proxy = await AnswerProxy.start(nameNodeUrl, {
      onAnswer: ({ op }) => (op === 'RENAME' && losses++ < 1 ? 'drop' : 'pass'),
    });
    try {
      const client = clientAt(`http://127.0.0.1:${proxy.port}`);
      await client.makeDirectories(`${root}/lost`);
      await client.rename(`${root}/lost`, `${root}/found`);
      expect(proxy.dropped).to.equal(1);
      expect((await fs.status(`${root}/found`)).kind).to.equal('directory');
      await expectError(fs.status(`${root}/lost`), FileNotFoundError);
    } finally {
      await proxy.close();
    }
  });

  it('says that the NameNode is in safe mode, and reads meanwhile', async () => {
    await write(fs, `${root}/readable`, Buffer.from('abc'));
    const admin = async (order: string): Promise<void> => {
      const words = ['-safemode', order];
      const tool = 'org.apache.hadoop.hdfs.tools.DFSAdmin';
      const result = await live.cluster.runHadoop(tool, words, { user: live.cluster.superUser });
      expect(result.code, result.stderr).to.equal(0);
    };
    await admin('enter');
    try {
      const hasty = live.as('careless', { retries: quick });
      for (const attempt of [
        () => hasty.makeDirectories(`${root}/no`),
        () => hasty.create(`${root}/no.txt`),
        () => hasty.delete(`${root}/readable`),
        () => hasty.rename(`${root}/readable`, `${root}/no`),
      ]) {
        const error = await expectError(attempt(), SafeModeError);
        expect(error.message).to.include(root).and.to.include('safe mode');
      }
      const reader = await hasty.openRead(`${root}/readable`);
      expect(await reader.read(0, Buffer.alloc(3))).to.equal(3);
      await reader.close();
    } finally {
      await admin('leave');
    }
    await fs.makeDirectories(`${root}/yes`);
  });
});
