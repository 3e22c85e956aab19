import { Buffer } from 'node:buffer';
import { chmodSync, mkdirSync, openSync, closeSync, ftruncateSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { RunOptions } from '../src/command/run-heddle.js';
import { Scratch, linkEngine, runHeddle } from '../src/command/run-heddle.js';

/** What became of one step of a program. */
interface Outcome {
  /** What the step returned, as JSON. */
  readonly value?: unknown;
  /** The error and its causes, from the outside in. */
  readonly errors?: readonly {
    readonly name: string;
    readonly code?: string;
    readonly message: string;
    readonly file?: string;
    readonly line?: number;
    readonly variable?: string;
    readonly path?: string;
    readonly offset?: number;
    readonly value?: string;
    readonly reason?: string;
  }[];
}

/**
 * Runs steps one after another in one application and prints what became of each; a step that does
 * damage shows in those behind it.
 */
const prelude = `
import { HeddleContext } from 'heddle';
import * as net from 'node:net';
const sc = await HeddleContext.getOrCreate();
const dir = process.argv[2]!;
async function step(name: string, action: () => unknown): Promise<void> {
  let outcome: object;
  try {
    outcome = { value: await action() };
  } catch (error) {
    const errors = [];
    for (let e: any = error; e instanceof Error && errors.length < 5; e = e.cause) {
      const { name, code, file, line, variable, path, offset, reason } = e as any;
      const message = e.message.length > 1000 ? e.message.slice(0, 500) + '…' : e.message;
      errors.push({ name, code, message, length: e.message.length, file, line, variable, path, offset, reason, value: typeof (e as any).value });
    }
    outcome = { errors };
  }
  console.log(JSON.stringify([name, outcome]));
}
`;
const preludeLines = prelude.split('\n').length - 1;

describe('bad input', function () {
  this.timeout(120_000);
  let scratch: Scratch;
  beforeEach(() => {
    scratch = new Scratch();
    linkEngine(scratch.path);
  });
  afterEach(() => {
    expect(scratch.leftovers(), 'private directories that were left').to.deep.equal([]);
    scratch.remove();
  });

  /** Runs the steps; the application itself must survive them all. */
  async function run(
    steps: string,
    words: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<Map<string, Outcome>> {
    const app = scratch.write('app.ts', prelude + steps);
    const all = scratch.submit('--master', 'local[2]', ...words, app, scratch.path);
    const { exitCode, stdout, stderr } = await runHeddle(all, options);
    expect(exitCode, stderr).to.equal(0);
    const lines = stdout.trimEnd().split('\n');
    return new Map(lines.map((line) => JSON.parse(line) as [string, Outcome]));
  }

  function codes(outcome: Outcome | undefined): (string | undefined)[] {
    return (outcome?.errors ?? []).map(({ code }) => code);
  }

  it('of paths: missing, not readable, an output that exists, an empty directory', async () => {
    scratch.write('secret.txt', 'x');
    chmodSync(join(scratch.path, 'secret.txt'), 0);
    chmodSync(scratch.path, 0o777);
    mkdirSync(join(scratch.path, 'empty'));
    mkdirSync(join(scratch.path, 'taken'));
    mkdirSync(scratch.localDirectory);
    chmodSync(scratch.localDirectory, 0o777);
    const outcomes = await run(
      `await step('missing', () => sc.textFile(dir + '/no-such').count());
       await step('below a file', () => sc.textFile(dir + '/secret.txt/x').count());
       await step('no match', () => sc.textFile(dir + '/no-such-*').count());
       await step('one of two', () => sc.textFile(dir + '/empty,' + dir + '/no-such').count());
       await step('empty', () => sc.textFile(dir + '/empty').count());
       await step('taken', () => sc.range(0, 5).saveAsTextFile(dir + '/taken'));
       if (process.getuid!() === 0) process.seteuid!(65534);
       await step('secret', () => sc.textFile(dir + '/secret.txt').count());
       if (process.getuid!() === 0) process.seteuid!(0);`,
    );
    for (const name of ['missing', 'below a file', 'no match', 'one of two']) {
      expect(codes(outcomes.get(name))[0], name).to.equal('INPUT_NOT_FOUND');
    }
    expect(outcomes.get('missing')?.errors?.[0]?.path).to.contain('/no-such');
    expect(outcomes.get('empty')).to.deep.equal({ value: 0 });
    expect(codes(outcomes.get('taken'))).to.deep.equal(['OUTPUT_EXISTS']);
    expect(codes(outcomes.get('secret'))).to.include('ACCESS_DENIED');
    expect(JSON.stringify(outcomes.get('secret'))).to.contain('secret.txt');
  });

  it('of bytes: not UTF-8, a gzip file that was cut off, a line longer than a string can be', async () => {
    scratch.write('latin1.txt', Buffer.from('caf\u00e9\nna\u00efve\n', 'latin1'));
    const whole = gzipSync(
      Buffer.from(Array.from({ length: 50_000 }, (_, i) => `line ${i * 7919}`).join('\n')),
    );
    scratch.write('cut.gz', whole.subarray(0, whole.length / 2));
    const file = openSync(join(scratch.path, 'long.txt'), 'w');
    ftruncateSync(file, 600_000_000);
    closeSync(file);
    const outcomes = await run(
      `await step('latin1', () => sc.textFile(dir + '/latin1.txt').collect());
       await step('cut', () => sc.textFile(dir + '/cut.gz').count());
       await step('long', () => sc.textFile(dir + '/long.txt', 1).map((line) => line.length).collect());
       await step('after', () => sc.range(0, 10).count());`,
      ['--conf', 'heddle.executor.memory=4g'],
    );
    expect(outcomes.get('latin1')).to.deep.equal({ value: ['caf\ufffd', 'na\ufffdve'] });
    for (const [name, path] of [
      ['cut', 'cut.gz'],
      ['long', 'long.txt'],
    ] as const) {
      const error = outcomes.get(name)?.errors?.find(({ code }) => code === 'INPUT_FORMAT');
      expect(error?.path, JSON.stringify(outcomes.get(name))).to.contain(path);
      expect(error?.offset).to.be.a('number');
    }
    expect(outcomes.get('after')).to.deep.equal({ value: 10 });
  });

  it('of arguments: partition numbers of zero, below, and between', async () => {
    const calls = {
      range: 'sc.range(0, 10, 1, 0)',
      step: 'sc.range(0, 10, 0)',
      parallelize: 'sc.parallelize([1], -1)',
      repartition: 'sc.range(0, 10).repartition(0)',
      coalesce: 'sc.range(0, 10).coalesce(1.5)',
      reduceByKey: 'sc.range(0, 10).keyBy((x) => x).reduceByKey((a) => a, 0)',
      distinct: 'sc.range(0, 10).distinct(NaN)',
      sortBy: 'sc.range(0, 10).sortBy((x) => x, true, -2)',
    };
    const steps = Object.entries(calls).map(
      ([name, call]) => `await step('${name}', () => ${call});`,
    );
    const outcomes = await run(steps.join('\n'));
    for (const name of Object.keys(calls)) {
      expect(codes(outcomes.get(name))[0], name).to.equal('ARGUMENT');
    }
  });

  it('of functions: whatever they throw arrives as the cause of a JobFailedError', async () => {
    const outcomes = await run(
      `class OwnError extends Error { readonly code = 'OWN'; constructor(readonly reason: string) { super('own ' + reason); this.name = 'OwnError'; } }
       const fail = (name: string, thrown: () => unknown) =>
         step(name, () => sc.range(0, 4, 1, 2).map((x) => { if (x === 3) throw thrown(); return x; }).count());
       await fail('error', () => new RangeError('three'));
       await fail('own', () => new OwnError('why'));
       await fail('string', () => 'just text');
       await fail('undefined', () => undefined);
       await fail('hostile', () => ({ toString() { throw new Error('no text'); } }));
       await fail('null prototype', () => Object.create(null));
       await fail('long', () => new Error('x'.repeat(100_000_000)));
       await step('recursion', () => { const dive = (n: number): number => dive(n + 1) + 1; return sc.range(0, 2).map(dive).count(); });
       await step('after', () => sc.range(0, 10).count());`,
    );
    for (const [name, outcome] of outcomes) {
      if (name !== 'after') expect(codes(outcome)[0], name).to.equal('JOB_FAILED');
    }
    const causeOf = (name: string) => outcomes.get(name)?.errors?.[1];
    expect(causeOf('error')).to.include({ name: 'RangeError', message: 'three' });
    expect(causeOf('own')).to.include({ name: 'OwnError', code: 'OWN', reason: 'why' });
    expect(causeOf('string')).to.include({ code: 'THROWN_VALUE', value: 'string' });
    expect(causeOf('undefined')).to.include({ code: 'THROWN_VALUE', value: 'undefined' });
    expect(causeOf('hostile')).to.include({ code: 'THROWN_VALUE' });
    expect(causeOf('null prototype')).to.include({ code: 'THROWN_VALUE' });
    expect(causeOf('long')?.name).to.equal('Error');
    expect(causeOf('recursion')).to.include({ name: 'RangeError' });
    expect(outcomes.get('after')).to.deep.equal({ value: 10 });
  });

  it('of functions: process.exit, an endless loop that is cancelled, too much memory (A-010)', async () => {
    const outcomes = await run(
      `await step('exit', () => sc.range(0, 4, 1, 2).map((x) => { if (x === 3) process.exit(7); return x; }).count());
       await step('loop', () => {
         const abort = new AbortController();
         setTimeout(() => abort.abort(new Error('enough')), 300);
         return sc.range(0, 4, 1, 2).map((x) => { for (;;) if (x < 0) return x; }).count({ signal: abort.signal });
       });
       await step('memory', () => sc.range(0, 2, 1, 2).map((x) => { const all: number[][] = []; for (;;) { all.push([x, x + 1]); if (all.length < 0) return x; } }).count());
       await step('after', () => sc.range(0, 10).count());`,
      ['--conf', 'heddle.executor.memory=512m'],
    );
    expect(codes(outcomes.get('exit'))).to.deep.equal(['JOB_FAILED', 'TASK_THREAD_LOST']);
    expect(outcomes.get('exit')?.errors?.[1]?.reason).to.equal('exit');
    expect(codes(outcomes.get('loop'))[0]).to.equal('JOB_CANCELLED');
    expect(outcomes.get('loop')?.errors?.[1]?.message).to.equal('enough');
    expect(codes(outcomes.get('memory'))).to.deep.equal(['JOB_FAILED', 'TASK_THREAD_LOST']);
    expect(outcomes.get('memory')?.errors?.[1]?.reason).to.equal('heapLimit');
    expect(outcomes.get('after')).to.deep.equal({ value: 10 });
  });

  it('of results: more than the driver accepts', async () => {
    const outcomes = await run(
      `await step('large', () => sc.range(0, 1_000_000).map((x) => 'text ' + x).collect());
       await step('after', () => sc.range(0, 10).count());`,
      ['--conf', 'heddle.driver.maxResultSize=1m'],
    );
    expect(codes(outcomes.get('large'))).to.include('RESULT_TOO_LARGE');
    expect(outcomes.get('large')?.errors?.at(-1)?.message).to.contain(
      'heddle.driver.maxResultSize',
    );
    expect(outcomes.get('after')).to.deep.equal({ value: 10 });
  });

  it('of keys and records: functions and symbols as keys, no pairs in pair methods', async () => {
    const outcomes = await run(
      `await step('function', () => sc.range(0, 3).map((x): [unknown, number] => [() => x, x]).groupByKey().count());
       await step('symbol', () => sc.range(0, 3).map((x): [unknown, number] => [Symbol.iterator, x]).reduceByKey((a, b) => a + b).count());
       await step('wrong', () => (sc.parallelize([['a', 1], 'b', 7]) as any).reduceByKey((a: number, b: number) => a + b).collect());
       await step('wrong number', () => (sc.parallelize([1, 'two']) as any).sum());`,
    );
    for (const name of ['function', 'symbol']) {
      expect(codes(outcomes.get(name)), name).to.deep.equal(['JOB_FAILED', 'KEY_NOT_HASHABLE']);
    }
    expect(codes(outcomes.get('wrong'))).to.deep.equal(['JOB_FAILED', 'RECORD_TYPE']);
    expect(outcomes.get('wrong')?.errors?.[1]?.message).to.match(/b|7/);
    expect(codes(outcomes.get('wrong number'))).to.deep.equal(['JOB_FAILED', 'RECORD_TYPE']);
  });

  it('of the machine: no room in the local directory', async () => {
    // A limit on the size of files stands for a full disk: it needs no disk of its own.
    const outcomes = await run(
      `await step('shuffle', () => sc.range(0, 400_000, 1, 2).map((x): [string, number] => [Math.random() + ' ' + x, x]).groupByKey().count());
       await step('after', () => sc.range(0, 1_000).map((x): [number, number] => [x % 7, x]).reduceByKey((a, b) => a + b).count());`,
      [],
      {
        node: '/bin/bash',
        nodeArguments: ['-c', 'ulimit -f 512 && exec "$0" "$@"', process.execPath],
      },
    );
    expect(codes(outcomes.get('shuffle'))).to.include.members(['JOB_FAILED', 'STORAGE_FULL']);
    expect(JSON.stringify(outcomes.get('shuffle'))).to.contain(scratch.localDirectory);
    expect(outcomes.get('after')).to.deep.equal({ value: 7 });
  });

  it('of closures: a socket, the context, an RDD are refused at the call, with name, file and line', async () => {
    const steps = [
      `const socket = new net.Socket();`,
      `await step('socket', () => { sc.range(0, 3).map((x) => [x, socket.destroyed]); });`,
      `await step('context', () => { sc.range(0, 3).map((x) => sc.range(0, x)); });`,
      `const other = sc.range(0, 5);`,
      `await step('rdd', () => { sc.range(0, 3).map((x) => [x, other.id]); });`,
      `await step('promise', () => { const later = Promise.resolve(1); sc.range(0, 3).map((x) => [x, later]); });`,
      `socket.destroy();`,
    ];
    const outcomes = await run(steps.join('\n'));
    for (const [name, variable, line] of [
      ['socket', 'socket', 2],
      ['context', 'sc', 3],
      ['rdd', 'other', 5],
      ['promise', 'later', 6],
    ] as const) {
      const error = outcomes.get(name)?.errors?.[0];
      expect(error, name).to.include({ code: 'CLOSURE', variable, line: preludeLines + line });
      expect(error?.file, name).to.match(/app\.ts$/);
    }
  });
});
