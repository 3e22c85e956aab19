import { describeFileSystem } from '@heddle/webhdfs/contract';
import { readFileSync } from 'node:fs';
import { sharedCluster } from '@heddle/integration-tests/cluster';
import { namesThatHdfsForbids, openLive, type LiveOptions } from './live-file-system.js';

const open = (options: LiveOptions) => async () => ({
  ...(await openLive('contract', options)),
  forbiddenNames: namesThatHdfsForbids,
});

describe('WebHDFS against real daemons', function () {
  this.timeout(180_000);
  describeFileSystem('hdfs://', open({ scheme: 'hdfs' }));
  describeFileSystem('swebhdfs://, every byte through TLS', async () => {
    const { caFile } = await sharedCluster();
    return open({ scheme: 'swebhdfs', trustedCertificates: readFileSync(caFile, 'utf8') })();
  });
});
