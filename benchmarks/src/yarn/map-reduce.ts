import { MiniCluster } from '@heddle/integration-tests/cluster';
import { runMeasured } from '../measured-process.js';
import { spreadOf, spreadText, type Spread } from '../report.js';
import type { BenchmarkCluster } from './benchmark-cluster.js';

/** Word count into files, from the command's start to its end. */
export interface MapReduceComparison {
  readonly heddleMs: Spread;
  readonly mapReduceMs: Spread;
}

const timeoutMs = 600_000;
/** Two reducers as ours; JVMs of the sizes and flags that start fastest on a small machine. */
const tuned: Readonly<Record<string, string>> = {
  'mapreduce.framework.name': 'yarn',
  'mapreduce.job.reduces': '2',
  'mapreduce.map.memory.mb': '1024',
  'mapreduce.reduce.memory.mb': '1024',
  'mapreduce.map.java.opts': '-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
  'mapreduce.reduce.java.opts': '-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
  'yarn.app.mapreduce.am.resource.mb': '640',
  'yarn.app.mapreduce.am.command-opts': '-Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
};

/** Hadoop's own word count beside ours, over the same file, runs interleaved. @throws Error when they count differently */
export async function compareMapReduce(
  cluster: BenchmarkCluster,
  input: string,
  runs: number,
  env: Readonly<Record<string, string>>,
  command: (output: string) => readonly string[],
): Promise<MapReduceComparison> {
  const hadoop = MiniCluster.attach(cluster.directory);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const output = `/user/bench/words-mapreduce-${run}`;
    const ownOutput = `/user/bench/words-heddle-${run}`;
    await cluster.remove(output);
    await cluster.remove(ownOutput);
    const measured = await runMeasured(command(ownOutput), env);
    ours.push(measured.wallMs);
    const startedMs = performance.now();
    const settings = Object.entries(tuned).map(([key, value]) => `-D${key}=${value}`);
    const result = await hadoop.runHadoop(
      'org.apache.hadoop.examples.ExampleDriver',
      ['wordcount', ...settings, input, output],
      { timeoutMs, user: 'bench' },
    );
    theirs.push(performance.now() - startedMs);
    const words = await cluster.countLines(output);
    if (String(words) !== measured.result.check) {
      throw new Error(
        `Heddle found ${measured.result.check} words, MapReduce ${words}: ${result.stderr.slice(-2_000)}`,
      );
    }
    process.stderr.write(
      `run ${run + 1}: Heddle ${Math.round(ours[run]!)} ms, MapReduce ${Math.round(theirs[run]!)} ms\n`,
    );
  }
  return { heddleMs: spreadOf(ours), mapReduceMs: spreadOf(theirs) };
}

/** One line of Markdown. */
export function renderMapReduce({ heddleMs, mapReduceMs }: MapReduceComparison): string {
  const ratio = (heddleMs.median / mapReduceMs.median).toFixed(2);
  return `| Heddle ms | MapReduce ms | ratio |\n| --- | --- | --- |\n| ${spreadText(heddleMs)} | ${spreadText(mapReduceMs)} | ${ratio} |`;
}
