import { describeFileSystem } from '@heddle/webhdfs/contract';
import { namesThatHdfsForbids, openLive, type LiveOptions } from './live-file-system.js';

const open = (options: LiveOptions) => async () => ({
  ...(await openLive('contract', options)),
  forbiddenNames: namesThatHdfsForbids,
});

describe('WebHDFS against real daemons', function () {
  this.timeout(180_000);
  describeFileSystem('hdfs://', open({ scheme: 'hdfs' }));
});
