import { ManualClock } from '@heddle/common';
import { expect } from 'chai';
import type { HostBytes } from 'heddle/internal';
import { plainCodeTable } from 'heddle/internal';
import type { Timers } from '../../src/index.js';
import { SchedulerRunner } from '../../src/index.js';
import { FakeBackend, FakeCompiler, jobRequest } from '../support/fakes.js';
import { Lineage } from '../support/lineage.js';

/** Time that passes when a test says so. */
class HandTime {
  readonly clock = new ManualClock();
  readonly #timers = new Set<{ readonly atMs: number; readonly action: () => void }>();
  readonly timers: Timers = {
    start: (delayMs, action) => {
      const timer = { atMs: this.clock.monotonicMs() + delayMs, action };
      this.#timers.add(timer);
      return () => this.#timers.delete(timer);
    },
  };

  /** Everything that is due within this time happens, in order. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + durationMs;
    for (;;) {
      await settled();
      const [due] = [...this.#timers].sort((left, right) => left.atMs - right.atMs);
      if (due === undefined || due.atMs > endMs) break;
      this.#timers.delete(due);
      this.clock.advance(due.atMs - this.clock.monotonicMs());
      due.action();
    }
    this.clock.advance(endMs - this.clock.monotonicMs());
  }
}

/** What was told in this turn of the event loop has been answered. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function start(usesLocations = true) {
  const time = new HandTime();
  const backend = new FakeBackend();
  const runner = new SchedulerRunner({
    backend,
    compiler: new FakeCompiler(),
    clock: time.clock,
    timers: time.timers,
    codeTable: plainCodeTable,
    executors: 2,
    usesLocations,
  });
  await runner.start();
  const wishes = (): readonly string[] => backend.calls.filter((call) => call.startsWith('wish'));
  return { runner, time, wishes };
}

describe('ExecutorSupply: the first executors', () => {
  it('are asked for where the input lies that the program names, however long finding that takes', async () => {
    const { runner, time, wishes } = await start();
    const located = Promise.withResolvers<readonly HostBytes[]>();
    await time.pass(900);
    runner.inputNamed(() => located.promise);
    await time.pass(2_000);
    expect(wishes()).to.deep.equal([]);
    located.resolve([
      { host: 'h1', bytes: 10 },
      { host: 'h2', bytes: 30 },
    ]);
    await time.pass(60);
    expect(wishes()).to.deep.equal(['wish 2 h2:30 h1:10']);
  });

  it('are asked for anywhere when an input is not found in time, or cannot be', async () => {
    const slow = await start();
    slow.runner.inputNamed(() => new Promise(() => undefined));
    await slow.time.pass(4_900);
    expect(slow.wishes()).to.deep.equal([]);
    await slow.time.pass(200);
    expect(slow.wishes()).to.deep.equal(['wish 2']);

    const broken = await start();
    broken.runner.inputNamed(() => Promise.reject(new Error('there is no such file')));
    await broken.time.pass(1_100);
    expect(broken.wishes()).to.deep.equal(['wish 2']);
  });

  it('are asked for soon when the program does nothing', async () => {
    const { time, wishes } = await start();
    await time.pass(900);
    expect(wishes()).to.deep.equal([]);
    await time.pass(200);
    expect(wishes()).to.deep.equal(['wish 2']);
  });

  it('are asked for at once by a job that reads nothing, unless an input is being located', async () => {
    const { runner, time, wishes } = await start();
    const lineage = new Lineage();
    void runner.runJob(jobRequest(lineage.source(4))).catch(() => undefined);
    await time.pass(60);
    expect(wishes()).to.deep.equal(['wish 2']);

    const other = await start();
    const located = Promise.withResolvers<readonly HostBytes[]>();
    other.runner.inputNamed(() => located.promise);
    void other.runner.runJob(jobRequest(new Lineage().source(4))).catch(() => undefined);
    await other.time.pass(500);
    expect(other.wishes()).to.deep.equal([]);
    located.resolve([{ host: 'h1', bytes: 1 }]);
    await other.time.pass(60);
    expect(other.wishes()).to.deep.equal(['wish 2 h1:1']);
  });

  it('are asked for at once where no place matters', async () => {
    const { time, wishes } = await start(false);
    await time.pass(60);
    expect(wishes()).to.deep.equal(['wish 2']);
  });
});
