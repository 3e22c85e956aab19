import { readFileSync } from 'node:fs';
import { sharedCluster } from '@heddle/integration-tests/cluster';
import { describeFileSystem } from '@heddle/webhdfs/contract';

import { namesThatHdfsForbids, openLive } from '../webhdfs/live-file-system.js';

describe('A cluster for tests, whatever its web servers speak', function () {
  this.timeout(180_000);
  describeFileSystem('hdfs:// as the site files say', async () => {
    const { caFile } = await sharedCluster();
    const trustedCertificates = readFileSync(caFile, 'utf8');
    return {
      ...(await openLive('contract', { trustedCertificates })),
      forbiddenNames: namesThatHdfsForbids,
    };
  });
});
