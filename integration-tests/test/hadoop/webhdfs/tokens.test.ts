import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@heddle/common';
import { expect } from 'chai';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import {
  CredentialsFormatError,
  decodeCredentials,
  decodeTokenFromUrl,
  encodeCredentials,
  encodeTokenToUrl,
} from '@heddle/hadoop-rpc';
import { sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { AuthenticationRefusedError } from '@heddle/webhdfs';
import { expectError } from '@heddle/webhdfs/contract';
import { WebHdfsFileSystem, hadoopClientOf, webHdfsOptions } from '@heddle/webhdfs/hadoop';
import { AnswerProxy } from './answer-proxy.js';

const fetcher = 'org.apache.hadoop.hdfs.tools.DelegationTokenFetcher';
const user = 'bearer';

/**
 * A cluster without Kerberos issues, renews and cancels tokens, and takes whoever `user.name` says. So what is
 * shown here is that files are read as Hadoop writes them and the other way round, that the right token goes with
 * every request to NameNode and DataNodes, and that the cluster itself knows the token.
 */
describe('A-087 Tokens of HADOOP_TOKEN_FILE_LOCATION, against real daemons', function () {
  this.timeout(180_000);
  let cluster: MiniCluster;
  let folder: string;
  let file: string;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    folder = mkdtempSync(join(tmpdir(), 'heddle-tokens-'));
    file = join(folder, 'tokens');
    const fetched = await cluster.runHadoop(fetcher, ['--renewer', user, file], { user });
    expect(fetched.code, fetched.stderr).to.equal(0);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A client as a process makes it whose environment names a token file, with the NameNode at an address. */
  const clientWith = (tokenFile: string, nameNode?: string): WebHdfsFileSystem => {
    const overrides: Record<string, string> =
      nameNode === undefined ? {} : { 'dfs.namenode.http-address': nameNode };
    const client = hadoopClientOf({
      settings: new Map<string, string>(),
      environment: { HADOOP_USER_NAME: user, HADOOP_TOKEN_FILE_LOCATION: tokenFile },
      logger: silentLogger,
      conf: loadHadoopConfiguration({ directories: [cluster.confDir], overrides }),
    });
    return new WebHdfsFileSystem(webHdfsOptions(client, 'hdfs', ''));
  };

  it('are read from the file that Hadoop’s fetchdt wrote, and go with every request', async () => {
    const [token] = decodeCredentials(readFileSync(file)).tokens.values();
    expect(token!.kind).to.equal('HDFS_DELEGATION_TOKEN');
    const sent: (string | null)[] = [];
    const redirected: (string | null)[] = [];
    const proxy = await AnswerProxy.start(await cluster.webHdfsUrl(), {
      onAnswer: ({ query }) => {
        sent.push(query.get('delegation'));
        return 'pass';
      },
      onRedirect: (url) => {
        redirected.push(url.searchParams.get('delegation'));
        return url;
      },
    });
    const fs = clientWith(file, `127.0.0.1:${proxy.port}`);
    try {
      const path = `/tmp/tokens-${process.pid}`;
      const writer = await fs.create(path);
      await writer.write(Buffer.from('abc'));
      await writer.close();
      const reader = await fs.openRead(path);
      expect(await reader.read(0, Buffer.alloc(3))).to.equal(3);
      await reader.close();
      await fs.delete(path);
      expect(sent.length).to.be.greaterThan(4);
      expect(new Set(sent)).to.deep.equal(new Set([encodeTokenToUrl(token!)]));
      // The NameNode hands a token of its own on to DataNodes where security is on; here, none or ours.
      expect(redirected).to.have.length(2);
    } finally {
      fs.close();
      await proxy.close();
    }
    // The NameNode knows it: it renews this very token.
    const plain = clientWith('');
    expect(await plain.renewDelegationToken(encodeTokenToUrl(token!))).to.be.above(Date.now());
    plain.close();
  });

  it('are written so that Hadoop’s fetchdt prints and cancels them', async () => {
    const plain = clientWith('');
    const url = await plain.delegationToken(user);
    // As Hadoop's clients do: a token of WebHDFS is for the address that it came from.
    const service = new URL(await cluster.webHdfsUrl()).host;
    const token = { ...decodeTokenFromUrl(url!), service };
    for (const version of [0, 1] as const) {
      const ours = join(folder, `ours-${version}`);
      const tokens = new Map([[token.service, token]]);
      writeFileSync(ours, encodeCredentials({ tokens, secrets: new Map() }, version));
      const printed = await cluster.runHadoop(fetcher, ['--print', ours], { user });
      expect(printed.stdout, printed.stderr).to.match(/delegation token \d+ for bearer/);
    }
    const cancelled = await cluster.runHadoop(fetcher, ['--cancel', join(folder, 'ours-0')], {
      user,
    });
    expect(cancelled.code, cancelled.stderr).to.equal(0);
    // So a token is refused that is no longer valid.
    const refusal = plain.renewDelegationToken(url!);
    const error = await expectError(refusal, AuthenticationRefusedError);
    expect(error.message).to.include('HADOOP_TOKEN_FILE_LOCATION');
    expect(error.message).not.to.include(url);
    plain.close();
  });

  it('are a typed error when the file is no credentials file', () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, 'these are no tokens');
    expect(() => clientWith(broken)).to.throw(CredentialsFormatError);
  });
});
