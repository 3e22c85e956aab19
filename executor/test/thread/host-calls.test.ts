import { expect } from 'chai';
import { BroadcastFetchError } from 'heddle/internal';
import { Worker } from 'node:worker_threads';
import { HostCallPort, type CallMessage, type HostReply } from '../../src/thread/host-calls.js';

/** A thread that asks for block 0, 1, … and posts what it got. */
const entry = new URL('./host-calls-thread.js', import.meta.url);

async function run(
  answer: (partition: number) => Promise<HostReply>,
  questions: number,
): Promise<unknown[]> {
  const worker = new Worker(entry, { workerData: { questions } });
  const port = new HostCallPort((request) =>
    answer(request.kind === 'block' ? request.partition : -1),
  );
  const results: unknown[] = [];
  return new Promise((resolve, reject) => {
    worker.on('message', (message: CallMessage | { kind: 'result'; value: unknown }) => {
      if (message.kind === 'result') results.push(message.value);
      else port.handle(message);
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      port.close();
      resolve(results);
    });
  });
}

const blockOf = (partition: number): HostReply => ({
  kind: 'block',
  block: { rddId: 1, partition, records: partition * 10 },
});

describe('questions of a task thread to its host', () => {
  it('are answered one by one, and the thread does not keep itself alive by them', async () => {
    const results = await run(async (partition) => Promise.resolve(blockOf(partition)), 20);
    expect(results).to.deep.equal(Array.from({ length: 20 }, (_, i) => i * 10));
  });

  it('throw in the thread what the host failed with, class and fields', async () => {
    const fail = async (partition: number): Promise<HostReply> =>
      partition === 1
        ? Promise.reject(new BroadcastFetchError(7, 'e1', 'a test'))
        : Promise.resolve(blockOf(partition));
    expect(await run(fail, 3)).to.deep.equal([0, 'BROADCAST_FETCH 7', 20]);
  });

  it('whose asker was killed are not mixed up with later ones', async () => {
    const late = Promise.withResolvers<HostReply>();
    const answer = async (partition: number): Promise<HostReply> => {
      if (partition === 0) return late.promise;
      // The late answer stands before this one in the channel.
      late.resolve(blockOf(0));
      await late.promise;
      await new Promise(setImmediate);
      return blockOf(partition);
    };
    expect(await run(answer, 2)).to.deep.equal(['killed', 10]);
  });
});
