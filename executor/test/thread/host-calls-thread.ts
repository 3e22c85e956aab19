import { parentPort, workerData } from 'node:worker_threads';
import { BroadcastFetchError } from 'heddle/internal';
import { expectReply, HostCalls } from '../../src/thread/host-calls.js';

const port = parentPort!;
const { questions } = workerData as { questions: number };
const calls = new HostCalls((message, transfer) => port.postMessage(message, transfer));
for (let partition = 0; partition < questions; partition++) {
  let waits = 0;
  let value: unknown;
  try {
    const reply = calls.ask({ kind: 'block', rddId: 1, partition }, 1, () => {
      // Long enough for every answer that comes at all.
      if (++waits > 20) throw new Error('killed');
    });
    value = expectReply(reply, 'block').block?.records;
  } catch (error) {
    value =
      error instanceof BroadcastFetchError
        ? `${error.code} ${error.broadcastId}`
        : (error as Error).message;
  }
  port.postMessage({ kind: 'result', value });
}
