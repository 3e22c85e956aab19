import { MiniCluster } from '@heddle/integration-tests/cluster';
import { measureHdfsSpeed } from './hdfs-speed.js';

// node benchmarks/dist/src/hdfs/main.js <folder of a running cluster> [MB] [rounds] [with Hadoop's client: yes]
const [directory, megabytes = '128', rounds = '3', withHadoop = 'no'] = process.argv.slice(2);
if (directory === undefined) throw new Error('the folder of a running cluster is needed');
const cluster = MiniCluster.attach(directory);
const speeds = await measureHdfsSpeed({
  confDir: cluster.confDir,
  user: cluster.superUser,
  bytes: Number(megabytes) * 1_000_000,
  rounds: Number(rounds),
  ...(withHadoop === 'yes'
    ? {
        fsShell: async (words: readonly string[]) => {
          const main = 'org.apache.hadoop.fs.FsShell';
          const result = await cluster.runHadoop(main, words, { user: cluster.superUser });
          if (result.code !== 0) throw new Error(result.stderr);
        },
      }
    : {}),
});
for (const { way, direction, seconds, megabytesPerSecond } of speeds) {
  const curl = speeds.find((other) => other.way === 'curl' && other.direction === direction);
  const ratio = curl === undefined ? '' : `, ${(curl.seconds / seconds).toFixed(2)} of curl`;
  const speed = `${megabytesPerSecond.toFixed(0)} MB/s (${seconds.toFixed(2)} s${ratio})`;
  process.stdout.write(`${direction} ${way}: ${speed}\n`);
}
