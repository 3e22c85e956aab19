/**
 * Ranks pages by the links between them: `npx heddle submit examples/page-rank.ts [file] [rounds]`
 *
 * The links are partitioned once and cached. The ranks of each round are partitioned the same way,
 * so the join of a round finds both sides in place: only the contributions are shuffled.
 */
import { HashPartitioner, HeddleContext } from 'heddle';

const [input = 'examples/data/links.txt', rounds = '10'] = process.argv.slice(2);

await using sc = await HeddleContext.getOrCreate({ appName: 'page rank' });
const partitioner = new HashPartitioner(4);

const links = sc
  .textFile(input)
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line): [string, string] => {
    const [from = '', to = ''] = line.trim().split(/\s+/);
    return [from, to];
  })
  .distinct()
  .groupByKey(partitioner)
  .cache();

let ranks = links.mapValues(() => 1);
for (let round = 0; round < Number(rounds); round += 1) {
  ranks = links
    .join(ranks, partitioner)
    .flatMap(([, [targets, rank]]) =>
      targets.map((target): [string, number] => [target, rank / targets.length]),
    )
    .reduceByKey((a, b) => a + b, partitioner)
    .mapValues((sum) => 0.15 + 0.85 * sum);
}

for (const [page, rank] of await ranks.sortBy(([page, rank]) => [-rank, page]).collect()) {
  console.log(`${rank.toFixed(4)}  ${page}`);
}
