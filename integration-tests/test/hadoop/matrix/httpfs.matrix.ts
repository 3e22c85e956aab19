import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { HttpFsGateway, sharedCluster, type MiniCluster } from '@heddle/integration-tests/cluster';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { AccessDeniedError, FileExistsError, FileNotFoundError } from '@heddle/webhdfs';
import { expectError } from '@heddle/webhdfs/contract';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';
import { expect } from 'chai';

const user = 'guest';

describe('HttpFS, a real gateway before the cluster', function () {
  this.timeout(180_000);
  let cluster: MiniCluster;
  let gateway: HttpFsGateway | undefined;
  let fs: WebHdfsFileSystem;
  let admin: WebHdfsFileSystem;
  let root: string;

  before(async function () {
    this.timeout(900_000);
    cluster = await sharedCluster();
    gateway = await HttpFsGateway.start(cluster);
    const conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
    const as = (name: string): WebHdfsFileSystem =>
      new WebHdfsFileSystem(webHdfsOptions({ conf, user: name }, 'webhdfs', gateway!.address));
    fs = as(user);
    admin = as(cluster.superUser);
    root = `/user/${user}/${randomUUID()}`;
    await admin.makeDirectories(root);
    await admin.setOwner(root, user);
  });
  after(async () => {
    await gateway?.stop();
    fs.close();
    admin.close();
  });

  const write = async (path: string, bytes: Buffer): Promise<void> => {
    const writer = await fs.create(path);
    await writer.write(bytes);
    await writer.close();
  };

  it('takes files and gives them back, whole and from any byte on', async () => {
    const content = randomBytes(3_000_000);
    await write(`${root}/whole`, content);
    await write(`${root}/empty`, Buffer.alloc(0));
    const reader = await fs.openRead(`${root}/whole`);
    const found = Buffer.alloc(content.length);
    expect(await reader.read(0, found)).to.equal(content.length);
    expect(digest(found)).to.equal(digest(content));
    const part = Buffer.alloc(1000);
    expect(await reader.read(2_000_000, part)).to.equal(1000);
    expect(part.equals(content.subarray(2_000_000, 2_001_000))).to.equal(true);
    expect(await reader.read(2_999_990, part)).to.equal(10);
    await reader.close();
    expect((await fs.status(`${root}/empty`)).sizeBytes).to.equal(0);
  });

  it('tells statuses, listings, sums and block locations', async () => {
    await fs.makeDirectories(`${root}/d/e`);
    await write(`${root}/d/file ü`, Buffer.alloc(2_500_000, 'x'));
    expect(await fs.listNames(`${root}/d`)).to.deep.equal(['e', 'file ü']);
    expect(await fs.contentSummary(`${root}/d`)).to.include({ files: 1, sizeBytes: 2_500_000 });
    const status = await fs.status(`${root}/d/file ü`);
    expect(status).to.include({ kind: 'file', owner: user, mode: 0o644 });
    const blocks = await fs.blockLocations(status.path, 0, 2_500_000);
    expect(blocks.reduce((sum, { length }) => sum + length, 0)).to.equal(2_500_000);
  });

  it('renames to a free name, and refuses one that is taken', async () => {
    await fs.makeDirectories(`${root}/from`);
    await fs.makeDirectories(`${root}/taken`);
    await expectError(fs.rename(`${root}/from`, `${root}/taken`), FileExistsError);
    expect(await fs.listNames(`${root}/taken`)).to.deep.equal([]);
    await fs.rename(`${root}/from`, `${root}/to`);
    await expectError(fs.status(`${root}/from`), FileNotFoundError);
    expect((await fs.status(`${root}/to`)).kind).to.equal('directory');
  });

  it('refuses what HDFS refuses, with the same errors', async () => {
    await expectError(fs.openRead(`${root}/none`), FileNotFoundError);
    await expectError(fs.create(`${root}/none/file`), FileNotFoundError);
    await admin.makeDirectories(`${root}/locked`, 0o700);
    await expectError(fs.listNames(`${root}/locked`), AccessDeniedError);
    expect(await fs.delete(`${root}/to`)).to.equal(true);
    expect(await fs.delete(`${root}/to`)).to.equal(false);
  });
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
