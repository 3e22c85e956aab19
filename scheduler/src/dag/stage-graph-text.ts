import type { Stage } from './stage.js';
import { stageName } from './stage.js';

/**
 * The stages of a job as text, one a line, parents first: what each writes and reads, where it comes
 * from, how many tasks it has, and whether its outputs are there already.
 *
 * ```
 * 0  input → 0        map at app.ts:2, 3 tasks
 * 1  0 → result       collect at app.ts:99, 2 tasks
 * ```
 */
export function stageGraphText(
  stages: readonly Stage[],
  isComplete: (shuffleId: number) => boolean,
): string {
  const lines = stages.map((stage) => {
    const reads = stage.parents.map(({ shuffle }) => shuffle.shuffleId).join(' ');
    const writes = stage.kind === 'result' ? 'result' : String(stage.shuffle.shuffleId);
    const tasks = stage.kind === 'result' ? stage.job.partitions.length : stage.node.partitionCount;
    const flow = `${reads === '' ? 'input' : reads} → ${writes}`.padEnd(16);
    const skipped =
      stage.kind === 'shuffleMap' && isComplete(stage.shuffle.shuffleId) ? ', complete' : '';
    return `${String(stage.id).padEnd(2)} ${flow} ${stageName(stage)}, ${tasks} tasks${skipped}`;
  });
  return `${lines.join('\n')}\n`;
}
