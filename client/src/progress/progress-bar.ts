import type { Clock } from '@heddle/common';
import { systemClock } from '@heddle/common';
import type { JobRunner } from 'heddle/internal';
import type { StageProgress } from './progress-text.js';
import { progressText } from './progress-text.js';
import type { Terminal } from './terminal.js';

const redrawMs = 200;
/** Shorter stages flash by without a bar. */
const leastAgeMs = 500;

/** Draws the running stages of an application on the last line of a terminal, five times a second. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #runner: Pick<JobRunner, 'activeStageIds' | 'stageInfo'>;
  readonly #clock: Clock;
  readonly #firstSeenMs = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    terminal: Terminal,
    runner: Pick<JobRunner, 'activeStageIds' | 'stageInfo'>,
    clock: Clock = systemClock,
  ) {
    this.#terminal = terminal;
    this.#runner = runner;
    this.#clock = clock;
  }

  /** Begins to draw. The timer never keeps a process alive. */
  start(): void {
    this.#timer ??= setInterval(() => this.draw(), redrawMs).unref();
  }

  /** Draws the present state once. */
  draw(): void {
    const text = progressText(this.#visibleStages(), this.#terminal.columns);
    if (text === '') this.#terminal.clearStatus();
    else this.#terminal.showStatus(text);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#terminal.clearStatus();
  }

  #visibleStages(): StageProgress[] {
    const nowMs = this.#clock.monotonicMs();
    const active = this.#runner.activeStageIds();
    for (const stageId of this.#firstSeenMs.keys()) {
      if (!active.includes(stageId)) this.#firstSeenMs.delete(stageId);
    }
    const stages: StageProgress[] = [];
    for (const stageId of active) {
      const sinceMs = this.#firstSeenMs.get(stageId) ?? nowMs;
      this.#firstSeenMs.set(stageId, sinceMs);
      const elapsedMs = nowMs - sinceMs;
      const info = this.#runner.stageInfo(stageId);
      if (info === undefined || elapsedMs < leastAgeMs) continue;
      stages.push({
        stageId,
        done: info.numCompletedTasks,
        running: info.numActiveTasks,
        total: info.numTasks,
        elapsedMs,
      });
    }
    return stages.sort((a, b) => a.stageId - b.stageId);
  }
}
