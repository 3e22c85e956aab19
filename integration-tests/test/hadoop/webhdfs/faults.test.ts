import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LeveledLogger, type LogEntry } from '@heddle/common';
import { expect } from 'chai';
import {
  FileNotFoundError,
  ReadFailedError,
  RemoteFileSystemError,
  WriteFailedError,
  type FileSystem,
} from '@heddle/webhdfs';
import { expectError } from '@heddle/webhdfs/contract';
import { eventually } from '../eventually.js';
import { openLive, type LiveFileSystem } from './live-file-system.js';

const mebibyte = 1024 * 1024;

describe('WebHDFS and faults of real daemons', function () {
  this.timeout(240_000);
  let live: LiveFileSystem;
  let fs: FileSystem;
  let root: string;
  const logged: LogEntry[] = [];

  before(async () => {
    const logger = new LeveledLogger({ write: (entry) => logged.push(entry) }, { level: 'debug' });
    live = await openLive('unlucky', { logger, retries: { baseDelayMs: 100, maxDelayMs: 500 } });
    fs = live.fileSystem;
    root = live.root;
  });
  beforeEach(() => (logged.length = 0));
  after(() => live.close());

  const write = async (path: string, bytes: Buffer, blockSizeBytes?: number): Promise<void> => {
    const writer = await fs.create(path, {
      replication: 2,
      ...(blockSizeBytes === undefined ? {} : { blockSizeBytes }),
    });
    await writer.write(bytes);
    await writer.close();
  };
  /** The name of the daemon (`dn1`) of a host. */
  const dataNodeOf = (host: string): string => {
    const found = live.cluster.plan.daemons.find(
      (daemon) => daemon.kind === 'datanode' && daemon.host.name === host,
    );
    if (found === undefined) throw new Error(`no DataNode on ${host}`);
    return found.name;
  };
  const restart = async (name: string): Promise<void> => {
    await live.cluster.startDaemon(name);
    await live.cluster.waitForHealth();
  };

  it('A-076 goes on at another replica when a DataNode is killed in the middle of a read', async () => {
    // More than the socket's buffers hold, so that most of it is still to come.
    const { path, content } = await writeTwice('read', 48 * mebibyte);
    const reader = await fs.openRead(path, { start: 0, end: content.length });
    const found = Buffer.alloc(content.length);
    expect(await reader.read(0, found.subarray(0, mebibyte))).to.equal(mebibyte);
    const reading = logged.filter(({ message }) => message === 'reading from a DataNode');
    const victim = dataNodeOf(String(reading[0]!.fields['dataNode']).split(':')[0]!);
    await live.cluster.kill(victim);
    try {
      const rest = await reader.read(mebibyte, found.subarray(mebibyte));
      expect(rest).to.equal(content.length - mebibyte);
      expect(digest(found)).to.equal(digest(content));
      const warned = logged.filter(({ message }) => message.includes('another one is tried'));
      expect(warned, 'the fault happened').not.to.deep.equal([]);
      expect(String(warned[0]!.fields['dataNode'])).to.include(
        live.cluster.daemon(victim).host.name,
      );
    } finally {
      await reader.close();
      await restart(victim);
    }
  });

  it('fails a write whose DataNode is killed, and leaves no file after the abort', async () => {
    const writer = await fs.create(`${root}/write`, { replication: 1 });
    await writer.write(Buffer.alloc(mebibyte, 'x'));
    const begun = logged.find(({ message }) => message === 'writing to a DataNode');
    const victim = dataNodeOf(String(begun!.fields['dataNode']).split(':')[0]!);
    await live.cluster.kill(victim);
    try {
      const rest = async (): Promise<void> => {
        for (let i = 0; i < 64; i += 1) await writer.write(Buffer.alloc(mebibyte, 'y'));
        await writer.close();
      };
      const error = await expectError(rest(), WriteFailedError);
      expect(error.dataNode).to.include(live.cluster.daemon(victim).host.name);
      expect(error.bytesWritten).to.be.lessThan(65 * mebibyte);
      await writer.abort();
      await expectError(fs.status(`${root}/write`), FileNotFoundError);
      // The other DataNodes take it.
      await write(`${root}/write`, Buffer.alloc(mebibyte, 'z'));
    } finally {
      await restart(victim);
    }
  });

  it('reads a file of which one replica was cut short, and says when all were', async () => {
    const { path, content } = await writeTwice('cut', mebibyte / 2);
    const replicas = replicaFiles(content.length);
    expect(replicas).to.have.length(2);
    truncateSync(replicas[0]!, 1000);
    const reader = await fs.openRead(path);
    const found = Buffer.alloc(content.length);
    expect(await reader.read(0, found)).to.equal(content.length);
    expect(digest(found)).to.equal(digest(content));
    await reader.close();
    // The NameNode has another copy made of the one that is whole: what comes after a cut is cut too.
    const error = await eventually('no copy is whole', async () => {
      for (const file of replicaFiles(content.length)) truncateSync(file, 1000);
      const again = await fs.openRead(path);
      try {
        await again.read(0, found);
        expect(digest(found)).to.equal(digest(content));
        return undefined;
      } catch (thrown) {
        if (thrown instanceof ReadFailedError) return thrown;
        throw thrown;
      } finally {
        await again.close();
      }
    });
    expect(error.path).to.equal(path);
    expect(error.failures).not.to.deep.equal([]);
  });

  it('A-082 reads what FsShell wrote, and writes what FsShell reads', async () => {
    const shell = async (...words: string[]): Promise<string> => {
      const main = 'org.apache.hadoop.fs.FsShell';
      const result = await live.cluster.runHadoop(main, words, { user: 'unlucky' });
      expect(result.code, result.stderr).to.equal(0);
      return result.stdout;
    };
    const text = 'one\r\ntwo ümläut\n';
    await write(`${root}/ours é.txt`, Buffer.from(text));
    expect(await shell('-cat', `${root}/ours é.txt`)).to.equal(text);
    await shell('-cp', `${root}/ours é.txt`, `${root}/theirs.txt`);
    const reader = await fs.openRead(`${root}/theirs.txt`);
    const bytes = Buffer.alloc(100);
    const count = await reader.read(0, bytes);
    expect(bytes.subarray(0, count).toString()).to.equal(text);
    await reader.close();
  });

  /**
   * A file with two replicas. A DataNode may just have come back: what was written meanwhile has one, and
   * the NameNode waits minutes before it tries again, so another file is written, of another size.
   */
  async function writeTwice(
    name: string,
    sizeBytes: number,
  ): Promise<{ readonly path: string; readonly content: Buffer }> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const path = `${root}/${name}-${attempt}`;
      const content = randomBytes(sizeBytes + attempt);
      try {
        await write(path, content, 64 * mebibyte);
      } catch (error) {
        // For a while the NameNode may have no node to write to.
        if (!(error instanceof RemoteFileSystemError || error instanceof WriteFailedError))
          throw error;
        await setTimeout(1_000);
        continue;
      }
      for (let looks = 0; looks < 20; looks++) {
        const [block] = await fs.blockLocations(path, 0, 1);
        if (block?.hosts.length === 2) return { path, content };
        await setTimeout(200);
      }
    }
    throw new Error('no file got two replicas');
  }

  /** The block files of a size below all DataNodes. */
  function replicaFiles(sizeBytes: number): string[] {
    const folder = join(live.cluster.plan.directory, 'hosts');
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /^blk_\d+$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.size === sizeBytes);
  }
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
