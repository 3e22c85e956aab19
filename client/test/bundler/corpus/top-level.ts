import { cases } from './case.js';

// Everything here happens in the driver alone.
(globalThis as Record<string, unknown>)['heddleTopLevelRan'] = true;
process.exitCode ??= 0;
const isTask = process.argv[2] === 'never';
if (isTask) throw new Error('the top level ran');
const seen = () => Object.hasOwn(globalThis, 'heddleTopLevelRan');
let evaluations = 0;
class Watched {
  static instances = ++evaluations;
  static {
    evaluations++;
  }
}
const computedOnce = (() => ++evaluations)();

export const corpus = cases(
  { name: 'the top level does not run in a task', roots: () => [seen], expected: [false] },
  {
    name: 'static initialisers do not run in a task',
    roots: () => [() => [Watched.instances, evaluations, computedOnce]],
    expected: [[1, 3, 3]],
  },
);
delete (globalThis as Record<string, unknown>)['heddleTopLevelRan'];
