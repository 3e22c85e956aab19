import type { FileOperator, FilePiece } from 'heddle/internal';
import type { BatchSource, TaskEnvironment } from '../task-environment.js';
import { FixedRecordSource } from './fixed-record-source.js';
import { LineSource } from './line-source.js';
import type { PieceOpener } from './piece-bytes.js';
import { SequenceFileSource } from '../sequence-file/sequence-file-source.js';
import { textOf, WholeFileSource } from './whole-file-source.js';

/**
 * Opens the files of a partition as records: lines for `textFile`, `[URI, content]` for
 * `wholeTextFiles` and `binaryFiles`, bytes for `binaryRecords`, pairs for `sequenceFile`. The files are closed when the attempt
 * ends, at the latest.
 */
export function openFileSource(
  operator: FileOperator,
  pieces: readonly FilePiece[],
  env: TaskEnvironment,
  input: PieceOpener,
): BatchSource {
  if (operator.kind === 'sequenceFile') {
    const source = new SequenceFileSource(input, pieces, env, operator.longs);
    env.onEnd(() => source.close());
    return source;
  }
  const reading = operator.kind === 'textFile' ? 'lines' : 'whole';
  const bytes = input.open(pieces, reading, () => env.checkInterrupted());
  env.onEnd(() => bytes.close());
  switch (operator.kind) {
    case 'textFile':
      return new LineSource(bytes, env);
    case 'wholeTextFiles':
      return new WholeFileSource(bytes, env, textOf);
    case 'binaryFiles':
      return new WholeFileSource(bytes, env, (content) => new Uint8Array(content));
    case 'binaryRecords':
      return new FixedRecordSource(bytes, env, operator.recordLength);
  }
}
