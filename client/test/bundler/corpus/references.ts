import { cases } from './case.js';
import { executorLocal } from 'heddle';

const reference = (kind: 'broadcast' | 'accumulator', id: number) => ({
  value: 'the driver’s own',
  add: (_: unknown): unknown => undefined,
  get [Symbol.for('heddle.reference')]() {
    return { kind, id };
  },
});
const stop = reference('broadcast', 7);
const total = reference('accumulator', 3);
let made = 0;
const client = executorLocal(() => ({ number: ++made, open: Promise.resolve() }));
const local = { client };
const perThread = executorLocal(() => new WeakMap<object, number>());
const holder = { stop, again: stop };

export const corpus = cases(
  { name: 'a broadcast by its number', roots: () => [() => stop.value], expected: ['broadcast 7'] },
  {
    name: 'a broadcast inside a value keeps its identity',
    roots: () => [() => [holder.stop === holder.again, holder.stop === stop, holder.stop.value]],
    expected: [[true, true, 'broadcast 7']],
  },
  {
    name: 'an accumulator by its number',
    roots: () => [(x: number) => total.add(x)],
    inputs: [[4]],
    expected: [4],
  },
  {
    name: 'an executorLocal, made at first use',
    roots: () => [() => client.value.number],
    expected: [1],
  },
  {
    name: 'an executorLocal is one for all attempts and closures of a thread',
    roots: () => [() => [local.client.value.number, client === local.client]],
    expected: [[1, true]],
  },
  {
    name: 'an executorLocal of something that cannot travel',
    roots: () => [() => perThread.value instanceof WeakMap],
    expected: [true],
  },
  {
    name: 'an executorLocal made inside a task',
    roots: () => [() => executorLocal(() => 5).value],
    expected: [5],
  },
  {
    name: 'what an executorLocal made, refused as a result',
    roots: () => [() => client],
    throws: /executorLocal/,
  },
);
