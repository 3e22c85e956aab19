// Where the time of a submission to YARN goes, what its processes take, and how long Hadoop's own
// MapReduce takes for the same:
// node benchmarks/dist/src/yarn/main.js [--cluster <folder of a running cluster>] [--runs 5] [--memory | --map-reduce]
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTextInput } from '../text-input.js';
import { BenchmarkCluster, executors } from './benchmark-cluster.js';
import { compareMapReduce, renderMapReduce } from './map-reduce.js';
import { measureMemory, renderMemory } from './container-memory.js';
import { renderTimeLine, timeLineOf, type Phase } from './time-line.js';

const { values: options } = parseArgs({
  options: {
    cluster: { type: 'string' },
    runs: { type: 'string', default: '5' },
    memory: { type: 'boolean', default: false },
    'map-reduce': { type: 'boolean', default: false },
  },
});
const root = join(import.meta.dirname, '..', '..', '..');
const heddle = join(root, '..', 'client', 'bin', 'heddle.js');
const program = join(root, 'programs', 'spine.ts');
const cluster = await BenchmarkCluster.open(options.cluster);
const env = { ...(process.env as Readonly<Record<string, string>>), ...cluster.environment };
const submit = (mode: string, ...words: string[]): string[] => [
  ...[process.execPath, heddle, 'submit', '--master', 'yarn', '--deploy-mode', mode, '--json'],
  ...words,
];
const putText = (): Promise<string> => {
  const text = join(root, 'work', 'text-256m.txt');
  ensureTextInput(text, 256 * 2 ** 20);
  return cluster.put(text);
};
try {
  if (options['map-reduce']) {
    const input = await putText();
    const words = join(root, 'programs', 'word-count-files.ts');
    const compared = await compareMapReduce(cluster, input, Number(options.runs), env, (output) => [
      ...submit('client', ...executors),
      ...[words, input, output],
    ]);
    process.stdout.write(`${renderMapReduce(compared)}\n`);
  } else if (options.memory) {
    const input = await putText();
    const sizes = ['512m', '1g', '2g'];
    process.stdout.write(
      `${renderMemory(await measureMemory(cluster.directory, sizes, env, (mode, size) => [...submit(mode, '--num-executors', '2', '--executor-memory', size), program, 'word-count', '0', input]))}\n`,
    );
  } else {
    const command = [...submit('client', ...executors), program, 'start', '0'];
    // The first one brings what later ones find.
    await timeLineOf(cluster, command, env);
    const runs: (readonly Phase[])[] = [];
    for (let run = 0; run < Number(options.runs); run += 1) {
      runs.push(await timeLineOf(cluster, command, env));
    }
    process.stdout.write(`${renderTimeLine(runs)}\n`);
  }
} finally {
  await cluster.close();
}
