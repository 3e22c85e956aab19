import { Socket } from 'node:net';
import { cases } from './case.js';

/** Stands for the context: what only the driver has. */
const context = {
  [Symbol.for('heddle.driverOnly')]: 'the context lives in the driver alone',
  go: 1,
};
const socket = new Socket();

function load(): number {
  return context.go;
}

class Job {
  constructor(readonly factor: number) {}
  run(): ((x: number) => unknown)[] {
    void context.go;
    return [(x: number) => x * this.factor];
  }
  /** Reaches the context by way of another function. */
  loads(): number {
    return load();
  }
  times(x: number): number {
    return x * this.factor;
  }
  /** Arrows that a task runs, and that reach the context through a method. */
  calling(): ((x: number) => unknown)[] {
    return [() => this.loads()];
  }
  direct(): ((x: number) => unknown)[] {
    return [(x: number) => x * this.factor + context.go];
  }
  static parse(text: string): number {
    return Number(text);
  }
  static connect(): boolean {
    return socket.destroyed;
  }
}

class Secret {
  #key = 7;
  jobs(): (() => unknown)[] {
    void context.go;
    return [() => this.#key];
  }
}

class Opened {
  readonly open = socket.destroyed;
  static readonly limit = 3;
}
class Derived extends Opened {}

class Tidy extends Job {
  close(): void {
    socket.destroy();
  }
}

const job = new Job(3);
const viaHelper = (x: number): number => job.times(x) + load();

class Row {
  constructor(readonly id: number) {}
  save(): number {
    return load() + this.id;
  }
  double(): number {
    return this.id * 2;
  }
}

export const corpus = cases(
  {
    name: 'an arrow that uses this, of a class with a method that uses the context, travels',
    roots: () => job.run(),
    inputs: [[1], [2]],
    expected: [3, 6],
  },
  {
    name: 'so does one of a subclass with methods that use a socket',
    roots: () => new Tidy(4).run(),
    inputs: [[2]],
    expected: [8],
  },
  {
    name: 'so does an arrow that uses a private field of its class',
    roots: () => new Secret().jobs(),
    expected: [7],
  },
  {
    name: 'a method that reaches the context throws in the task, naming it, the reason and the call',
    roots: () => job.calling(),
    inputs: [[1]],
    throws:
      /^ClosureError: context that (?:load|Job) uses cannot travel to a task: the context lives in the driver alone\. The function of map at .*:\d+ took it along with a class/,
  },
  {
    name: 'what an arrow reads itself is refused at the call, whatever its class uses',
    roots: () => job.direct(),
    refused: { variable: /^context$/, reason: /the driver alone/ },
  },
  {
    name: 'so is what a function reads that it calls, when its class came along before',
    roots: () => [viaHelper],
    refused: { variable: /^context$/, reason: /the driver alone/ },
  },
  {
    name: 'a class by its name: static methods that do without are called',
    roots: () => [() => Job.parse('12')],
    expected: [12],
  },
  {
    name: 'a class by its name: a static method that uses a socket throws in the task',
    roots: () => [() => Job.connect()],
    throws:
      /^ClosureError: socket that Job uses cannot travel to a task: it is a net\.Socket of Node/,
  },
  {
    name: 'a class that a function names, whose fields use a socket, is refused at the call',
    roots: () => [() => new Opened().open],
    refused: { variable: /^socket$/, reason: /net\.Socket/ },
  },
  {
    name: 'so is a subclass of it',
    roots: () => [() => new Derived().open],
    refused: { variable: /^socket$/, reason: /net\.Socket/ },
  },
  {
    name: 'an instance of it that is captured travels, since nothing is made anew',
    roots: () => {
      const opened = new Opened();
      return [() => opened.open];
    },
    expected: [false],
  },
  {
    name: 'records whose class has a method that uses the context travel, and back',
    roots: () => [(row: Row) => [row.double(), row]],
    inputs: [[new Row(4)]],
    check: ([output]) => {
      const [doubled, row] = output as [number, Row];
      return doubled === 8 && row instanceof Row && row.id === 4;
    },
  },
  {
    name: 'such a method of a record throws in the task',
    roots: () => [(row: Row) => row.save()],
    inputs: [[new Row(4)]],
    throws:
      /^ClosureError: context \(.*withheld\.ts:\d+\) cannot travel to a task: the context lives/,
  },
  {
    name: 'a withheld variable can be asked for its kind, and not used in any way',
    roots: () => [(row: Row) => (row.save as unknown, Object.keys(row))],
    inputs: [[new Row(1)]],
    expected: [['id']],
  },
);
