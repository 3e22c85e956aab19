/**
 * Scripts that were written for Hadoop Streaming, unchanged:
 * `npx heddle submit examples/streaming.ts <input> [mapper] [reducer] [reducers]`
 *
 * The mapper gets lines and writes lines; what stands before the first tab of a line is its key. Each
 * reducer gets the lines of its keys, sorted by key. The scripts travel with the job.
 */
import { HeddleContext } from 'heddle';

const [
  input = 'README.md',
  mapper = 'examples/streaming/mapper.sh',
  reducer = 'examples/streaming/reducer.awk',
  reducers = '2',
] = process.argv.slice(2);

await using sc = await HeddleContext.getOrCreate({ appName: 'streaming' });
await sc.addFile(mapper);
await sc.addFile(reducer);

/** The command of a script: a shell finds it among the files of the executor that it runs on. */
const run = (script: string, interpreter: string): string[] => {
  const name = script.split('/').at(-1) ?? script;
  return ['sh', '-c', `exec ${interpreter} "$HEDDLE_FILES_ROOT/$0"`, name];
};
const interpreterOf = (script: string): string => (script.endsWith('.awk') ? 'awk -f' : 'sh');

const result = sc
  .textFile(input)
  .pipe(run(mapper, interpreterOf(mapper)))
  .map((line): [string, string] => {
    const tab = line.indexOf('\t');
    return tab < 0 ? [line, ''] : [line.slice(0, tab), line.slice(tab + 1)];
  })
  .repartitionAndSortWithinPartitions(Number(reducers))
  .map(([key, value]) => `${key}\t${value}`)
  .pipe(run(reducer, interpreterOf(reducer)));

// Each reducer's output is sorted by key already; a file for each would be saveAsTextFile(path).
for (const line of await result.sortBy((text) => text).collect()) console.log(line);
