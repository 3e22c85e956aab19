import { MiniCluster } from '@heddle/integration-tests/cluster';
import { measureHdfsSpeed } from './hdfs-speed.js';

// node benchmarks/dist/src/hdfs/main.js <folder of a running cluster> [MB] [rounds] [with Hadoop's client: yes]
const [directory, megabytes = '256', rounds = '5', withHadoop = 'no'] = process.argv.slice(2);
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
for (const speed of speeds) {
  const { way, direction } = speed;
  const curl = speeds.find((other) => other.way === 'curl' && other.direction === direction)!;
  const figure = (perSecond: number, seconds: number, ofCurl: number): string =>
    `${perSecond.toFixed(0)} MB/s (${seconds.toFixed(3)} s, ${ofCurl.toFixed(2)} of curl)`;
  const wall = figure(speed.megabytesPerSecond, speed.seconds, curl.seconds / speed.seconds);
  const cpu = figure(
    speed.megabytesPerCpuSecond,
    speed.cpuSeconds,
    curl.cpuSeconds / speed.cpuSeconds,
  );
  process.stdout.write(`${direction} ${way}: ${wall}; by CPU time ${cpu}\n`);
}
