import { ManualClock } from '@heddle/common';
import { expect } from 'chai';
import { ProgressBar } from '../../src/progress/progress-bar.js';
import { progressText } from '../../src/progress/progress-text.js';
import { Terminal } from '../../src/progress/terminal.js';

/** A terminal of one line that knows `\r` and "erase to the end", and keeps what scrolled away. */
class FakeScreen {
  readonly isTTY: boolean;
  readonly columns = 60;
  readonly lines: string[] = [];
  line = '';
  written = '';

  constructor(isTTY = true) {
    this.isTTY = isTTY;
  }

  write = (text: string): boolean => {
    this.written += text;
    const rows = text.split('\n');
    rows.forEach((row, i) => {
      const parts = row.split('\r\u001b[K');
      this.line = parts.length > 1 ? parts.at(-1)! : this.line + row;
      if (i === rows.length - 1) return;
      this.lines.push(this.line);
      this.line = '';
    });
    return true;
  };
}

describe('the text of the progress bar', () => {
  it('shows tasks done, running and in total, and the rate (A-046)', () => {
    const stage = { stageId: 3, done: 5, running: 4, total: 20, elapsedMs: 2_000 };
    expect(progressText([stage], 61)).to.equal(
      '[Stage 3:=======>                       (5 + 4) / 20, 2.5/s]',
    );
  });

  it('never fills the last column, whatever the width and the number of stages', () => {
    for (let columns = 1; columns < 200; columns += 7) {
      for (let n = 1; n < 6; n += 1) {
        const stages = Array.from({ length: n }, (_, i) => ({
          stageId: 100 + i,
          done: i * 250,
          running: 4,
          total: 1_000,
          elapsedMs: 1_000,
        }));
        expect(progressText(stages, columns).length).to.be.lessThan(columns);
      }
    }
  });

  it('is full when all is done and has no rate before the first task is', () => {
    const stage = { stageId: 0, done: 0, running: 1, total: 4, elapsedMs: 1_000 };
    expect(progressText([stage], 40)).to.contain('(0 + 1) / 4]');
    const bar = progressText([{ ...stage, done: 4, running: 0 }], 50);
    expect(bar).to.match(/^\[Stage 0:=+\(4 \+ 0\) \/ 4, 4\.0\/s\]$/);
  });
});

describe('the progress bar', () => {
  function start(isTTY = true) {
    const screen = new FakeScreen(isTTY);
    const terminal = new Terminal(screen);
    const clock = new ManualClock();
    const stages = new Map<number, [done: number, running: number, total: number]>();
    const runner = {
      activeStageIds: () => [...stages.keys()],
      stageInfo: (stageId: number) => {
        const [numCompletedTasks, numActiveTasks, numTasks] = stages.get(stageId)!;
        const rest = { attemptId: 0, name: 'count', numFailedTasks: 0 };
        return { stageId, numCompletedTasks, numActiveTasks, numTasks, ...rest };
      },
    };
    return { screen, terminal, clock, stages, bar: new ProgressBar(terminal, runner, clock) };
  }

  it('shows only stages older than half a second, and goes when they end', () => {
    const { screen, clock, stages, bar } = start();
    stages.set(1, [1, 1, 4]);
    bar.draw();
    expect(screen.line).to.equal('');
    clock.advance(600);
    bar.draw();
    expect(screen.line).to.contain('[Stage 1:').and.contain('(1 + 1) / 4');
    stages.clear();
    bar.draw();
    expect(screen.line).to.equal('');
    expect(screen.lines).to.deep.equal([]);
  });

  it('stands below log lines and never in one', () => {
    const { screen, terminal, clock, stages, bar } = start();
    stages.set(1, [1, 1, 4]);
    bar.draw();
    clock.advance(600);
    bar.draw();
    terminal.writeLine('a log line');
    bar.draw();
    expect(screen.lines).to.deep.equal(['a log line']);
    expect(screen.line).to.contain('[Stage 1:');
    bar.stop();
    expect(screen.line).to.equal('');
  });

  it('is taken off before the program itself writes', () => {
    const { screen, terminal, clock, stages, bar } = start();
    const release = terminal.guard([screen]);
    stages.set(1, [1, 1, 4]);
    bar.draw();
    clock.advance(600);
    bar.draw();
    screen.write('hello\n');
    release();
    expect(screen.lines).to.deep.equal(['hello']);
  });

  it('writes nothing at all when stderr is no terminal', () => {
    const { screen, clock, stages, bar } = start(false);
    stages.set(1, [1, 1, 4]);
    bar.draw();
    clock.advance(600);
    bar.draw();
    expect(screen.written).to.equal('');
  });
});
