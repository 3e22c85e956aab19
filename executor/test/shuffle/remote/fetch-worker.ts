import { parentPort } from 'node:worker_threads';
import { ShuffleFetchError } from '../../../src/shuffle/errors.js';
import { keyedPartSeal } from '../../../src/shuffle/keyed-part-seal.js';
import { openShuffleOperator } from '../../../src/shuffle/open-shuffle-operator.js';
import { FetchRings } from '../../../src/shuffle/remote/fetched-parts.js';
import { NetworkPartSource } from '../../../src/shuffle/remote/network-part-source.js';
import { PartsAhead } from '../../../src/shuffle/remote/parts-ahead.js';
import { makeEnvironment } from '../test-environment.js';
import type { FetchWorkerReply, FetchWorkerRequest } from './fetch-worker-messages.js';

/** A thread that reads shuffles as task threads do. */
const port = parentPort!;
const rings = new FetchRings((message) => port.postMessage(message));
let nextPartitions: readonly number[] = [];
const ahead = new PartsAhead(rings, () => nextPartitions);

port.on('message', (request: FetchWorkerRequest) => port.postMessage(read(request)));

function read(request: FetchWorkerRequest): FetchWorkerReply {
  const { input, reducePartition, memoryBudgetBytes } = request;
  ({ nextPartitions } = request);
  const env = makeEnvironment({
    directories: request.localDirectories,
    partition: reducePartition,
    shuffleInputs: [input],
    memoryBudgetBytes,
    partSeal: keyedPartSeal(request.partSealKey),
    partSource: new NetworkPartSource({
      ...request,
      rings,
      ahead,
      partition: reducePartition,
      checkInterrupted: () => undefined,
    }),
  });
  const records: unknown[] = [];
  let error: FetchWorkerReply['error'];
  try {
    const source = openShuffleOperator(
      { kind: 'shuffleRead', shuffleId: input.shuffleId, keyed: true },
      [],
      reducePartition,
      env,
    );
    for (let i = 0; i < request.maxBatches; i++) {
      const batch = source.next();
      if (batch === undefined) break;
      records.push(...batch);
    }
    source.close();
  } catch (thrown) {
    const fetch = thrown instanceof ShuffleFetchError ? thrown : undefined;
    error = {
      code: (thrown as { code?: string }).code ?? '',
      message: (thrown as Error).stack ?? '',
      mapId: fetch?.mapId ?? '',
      scope: fetch?.scope ?? '',
    };
  }
  env.end();
  if (nextPartitions.length === 0) ahead.drop();
  return {
    kind: 'reply',
    records,
    localBytes: env.metrics.shuffleReadLocalBytes,
    remoteBytes: env.metrics.shuffleReadRemoteBytes,
    ...(error === undefined ? {} : { error }),
  };
}
