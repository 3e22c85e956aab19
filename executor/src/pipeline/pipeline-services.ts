import type {
  FileOperator,
  FilePiece,
  ShuffleOperator,
  SourceSplit,
  StorageLevelSpec,
} from 'heddle/internal';
import type { BatchSource } from '../task-environment.js';

/** What pipelines read that lives outside of them; the task thread connects it. */
export interface PipelineServices {
  openFiles(operator: FileOperator, pieces: readonly FilePiece[]): BatchSource;
  /** A partition of a checkpoint. */
  openCheckpoint(split: Extract<SourceSplit, { kind: 'checkpoint' }>): BatchSource;
  openShuffle(
    operator: ShuffleOperator,
    inputs: readonly (() => BatchSource)[],
    reducePartition: number,
  ): BatchSource;
  /**
   * Records of a persisted RDD's partition: the block when the executor has it, else `compute()`,
   * kept as the level says.
   */
  openCached(
    rddId: number,
    partition: number,
    level: StorageLevelSpec,
    compute: () => BatchSource,
  ): BatchSource;
}
