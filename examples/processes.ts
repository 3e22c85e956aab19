/**
 * MapReduce starts a process for each task; Heddle starts one for each executor:
 * `npx heddle submit --master 'local-cluster[2,1,1024]' examples/processes.ts [tasks]`
 */
import { HeddleContext, TaskContext } from 'heddle';

const tasks = Number(process.argv[2] ?? '1000');

await using sc = await HeddleContext.getOrCreate({ appName: 'processes' });

const places = await sc
  .range(0, tasks, 1, tasks)
  .map((): [string, number] => [TaskContext.get()?.executorId ?? '', process.pid])
  .countByValue();

const executors = new Set([...places.keys()].map(([executor]) => executor));
const processes = new Set([...places.keys()].map(([, pid]) => pid));
const ran = [...places.values()].reduce((a, b) => a + b, 0);
console.log(`${ran} tasks ran on ${executors.size} executors, in ${processes.size} processes`);
