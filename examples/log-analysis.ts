/**
 * Reads a web server's log and joins it with two tables:
 * `npx heddle submit examples/log-analysis.ts [log] [users] [blocked]`
 *
 * Shows joins, an outer join, a broadcast of a small table, accumulators for lines that cannot be
 * read, and statistics.
 */
import { HeddleContext } from 'heddle';

const [
  logFile = 'examples/data/access.log',
  usersFile = 'examples/data/users.csv',
  blockedFile = 'examples/data/blocked.txt',
] = process.argv.slice(2);

interface Request {
  readonly user: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
}

const linePattern = /^(\S+) \S+ (\S+) \[[^\]]+\] "(?:GET|POST) (\S+) HTTP\/1\.1" (\d{3}) (\d+)$/;

function parseLine(line: string): (Request & { address: string }) | undefined {
  const match = linePattern.exec(line);
  if (match === null) return undefined;
  const [, address = '', user = '', path = '', status, bytes] = match;
  return { address, user, path, status: Number(status), bytes: Number(bytes) };
}

await using sc = await HeddleContext.getOrCreate({ appName: 'log analysis' });
const unreadable = sc.longAccumulator('unreadable lines');
const blocked = sc.broadcast(new Set(await sc.textFile(blockedFile).collect()));

const requests = sc
  .textFile(logFile)
  .flatMap((line) => {
    const request = parseLine(line);
    if (request === undefined) unreadable.add(1);
    return request === undefined ? [] : [request];
  })
  .filter((request) => !blocked.value.has(request.address))
  .cache();

console.log(`${await requests.count()} requests, ${unreadable.value} unreadable lines`);

console.log('\nstatus codes:');
const byStatus = await requests.map((request) => request.status).countByValue();
for (const [status, count] of [...byStatus].sort(([a], [b]) => a - b)) {
  console.log(`  ${status}  ${count}`);
}

console.log('\nbytes sent by country:');
const countryOf = sc.textFile(usersFile).map((line): [string, string] => {
  const [user = '', country = ''] = line.split(',');
  return [user, country];
});
const bytesOf = requests.map((request): [string, number] => [request.user, request.bytes]);
const byCountry = await bytesOf
  .join(countryOf)
  .map(([, [bytes, country]]): [string, number] => [country, bytes])
  .reduceByKey((a, b) => a + b)
  .sortBy(([country, bytes]) => [-bytes, country])
  .collect();
for (const [country, bytes] of byCountry) console.log(`  ${country}  ${bytes}`);

console.log('\nusers without a request, and requests without a user:');
const visits = bytesOf.mapValues(() => 1).reduceByKey((a, b) => a + b);
const unmatched = await visits
  .fullOuterJoin(countryOf)
  .filter(([, [count, country]]) => count === undefined || country === undefined)
  .sortByKey()
  .collect();
for (const [user, [count]] of unmatched) {
  console.log(
    count === undefined ? `  ${user} never came` : `  ${user} is unknown, ${count} requests`,
  );
}

const stats = await requests.map((request) => request.bytes).stats();
console.log(`\nbytes of a request: mean ${stats.mean.toFixed(1)}, largest ${stats.max}`);
const [slowest] = await requests.top(1, (request) => request.bytes);
console.log(`largest answer: ${slowest?.path ?? 'none'}`);
