/**
 * A MapReduce job, line for line: `npx heddle submit examples/map-reduce.ts [stations]`
 *
 * From readings `station,month,degrees` it makes, for each station, the warmest reading (a reduction,
 * with a combiner), and a report of any number of lines (a reducer that reads the group as it comes).
 */
import { HeddleContext } from 'heddle';

const stations = Number(process.argv[2] ?? '3');

await using sc = await HeddleContext.getOrCreate({ appName: 'MapReduce' });

/** What a MapReduce job would read from a file: two years of readings, some of them unreadable. */
const lines = sc.range(0, stations * 24, 1, 4).map((i) => {
  const [station, month] = [i % stations, Math.floor(i / stations)];
  const degrees = Math.round(10 - 12 * Math.cos((month * Math.PI) / 6) + station * 3);
  return i % 17 === 0 ? `S${station},${month},?` : `S${station},${month},${degrees}`;
});

// Mapper: any number of pairs for a record.
const readings = lines.flatMap((line): [string, [month: number, degrees: number]][] => {
  const [station = '', month, degrees] = line.split(',');
  return degrees === '?' ? [] : [[station, [Number(month), Number(degrees)]]];
});

// Combiner and reducer in one: each map task merges its own pairs before anything is shuffled.
const warmest = readings
  .mapValues(([, degrees]) => degrees)
  .reduceByKey((a, b) => Math.max(a, b), 2)
  .sortByKey();
for (const [station, degrees] of await warmest.collect()) {
  console.log(`${station} had ${degrees} degrees at most`);
}

// Reducer: called once for each key, with its values one after another; groups need not fit in memory.
const reports = readings.flatMapGroups(function* (station, values) {
  let [count, cold] = [0, 0];
  for (const [month, degrees] of values) {
    count += 1;
    if (degrees >= 0) continue;
    cold += 1;
    yield `${station}: month ${month} was below zero`;
  }
  yield `${station}: ${count} readings, ${cold} below zero`;
}, 2);
for (const line of await reports.sortBy((text) => text).collect()) console.log(line);
