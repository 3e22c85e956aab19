/** What the progress bar shows of one running stage. */
export interface StageProgress {
  readonly stageId: number;
  readonly done: number;
  readonly running: number;
  readonly total: number;
  readonly elapsedMs: number;
}

/**
 * One line for all running stages: `[Stage 3:=====>      (5 + 4) / 20, 12/s]`, done + running of
 * total, then tasks done per second. The line never fills the last column, so it never wraps.
 *
 * Source: Spark 4.0 `ConsoleProgressBar`.
 */
export function progressText(stages: readonly StageProgress[], columns: number): string {
  if (stages.length === 0) return '';
  const shown = stages.slice(0, 3);
  const width = Math.floor((columns - 1) / shown.length);
  return shown
    .map((stage) => stageText(stage, width))
    .join('')
    .slice(0, Math.max(0, columns - 1));
}

function stageText(stage: StageProgress, width: number): string {
  const head = `[Stage ${stage.stageId}:`;
  const tail = `(${stage.done} + ${stage.running}) / ${stage.total}${rateText(stage)}]`;
  const barWidth = width - head.length - tail.length;
  if (barWidth <= 0) return head + tail;
  const filled = Math.min(barWidth, Math.floor((barWidth * stage.done) / Math.max(1, stage.total)));
  const bar = '='.repeat(filled) + (filled < barWidth ? '>' : '');
  return head + bar.padEnd(barWidth) + tail;
}

function rateText(stage: StageProgress): string {
  if (stage.done === 0 || stage.elapsedMs <= 0) return '';
  const perSecond = (stage.done * 1_000) / stage.elapsedMs;
  return `, ${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`;
}
