import { parentPort, workerData } from 'node:worker_threads';
import { keyedPartSeal } from '../../../src/shuffle/keyed-part-seal.js';
import { writeShuffle } from '../test-environment.js';
import { pairsInto } from './fetch-fixture.js';

/** One of two attempts at the same map tasks: publishes, and tells what. */
const { directory, attempt, rounds, key } = workerData as {
  readonly directory: string;
  readonly attempt: number;
  readonly rounds: number;
  readonly key: Uint8Array;
};

for (let round = 0; round < rounds; round++) {
  const { statuses } = writeShuffle(
    pairsInto(2),
    [
      [
        [round, attempt],
        [1, 'x'],
        [2, 'y'],
        [3, 'z'],
      ],
    ],
    {
      directories: [directory],
      partSeal: keyedPartSeal(key),
      taskAttemptId: 2 * round + attempt,
    },
  );
  parentPort!.postMessage(statuses[0]);
}
