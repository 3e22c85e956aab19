import type { StageBinary } from 'heddle/internal';

/** Less than this is copied to each thread with the rest of the stage. */
const WORTH_SHARING_BYTES = 1024 * 1024;

/**
 * The stage with the size classes of its map outputs in memory that all threads share: for thousands of
 * map tasks and reducers they are most of a stage, and each thread would have a copy.
 */
export function withSharedPartSizes(stage: StageBinary): StageBinary {
  let totalBytes = 0;
  for (const { outputs } of stage.shuffleInputs) {
    for (const { partSizeClasses } of outputs) totalBytes += partSizeClasses?.length ?? 0;
  }
  if (totalBytes < WORTH_SHARING_BYTES) return stage;
  const shared = new Uint8Array(new SharedArrayBuffer(totalBytes));
  let at = 0;
  const share = (classes: Uint8Array): Uint8Array => {
    const from = at;
    at += classes.length;
    shared.set(classes, from);
    return shared.subarray(from, at);
  };
  return {
    ...stage,
    shuffleInputs: stage.shuffleInputs.map((input) => ({
      ...input,
      outputs: input.outputs.map((output) => ({
        ...output,
        ...(output.partSizeClasses !== undefined && {
          partSizeClasses: share(output.partSizeClasses),
        }),
      })),
    })),
  };
}
