import { cases } from './case.js';
import {
  ArgumentError,
  executorLocal,
  HashPartitioner,
  HeddleError,
  Partitioner,
  StorageLevel,
  TaskContext,
} from 'heddle';

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

class ByLength extends Partitioner {
  constructor(readonly numPartitions: number) {
    super();
  }
  getPartition(key: unknown) {
    return String(key).length % this.numPartitions;
  }
}
class OwnError extends HeddleError {
  readonly code = 'OWN';
  constructor(readonly row: number) {
    super(`row ${row}`);
  }
}
const byLength = new ByLength(4);
const byHash = new HashPartitioner(3);
const level = StorageLevel.MEMORY_ONLY;

export const corpus = cases(
  {
    name: "an instance of the program's own Partitioner",
    roots: () => [(k: string) => [byLength.getPartition(k), byLength instanceof Partitioner]],
    inputs: [['abcde']],
    expected: [[1, true]],
  },
  {
    name: 'a partitioner as a root',
    roots: () => [(k: string, p: Partitioner) => [p.numPartitions, p.getPartition(k)], byLength],
    inputs: [['abc']],
    check: ([o]) => Array.isArray(o),
  },
  {
    name: 'a partitioner of the engine',
    roots: () => [
      () => [byHash.numPartitions, byHash.getPartition('a') < 3, byHash instanceof HashPartitioner],
    ],
    expected: [[3, true, true]],
  },
  {
    name: 'a constant of the engine',
    roots: () => [() => [level === StorageLevel.MEMORY_ONLY, level.useMemory]],
    expected: [[true, true]],
  },
  {
    name: 'functions and classes of the engine in a task',
    roots: () => [() => [typeof TaskContext.get, new ArgumentError('x') instanceof RangeError]],
    expected: [['function', true]],
  },
  {
    name: 'an error of the engine that a task throws',
    roots: () => [
      () => {
        throw new ArgumentError('too small');
      },
    ],
    throws: /^ArgumentError: too small$/,
  },
  {
    name: "the program's own subclass of an engine error as a result",
    roots: () => [(row: number) => new OwnError(row)],
    inputs: [[4]],
    check: ([e]) =>
      e instanceof OwnError && e.row === 4 && e.code === 'OWN' && e.message === 'row 4',
  },
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
