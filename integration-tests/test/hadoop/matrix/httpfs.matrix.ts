import { randomUUID } from 'node:crypto';
import { HttpFsGateway, sharedCluster } from '@heddle/integration-tests/cluster';
import { loadHadoopConfiguration } from '@heddle/hadoop-conf';
import { describeFileSystem } from '@heddle/webhdfs/contract';
import { WebHdfsFileSystem, webHdfsOptions } from '@heddle/webhdfs/hadoop';

import { namesThatHdfsForbids } from '../webhdfs/live-file-system.js';

describe('A gateway of HttpFS', function () {
  this.timeout(180_000);
  let gateway: HttpFsGateway;

  before(async function () {
    this.timeout(900_000);
    gateway = await HttpFsGateway.start(await sharedCluster());
  });
  after(() => gateway.stop());

  describeFileSystem('webhdfs:// through HttpFS', async () => {
    const cluster = await sharedCluster();
    const conf = loadHadoopConfiguration({ directories: [cluster.confDir] });
    const as = (user: string): WebHdfsFileSystem =>
      new WebHdfsFileSystem(webHdfsOptions({ conf, user }, 'webhdfs', gateway.address));
    const root = `/user/contract/${randomUUID()}`;
    const admin = as(cluster.superUser);
    const fileSystem = as('contract');
    await admin.makeDirectories(root);
    await admin.setOwner(root, 'contract');
    return {
      fileSystem,
      root,
      forbiddenNames: namesThatHdfsForbids,
      close: async () => {
        await admin.delete(root);
        admin.close();
        fileSystem.close();
      },
    };
  });
});
