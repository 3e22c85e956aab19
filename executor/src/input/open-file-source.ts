import type { FilePiece } from 'heddle/internal';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { LineSource } from './line-source.js';
import type { PieceOpener } from './piece-bytes.js';
import { WholeFileSource } from './whole-file-source.js';

/**
 * Opens the files of a partition as records: lines for `textFile`, `[URI, content]` for
 * `wholeTextFiles`. The files are closed when the attempt ends, at the latest.
 */
export function openFileSource(
  kind: 'textFile' | 'wholeTextFiles',
  pieces: readonly FilePiece[],
  env: TaskEnvironment,
  input: PieceOpener,
): BatchSource {
  const reading = kind === 'textFile' ? 'lines' : 'whole';
  const bytes = input.open(pieces, reading, () => env.checkInterrupted());
  env.onEnd(() => bytes.close());
  return kind === 'textFile' ? new LineSource(bytes, env) : new WholeFileSource(bytes, env);
}
