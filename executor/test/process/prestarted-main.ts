import { PrestartedExecutors } from '../../src/process/prestarted-executors.js';
import { MARK } from './marked-processes.js';

// A launcher that has started executor processes and waits for its end: `prestarted-main.js <entry> <mark> <count>`.
const [entry = '', mark = '', count = '1'] = process.argv.slice(2);
new PrestartedExecutors(
  { entry, environment: { [MARK]: mark }, slots: 1, memoryBytes: 512 * 2 ** 20 },
  Number(count),
);
setInterval(() => undefined, 2 ** 30);
