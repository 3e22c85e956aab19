import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, silentLogger } from '@heddle/common';
import { expect } from 'chai';
import { loadHadoopConfiguration, type HadoopConfiguration } from '@heddle/hadoop-conf';
import {
  makeCertificates,
  sharedCluster,
  type MiniCluster,
} from '@heddle/integration-tests/cluster';
import { CertificateError, NotWebHdfsError, openFileSystems } from '@heddle/webhdfs';
import { expectError } from '@heddle/webhdfs/contract';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';
import { AnswerProxy } from './answer-proxy.js';

const quick = { baseDelayMs: 20, maxDelayMs: 50, maxAttempts: 4 };

describe('WebHDFS over TLS, against real daemons', function () {
  this.timeout(180_000);
  let cluster: MiniCluster;
  let conf: HadoopConfiguration;
  let authority: string;
  let folder: string;
  const opened: { close(): unknown }[] = [];

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
    authority = conf.getRequired('dfs.namenode.https-address');
    folder = mkdtempSync(join(tmpdir(), 'heddle-tls-'));
  });
  afterEach(() => {
    for (const one of opened.splice(0)) void one.close();
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const clientAt = (address: string, trustedCertificates?: string): WebHdfsFileSystem => {
    const trust = trustedCertificates === undefined ? {} : { trustedCertificates };
    const client = { conf, user: cluster.superUser, retries: quick, ...trust };
    const fileSystem = new WebHdfsFileSystem(webHdfsOptions(client, 'swebhdfs', address));
    opened.push(fileSystem);
    return fileSystem;
  };
  const registryWith = (settings: Record<string, string>): ReturnType<typeof openFileSystems> =>
    openFileSystems({
      settings: new Map(Object.entries(settings)),
      environment: { HADOOP_CONF_DIR: cluster.confDir, HADOOP_USER_NAME: cluster.superUser },
      logger: silentLogger,
    });

  it('takes the authority from heddle.hadoop.tls.caFile', async () => {
    const registry = registryWith({ 'heddle.hadoop.tls.caFile': cluster.caFile });
    const { fileSystem, path } = registry.resolve(`swebhdfs://${authority}/tmp/tls-${process.pid}`);
    const writer = await fileSystem.create(path);
    await writer.write(Buffer.from('through TLS'));
    await writer.close();
    const reader = await fileSystem.openRead(path);
    const bytes = Buffer.alloc(20);
    const count = await reader.read(0, bytes);
    expect(bytes.subarray(0, count).toString()).to.equal('through TLS');
    await reader.close();
    expect(await fileSystem.delete(path)).to.equal(true);
  });

  it('reads every byte in steps of any size, also into shared memory', async () => {
    const fs = clientAt(authority, readFileSync(cluster.caFile, 'utf8'));
    const path = `/tmp/tls-steps-${process.pid}`;
    const content = randomBytes(3_000_001);
    const writer = await fs.create(path);
    await writer.write(content);
    await writer.close();
    // TLS hands out whole records, also after a reader has enough for now.
    for (const step of [1_000, 70_000, 1_048_576]) {
      const reader = await fs.openRead(path, { start: 0, end: content.length });
      const into = new Uint8Array(new SharedArrayBuffer(step));
      const found: Buffer[] = [];
      for (let at = 0; at < content.length;) {
        const count = await reader.read(at, into);
        found.push(Buffer.from(into.slice(0, count)));
        at += count;
      }
      await reader.close();
      expect(Buffer.concat(found).equals(content), `steps of ${step}`).to.equal(true);
    }
    await fs.delete(path);
  });

  it('refuses a certificate whose authority is not known, naming server and setting', async () => {
    const error = await expectError(clientAt(authority).status('/'), CertificateError);
    expect(error.server).to.equal(authority);
    expect(error.message).to.include('heddle.hadoop.tls.caFile');
    // Also as a program meets it, where nothing is set.
    const { fileSystem } = registryWith({}).resolve(`swebhdfs://${authority}/tmp`);
    await expectError(fileSystem.status('/tmp'), CertificateError);
  });

  it('refuses a certificate of another authority', async () => {
    const other = await makeCertificates(join(folder, 'other'), ['DNS:elsewhere.example']);
    const wrong = clientAt(authority, readFileSync(other.caFile, 'utf8'));
    const error = await expectError(wrong.status('/'), CertificateError);
    expect(error.message).to.include('heddle.hadoop.tls.caFile');
  });

  it('refuses a certificate that belongs to another host', async () => {
    const other = await makeCertificates(join(folder, 'host'), ['DNS:elsewhere.example']);
    const proxied = await AnswerProxy.start(await cluster.webHdfsUrl(), {
      tls: { pfx: readFileSync(other.keyStore), passphrase: other.password },
    });
    try {
      const client = clientAt(`127.0.0.1:${proxied.port}`, readFileSync(other.caFile, 'utf8'));
      const error = await expectError(client.status('/'), CertificateError);
      expect(error.reason).to.match(/altnames/i);
    } finally {
      await proxied.close();
    }
  });

  it('refuses a DataNode whose certificate is not trusted, where the NameNode is', async () => {
    const { fileSystem } = registryWith({ 'heddle.hadoop.tls.caFile': cluster.caFile }).resolve(
      `swebhdfs://${authority}/tmp`,
    );
    const path = `/tmp/tls-node-${process.pid}`;
    const writer = await fileSystem.create(path);
    await writer.write(Buffer.from('abc'));
    await writer.close();
    const own = await makeCertificates(join(folder, 'own'), ['IP:127.0.0.1']);
    const proxied = await AnswerProxy.start(await cluster.webHdfsUrl(), {
      tls: { pfx: readFileSync(own.keyStore), passphrase: own.password },
      // To a server for TLS with the certificate of the cluster.
      onRedirect: (url) => new URL(url.href.replace(url.origin, `https://${authority}`)),
    });
    try {
      const client = clientAt(`127.0.0.1:${proxied.port}`, readFileSync(own.caFile, 'utf8'));
      const reader = await client.openRead(path);
      const error = await expectError(reader.read(0, Buffer.alloc(3)), CertificateError);
      expect(error.server).to.equal(authority);
      await reader.close();
    } finally {
      await proxied.close();
      await fileSystem.delete(path);
    }
  });

  it('says that a port does not speak TLS, and that a file of certificates cannot be read', async () => {
    const plain = new URL(await cluster.webHdfsUrl()).host;
    const error = await expectError(clientAt(plain).status('/'), Error);
    expect(error.message).to.include(plain);
    const registry = registryWith({ 'heddle.hadoop.tls.caFile': join(folder, 'none.pem') });
    const { fileSystem } = registry.resolve(`swebhdfs://${authority}/tmp`);
    const unread = await expectError(fileSystem.status('/tmp'), ConfigError);
    expect(unread.message).to.include('none.pem').and.to.include('heddle.hadoop.tls.caFile');
  });

  it('never follows a redirect from TLS to plain text', async () => {
    const own = await makeCertificates(join(folder, 'plain'), ['IP:127.0.0.1']);
    const proxied = await AnswerProxy.start(await cluster.webHdfsUrl(), {
      tls: { pfx: readFileSync(own.keyStore), passphrase: own.password },
    });
    try {
      const client = clientAt(`127.0.0.1:${proxied.port}`, readFileSync(own.caFile, 'utf8'));
      const path = `/tmp/tls-redirect-${process.pid}`;
      const error = await expectError(client.create(path), NotWebHdfsError);
      expect(error.message).to.include('from https to plain http');
    } finally {
      await proxied.close();
    }
  });

  it('reads certificates of several authorities from one file', async () => {
    const other = await makeCertificates(join(folder, 'more'), ['DNS:elsewhere.example']);
    const file = join(folder, 'several.pem');
    writeFileSync(file, readFileSync(other.caFile, 'utf8') + readFileSync(cluster.caFile, 'utf8'));
    const { fileSystem } = registryWith({ 'heddle.hadoop.tls.caFile': file }).resolve(
      `swebhdfs://${authority}/tmp`,
    );
    expect((await fileSystem.status('/tmp')).kind).to.equal('directory');
  });
});
