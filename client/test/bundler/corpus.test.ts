import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'chai';
import {
  captureCallSite,
  captureClosure,
  ClosureError,
  decodeError,
  decodeValue,
  driverCodeTable,
  encodeValue,
  translateStack,
} from 'heddle/internal';

import type { BuiltProgram } from '../../src/bundler/index.js';
import type { ClosureCase } from './corpus/case.js';
import { corpusFolder, ProgramFolder, TaskThread } from './program-harness.js';

/** Modules of the corpus: all that declare cases. Libraries they use stand in `lib`. */
const modules = readdirSync(corpusFolder).filter(
  (name) => /\.(ts|mjs)$/.test(name) && name !== 'case.ts',
);

interface CorpusModule {
  readonly corpus: readonly ClosureCase[];
}

describe('Closure corpus (A-121): captured by the driver, run by a task thread that only has the task file', () => {
  let folder: ProgramFolder;
  let thread: TaskThread;
  let ran = 0;

  before(async () => {
    folder = await ProgramFolder.create();
    await folder.addCorpus();
    thread = new TaskThread();
  });

  after(async () => {
    await thread.stop();
    await folder.remove();
  });

  for (const name of modules) {
    it(`holds for ${name}`, async () => {
      const program = await folder.build(name);
      const loaded = await thread.ask({ kind: 'load', taskFile: program.taskFile });
      expect(loaded).to.deep.equal({ kind: 'loaded', hash: program.tableHash, globals: [] });
      const { corpus } = (await import(program.driverUrl)) as CorpusModule;
      const failures: string[] = [];
      for (const one of corpus) {
        ran++;
        try {
          await runCase(one, thread);
        } catch (error) {
          failures.push(`${one.name}: ${describeFailure(error)}`);
        }
      }
      expect(failures, `\n${failures.join('\n\n')}\n`).to.deep.equal([]);
    });
  }

  it('has at least 150 closure shapes', () => {
    expect(ran).to.be.at.least(150);
  });
});

async function runCase(one: ClosureCase, thread: TaskThread): Promise<void> {
  const closure = capture(one);
  if (closure === undefined) return;
  one.afterwards?.();
  const reply = await thread.ask({
    kind: 'run',
    closure,
    inputs: encodeValue(one.inputs ?? [[]], driverCodeTable()),
    attempts: 2,
  });
  if (one.throws !== undefined) {
    if (reply.kind !== 'error') throw new Error('it did not throw');
    const error = decodeError(reply.error, driverCodeTable());
    expect(`${error.name}: ${error.message}`).to.match(one.throws);
    return;
  }
  if (reply.kind === 'error') throw decodeError(reply.error, driverCodeTable());
  if (reply.kind !== 'outputs') throw new Error('no outputs');
  for (const bytes of reply.attempts) {
    const outputs = decodeValue(bytes, driverCodeTable()) as unknown[];
    if (one.expected !== undefined) expect(outputs).to.deep.equal(one.expected);
    if (one.check !== undefined) expect(one.check(outputs), 'check').to.equal(true);
  }
}

function capture(one: ClosureCase): ReturnType<typeof captureClosure> | undefined {
  try {
    const closure = captureClosure(one.roots(), captureCallSite('map'));
    if (one.refused !== undefined) throw new Error('it was not refused');
    return closure;
  } catch (error) {
    if (!(error instanceof ClosureError) || one.refused === undefined) throw error;
    expect(error.reason).to.match(one.refused.reason);
    if (one.refused.variable !== undefined) expect(error.variable).to.match(one.refused.variable);
    return undefined;
  }
}

function describeFailure(error: unknown): string {
  return error instanceof Error ? translateStack(error.stack ?? error.message) : String(error);
}

export { join, type BuiltProgram };
